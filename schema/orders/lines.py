"""The lines of orders."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import strawberry
from django.db.models import QuerySet

from counterfoil.access.policy import Permission
from counterfoil.access.viewer import Viewer
from counterfoil.orders.models import OrderLine as OrderLineModel
from counterfoil.orders.queries import lines_visible_to
from schema.money import Money, money
from schema.relay import Connection, Keyset, Node
from schema.scopes import type_needs

LINES = Keyset("lines", "ordinal", descending=False, of=int)


class LineRow(NamedTuple):
    """What `OrderLine` is read from."""

    id: str
    name: str
    sku: str
    unit: str
    quantity: int
    fulfilled: int
    returned: int
    unit_price: Money
    total: Money
    pk: int
    ordinal: int
    parent: int


@type_needs(Permission.ORDERS_READ)
@strawberry.type(description="A snapshot of what was ordered.")
class OrderLine(Node):
    name: str = strawberry.field(description="The product's name at the time of ordering.")
    sku: str = strawberry.field(description="Its stock-keeping unit; empty when it has none.")
    unit: str = strawberry.field(description="The unit of measure that the price is for; empty for a single piece.")
    quantity: int = strawberry.field(description="How many units.")
    fulfilled: int = strawberry.field(description="How many of them have left in parcels.")
    returned: int = strawberry.field(description="How many of those came back.")
    unit_price: Money = strawberry.field(description="The price of one unit; may have parts of a cent.")
    total: Money = strawberry.field(description="Quantity × unit price, to the currency's smallest coin.")

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, LineRow)


def read_lines(lines: QuerySet[OrderLineModel]) -> list[LineRow]:
    """Lines as rows."""
    fields = (
        "name",
        "sku",
        "unit",
        "quantity",
        "fulfilled",
        "returned",
        "unit_price",
        "total",
        "order__currency",
        "pk",
        "ordinal",
        "order_id",
    )
    return [
        LineRow(
            f"line_{pk}",
            name,
            sku,
            unit,
            ordered,
            sent,
            back,
            money(price, currency),
            money(total, currency),
            pk,
            ordinal,
            parent,
        )
        for name, sku, unit, ordered, sent, back, price, total, currency, pk, ordinal, parent in lines.values_list(
            *fields
        )
    ]


def lines_by_key(viewer: Viewer, pks: Sequence[int]) -> dict[int, LineRow]:
    """The lines with these primary keys whose orders the viewer sees."""
    return {row.pk: row for row in read_lines(lines_visible_to(viewer).filter(pk__in=pks))}


def lines_of(orders: Sequence[int], first: int, after: str | None) -> dict[int, Connection[Any]]:
    """A page of the lines of each of these orders, which the viewer sees, in one query."""
    return LINES.cut_each(
        OrderLineModel.objects.all(), read_lines, parent="order_id", parents=orders, first=first, after=after
    )
