"""What is told of errors. Refusals are told as they are; what nobody expected by a reference, and logged under it."""

import logging
import secrets
from collections.abc import Iterable

from graphql import GraphQLError

logger = logging.getLogger(__name__)


def refusal(message: str, code: str) -> GraphQLError:
    """An error that says why nothing was run."""
    return GraphQLError(message, extensions={"code": code})


def codes(errors: Iterable[GraphQLError]) -> set[str | None]:
    """The codes of some errors."""
    return {(error.extensions or {}).get("code") for error in errors}


def is_unexpected(error: GraphQLError) -> bool:
    """Whether it comes from a fault of ours."""
    return error.original_error is not None and not isinstance(error.original_error, GraphQLError)


def mask(error: GraphQLError) -> None:
    """Take out of an error what nobody expected, and log it in full. Done twice, the reference stays the same."""
    if not is_unexpected(error):
        return
    reference = secrets.token_hex(4)
    logger.error("Unexpected error %s at %s", reference, error.path, exc_info=error.original_error)
    error.message = f"Something went wrong on our side; nothing was half done. The reference is {reference}."
    error.extensions = {"code": "INTERNAL", "reference": reference}
    error.original_error = None


def masked(error: Exception) -> GraphQLError:
    """What is told of an exception that nobody expected."""
    told = GraphQLError("", original_error=error)
    mask(told)
    return told
