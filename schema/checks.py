"""A system check: every operation that lies beside a view is valid against the schema, and used under its own name."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, register
from graphql import GraphQLError, OperationDefinitionNode, parse, validate

from schema.root import schema
from schema.trusted import read_exactly


def operation_documents() -> list[Path]:
    """Every `operations.graphql` of the two UIs."""
    folders = [Path(apps.get_app_config(label).path) for label in ("admin_ui", "portal_ui")]
    return sorted(path for folder in folders for path in folder.rglob("operations.graphql"))


def documents_by_file() -> dict[str, str]:
    """The text of each, by its place among the packages: `admin_ui/orders/operations.graphql`."""
    roots = {Path(apps.get_app_config(label).path).parent for label in ("admin_ui", "portal_ui")}
    return {
        path.relative_to(root).as_posix(): read_exactly(path)
        for path in operation_documents()
        for root in roots
        if path.is_relative_to(root)
    }


@register()
def operations_are_valid(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Errors for operations of the UIs that the schema does not answer, or that have no name."""
    return check_documents(operation_documents())


def check_documents(paths: Iterable[Path]) -> list[CheckMessage]:
    """Errors for the operations in these files."""
    found: list[CheckMessage] = []
    for path in paths:
        try:
            document = parse(path.read_text(encoding="utf-8"))
            problems = validate(schema._schema, document)
        except GraphQLError as error:
            problems = [error]
        else:
            if any(isinstance(node, OperationDefinitionNode) and not node.name for node in document.definitions):
                problems = [*problems, GraphQLError("An operation has no name.")]
        found += [Error(f"{path.parent.name}/{path.name}: {problem}", id="schema.E001") for problem in problems]
    return found
