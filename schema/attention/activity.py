"""How busy the last days were."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, NamedTuple

import strawberry
from graphql import GraphQLError

from counterfoil.access.policy import Permission
from counterfoil.activity.queries import last_days
from schema.attention.readers import reads_conversations, reads_orders
from schema.context import Info
from schema.money import Money, money
from schema.scopes import needs

MOST_DAYS = 90
Days = Annotated[int, strawberry.argument(description=f"How many days, today included: 1 to {MOST_DAYS}.")]


class DayRow(NamedTuple):
    """What `DayOfActivity` is read from."""

    day: date
    orders: int
    ordered: Sequence[Money]
    parcels: int
    messages: int | None


@strawberry.type(description="What happened on one day of the calendar of the workspace's first store.")
class DayOfActivity:
    day: date = strawberry.field(description="The day.")
    orders: int = strawberry.field(description="How many orders were placed.")
    ordered: list[Money] = strawberry.field(
        description="What they come to, in each currency; on a day without orders an empty list."
    )
    parcels: int = strawberry.field(description="How many parcels left.")
    messages: int | None = strawberry.field(
        description="How many messages customers wrote. Null without the scope.",
        metadata=needs(Permission.MESSAGES_READ),
    )


@strawberry.type
class ActivityQueries:
    @strawberry.field(
        description="How busy the last days were, the oldest first and today last, known within moments. Null for "
        "everybody but the shop.",
        metadata=needs(Permission.ORDERS_READ),
    )
    def activity(self, info: Info, days: Days = 30) -> list[DayOfActivity] | None:
        viewer = info.context.viewer
        if not 1 <= days <= MOST_DAYS:
            raise GraphQLError(f"`days` is {days}; ask for 1 to {MOST_DAYS}.", extensions={"code": "BAD_PAGE_SIZE"})
        if not reads_orders(viewer):
            return None
        of_messages = reads_conversations(viewer)
        return [
            DayRow(  # type: ignore[misc]
                one.day,
                one.orders,
                [money(amount, currency) for currency, amount in one.ordered.items()],
                one.parcels,
                one.messages if of_messages else None,
            )
            for one in last_days(viewer.workspace_id, days)
        ]
