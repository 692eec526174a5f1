"""Positions in the event log, as clients see them."""

from typing import Annotated, NewType

import strawberry
from graphql import GraphQLError

from counterfoil.events.relay import last_position
from schema.context import Context, Info
from schema.scopes import needs

Position = NewType("Position", int)


def _parse(value: object) -> Position:
    if isinstance(value, str | int) and not isinstance(value, bool):
        text = str(value)
        if text.isascii() and text.isdigit() and len(text) <= 18:
            return Position(int(text))
    raise GraphQLError("A Position is a string of up to 18 digits, as this API gave it to you.")


POSITION = strawberry.scalar(
    name="Position",
    description="A place in the log of what happened, as a string of digits. Later is larger.",
    serialize=str,
    parse_value=_parse,
)

# The argument of every subscription.
AfterPosition = Annotated[
    Position | None, strawberry.argument(description="Begin behind this position; null begins now.")
]


def begin_after(context: Context, after: Position | None) -> int | None:
    """Where a subscription begins: what a returning SSE client says in its header, else its argument, else now."""
    return context.resume_after if context.resume_after is not None else after


@strawberry.type
class PositionQueries:
    @strawberry.field(
        description="The position of the newest event: read what you need, then subscribe `after` a position that "
        "you took before, and nothing is missed.",
        metadata=needs(),
    )
    def position(self, info: Info) -> Position:
        return Position(last_position())
