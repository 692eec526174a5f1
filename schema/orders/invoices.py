"""The invoices of orders."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import strawberry

from counterfoil.access.policy import Permission
from counterfoil.events.models import Event
from counterfoil.orders.models import OrderStatus
from schema.money import Money
from schema.scopes import type_needs


@type_needs(Permission.INVOICES_READ)
@strawberry.type(description="What a customer owes for an order that is invoiced.")
class Invoice:
    number: str = strawberry.field(description="What people call it: the order's number.")
    issued_at: datetime | None = strawberry.field(
        description="When the order became invoiced; null for one that was invoiced in another system."
    )
    total: Money = strawberry.field(description="What the order comes to.")
    paid: Money = strawberry.field(description="What was taken for it so far.")
    due: Money = strawberry.field(
        description="What is left to pay: the total without what was paid, and nothing where more was paid. What was "
        "given back is not asked for again."
    )


def invoiced_at(orders: Sequence[int]) -> Mapping[int, datetime]:
    """When each of these orders became invoiced, as the log has it."""
    events = Event.objects.filter(
        topic__in=[f"order_{pk}" for pk in orders],
        kind="order.status_changed",
        data__to=OrderStatus.INVOICED.value,
    )
    found = events.order_by("pk").values_list("topic", "created_at")
    return {int(topic.partition("_")[2]): at for topic, at in found}
