"""Pages of a list by the cursor in the address."""

from collections.abc import Mapping
from typing import Any

from schema import client


def run_page(
    viewer: client.Viewer,
    operation: client.Operation,
    variables: Mapping[str, Any],
    *cursors: str,
    after: int | None = None,
) -> tuple[dict[str, Any], bool]:
    """Run an operation that pages by the variables named `cursors`; `after` as `client.run` takes it.

    When the address held something that is no cursor of this list: the first page, and True.
    """
    try:
        return client.run(viewer, operation, variables, after=after), False
    except client.OperationFailed as failure:
        if "BAD_CURSOR" not in failure.codes:
            raise
    return client.run(viewer, operation, {**variables, **dict.fromkeys(cursors)}), True
