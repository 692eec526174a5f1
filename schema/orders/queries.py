"""Reading orders."""

from typing import Annotated

import strawberry

from counterfoil.access.policy import Permission, allows
from counterfoil.access.text import LONGEST_SEARCH, MOST_WORDS
from counterfoil.access.viewer import ViewerKind
from counterfoil.customers.queries import sees_customers
from counterfoil.orders.actions import links_of
from counterfoil.orders.models import FulfilmentState, OrderStatus
from counterfoil.orders.queries import matching, mentioning, numbered, visible_to
from schema.context import Info
from schema.orders.types import NEWEST_ORDERS, Order, order_by_key, read_orders
from schema.relay import After, Connection, First, pk_of
from schema.scopes import needs


@strawberry.input(description="Which orders to list; what is left out does not narrow the list.")
class OrderFilter:
    search: str | None = strawberry.field(
        default=None,
        description="Words, each the beginning of the number or, for who has the scope customers:read, a part of the "
        "customer's name. For a customer's contact, or who holds a customer's link: each the beginning of the number, "
        "a part of a line's name, or the beginning of its SKU. A guest's are not looked for. "
        f"The first {MOST_WORDS} words count; more than {LONGEST_SEARCH} characters find nothing.",
    )
    status: OrderStatus | None = strawberry.field(default=None, description="Only orders in this state.")
    fulfilment: FulfilmentState | None = strawberry.field(
        default=None, description="Only orders in this state of fulfilment."
    )
    customer_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only this customer's orders: the customer's global id. Needs customers:read."
    )


@strawberry.type
class OrderQueries:
    @strawberry.field(
        description="An order by its global id. Null when there is none, or none that the viewer may see.",
        metadata=needs(Permission.ORDERS_READ),
    )
    def order(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The order's global id.")]
    ) -> Order | None:
        return order_by_key(info.context.viewer, pk_of(id, "order"))

    @strawberry.field(
        description="An order by its number. Null when there is none, or none that the viewer may see.",
        metadata=needs(Permission.ORDERS_READ),
    )
    def order_by_number(
        self,
        info: Info,
        number: Annotated[str, strawberry.argument(description="The number that people call it by.")],
    ) -> Order | None:
        rows = read_orders(numbered(visible_to(info.context.viewer), number))
        return rows[0] if rows else None  # type: ignore[return-value]

    @strawberry.field(
        description="How many links to orders rotateAllOrderKeys would end; null for who may not end them.",
        metadata=needs(Permission.ORDER_KEYS_ROTATE),
    )
    def order_links(self, info: Info) -> int | None:
        viewer = info.context.viewer
        return links_of(viewer) if allows(viewer, Permission.ORDER_KEYS_ROTATE) else None

    @strawberry.field(
        description="The orders that the viewer may see, newest first. `first` is at most 100.",
        metadata=needs(Permission.ORDERS_READ),
    )
    def orders(
        self,
        info: Info,
        first: First,
        after: After = None,
        filter: Annotated[
            OrderFilter | None, strawberry.argument(description="Which orders to give; null gives all.")
        ] = None,
    ) -> Connection[Order]:
        viewer = info.context.viewer
        found = visible_to(viewer)
        if filter is not None:
            # Obeyed for a customer, what asks about customers would tell who the customer is.
            found = matching(found, status=filter.status, fulfilment=filter.fulfilment)
            if viewer.is_shop and not sees_customers(viewer):
                found = matching(found, search=filter.search or "", names=False)
            elif viewer.is_shop:
                customer = None if filter.customer_id is None else pk_of(filter.customer_id, "customer") or 0
                found = matching(found, search=filter.search or "", customer_id=customer)
            elif viewer.kind in {ViewerKind.CONTACT, ViewerKind.CUSTOMER}:
                found = mentioning(found, filter.search or "")
        return NEWEST_ORDERS.cut(found, read_orders, first=first, after=after)
