"""What was logged about customers."""

from datetime import datetime
from typing import cast

import strawberry

from counterfoil.access.policy import Permission
from counterfoil.orders.queries import visible_to
from schema.context import Info
from schema.customers import Customer, customers_by_key
from schema.interactions.kinds import InteractionType
from schema.interactions.rows import InteractionRow
from schema.loading import Siblings
from schema.orders.types import Order, read_orders
from schema.relay import Node
from schema.scopes import needs, type_needs


@type_needs(Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ)
@strawberry.type(description="An entry of the log on a customer. The shop alone sees it.")
class Interaction(Node):
    type: InteractionType = strawberry.field(description="What it is about.")
    text: str = strawberry.field(description="The text, exactly as it was written: plain text, never HTML.")
    author_name: str = strawberry.field(description="The staff member, or the partner's program, that logged it.")
    logged_at: datetime = strawberry.field(description="When it was logged.")
    needs_acknowledgement: bool = strawberry.field(description="Whether somebody has to take note of it.")
    acknowledged_at: datetime | None = strawberry.field(description="When somebody did; null until then.")
    acknowledged_by_name: str | None = strawberry.field(description="Who did; null until then.")
    pk: strawberry.Private[int]
    parent: strawberry.Private[int]
    order_id: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(description="The customer that it is about.")
    def customer(self, info: Info) -> Customer:
        viewer = info.context.viewer
        row = self.siblings.load("customer", "parent", self.parent, lambda keys: customers_by_key(viewer, keys))
        return cast(Customer, row)

    @strawberry.field(
        description="The order that it points at; null for none, and without the scope.",
        metadata=needs(Permission.ORDERS_READ),
    )
    def order(self, info: Info) -> Order | None:
        viewer = info.context.viewer
        row = self.siblings.load(
            "order",
            "order_id",
            self.order_id,
            lambda keys: {order.pk: order for order in read_orders(visible_to(viewer).filter(pk__in=keys))},
        )
        return cast(Order | None, row)

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, InteractionRow)
