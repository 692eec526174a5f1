"""Reading orders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from counterfoil.access.policy import Permission, allows
from counterfoil.access.text import LONGEST_SEARCH, MOST_WORDS
from counterfoil.access.viewer import Viewer, ViewerKind
from counterfoil.customers.queries import sees_customers
from counterfoil.orders.actions import links_of
from counterfoil.orders.models import FulfilmentState, OrderStatus, PaymentState
from counterfoil.orders.models import Order as OrderModel
from counterfoil.orders.queries import matching, mentioning, numbered, visible_to
from counterfoil.orders.search import order_finder
from schema.context import Info
from schema.orders.types import NEWEST_ORDERS, Order, order_by_key, read_orders
from schema.relay import After, Connection, First, pk_of
from schema.scopes import needs
from schema.searching import found_by


@strawberry.input(description="Which orders to list; what is left out does not narrow the list.")
class OrderFilter:
    search: str | None = strawberry.field(
        default=None,
        description="Words, each the beginning of a word on the order: of its number or external id, the day it was "
        "placed (2026-06-14), its total (184.20), and, for who has the scope customers:read, its customer's name and "
        "external id and their contacts' names and mail addresses. Case and accents count for nothing; a word also "
        "begins behind a sign such as a hyphen. What is found comes in the order of the words by which it is found, an "
        "exact match first, of equal words the newest first. A page that is narrowed by more than one word, or by "
        "another filter, may hold fewer orders than asked for and yet not be the last: go on at `endCursor`. For a "
        "customer's contact, or who holds a customer's link: each the beginning of the number, a part of a line's "
        "name, or the beginning of its SKU, the newest first. A guest's are not looked for. "
        f"The first {MOST_WORDS} words count; more than {LONGEST_SEARCH} characters find nothing.",
    )
    status: OrderStatus | None = strawberry.field(default=None, description="Only orders in this state.")
    fulfilment: FulfilmentState | None = strawberry.field(
        default=None, description="Only orders in this state of fulfilment."
    )
    payment: PaymentState | None = strawberry.field(default=None, description="Only orders in this state of payment.")
    store_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only orders that were placed in this store: its global id."
    )
    placed_from: datetime | None = strawberry.field(
        default=None, description="Only orders that were placed at this moment or later."
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
        description="The orders that the viewer may see, newest first, or as a search finds them. `first` is at most "
        "100.",
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
        found, narrowed = visible_to(viewer), _narrowed(viewer, filter or OrderFilter())
        if narrowed:
            found = matching(found, **narrowed)
        search = ((filter and filter.search) or "").strip()
        if search and viewer.is_shop and allows(viewer, Permission.ORDERS_READ):
            finder = order_finder(viewer, found if narrowed else None)
            return found_by(search, finder, _read_keys, name="orders found", first=first, after=after)
        if search and viewer.kind in {ViewerKind.CONTACT, ViewerKind.CUSTOMER}:
            found = mentioning(found, search)
        return NEWEST_ORDERS.cut(found, read_orders, first=first, after=after)


def _narrowed(viewer: Viewer, filter: OrderFilter) -> dict[str, Any]:
    """What of a filter, besides its words, narrows the list for this viewer."""
    asked = {
        "status": filter.status,
        "fulfilment": filter.fulfilment,
        "payment": filter.payment,
        "store_id": None if filter.store_id is None else pk_of(filter.store_id, "store") or 0,
        "placed_from": filter.placed_from,
    }
    # Obeyed for a customer, what asks about customers would tell who the customer is.
    if viewer.is_shop and sees_customers(viewer) and filter.customer_id is not None:
        asked["customer_id"] = pk_of(filter.customer_id, "customer") or 0
    return {name: wanted for name, wanted in asked.items() if wanted is not None}


def _read_keys(keys: Sequence[int]) -> Sequence[Any]:
    # The words of a workspace stand on its own orders, all of which the shop sees.
    return read_orders(OrderModel.objects.filter(pk__in=keys))
