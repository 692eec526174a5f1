"""Moments in the schema."""

from datetime import datetime

import strawberry
from graphql import GraphQLError


def _parse(value: object) -> datetime:
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
    except ValueError:
        pass
    raise GraphQLError("This is no DateTime: write a moment as ISO 8601 has it, such as 2026-03-02T12:00:00Z.")


# Strawberry's own tells the words of Python's exceptions.
DATETIME = strawberry.scalar(
    name="DateTime", description="Date with time (isoformat)", serialize=datetime.isoformat, parse_value=_parse
)
