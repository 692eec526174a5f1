"""Parcels."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

import strawberry
from django.db.models import QuerySet

from counterfoil.access.policy import Permission
from counterfoil.access.viewer import Viewer
from counterfoil.orders.models import Fulfilment as FulfilmentModel
from counterfoil.orders.models import FulfilmentLine as FulfilmentLineModel
from counterfoil.orders.models import FulfilmentStatus
from counterfoil.orders.queries import fulfilments_visible_to
from schema.context import Info
from schema.enums import describe
from schema.loading import Siblings
from schema.orders.lines import OrderLine, lines_by_key
from schema.relay import After, Connection, First, Keyset, Node
from schema.scopes import type_needs

PARCELS = Keyset("parcels", "ordinal", descending=False, of=int)
PACKED = Keyset("packed", "line_id", descending=False, of=int)

describe(
    FulfilmentStatus,
    "A parcel's way: pending → shipped → delivered; → cancelled, returned.",
    {
        FulfilmentStatus.PENDING: "Packed; it has not left yet.",
        FulfilmentStatus.SHIPPED: "On its way.",
        FulfilmentStatus.DELIVERED: "It has arrived.",
        FulfilmentStatus.CANCELLED: "It never left; its units are left to send.",
        FulfilmentStatus.RETURNED: "It came back.",
    },
)


class PackedRow(NamedTuple):
    """What `FulfilmentLine` is read from."""

    quantity: int
    pk: int
    line_id: int
    parent: int
    siblings: Siblings


@strawberry.type(description="How much of an order's line is in a parcel.")
class FulfilmentLine:
    quantity: int = strawberry.field(description="How many units.")
    pk: strawberry.Private[int]
    line_id: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(description="The line that they are of.")
    def line(self, info: Info) -> OrderLine:
        viewer = info.context.viewer
        row = self.siblings.load("line", "line_id", self.line_id, lambda keys: lines_by_key(viewer, keys))
        return cast(OrderLine, row)


class FulfilmentRow(NamedTuple):
    """What `Fulfilment` is read from."""

    id: str
    number: int
    status: FulfilmentStatus
    carrier: str
    tracking_number: str
    tracking_url: str | None
    created_at: datetime
    pk: int
    ordinal: int
    parent: int
    siblings: Siblings


@type_needs(Permission.ORDERS_READ)
@strawberry.type(description="A parcel: quantities of an order's lines that leave together.")
class Fulfilment(Node):
    number: int = strawberry.field(description="Which parcel of its order it is, from 1.")
    status: FulfilmentStatus = strawberry.field(description="Where it is on its way.")
    carrier: str = strawberry.field(description="Who carries it; empty when that was not said.")
    tracking_number: str = strawberry.field(description="The carrier's number for it; empty when there is none.")
    tracking_url: str | None = strawberry.field(
        description="Where to follow it, an address of http or https; null when there is none."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    pk: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(description="What is in it, in the order of the order's lines. `first` is at most 100.")
    def lines(self, info: Info, first: First, after: After = None) -> Connection[FulfilmentLine]:
        page = self.siblings.load(("packed", first, after), "pk", self.pk, lambda keys: _packed_in(keys, first, after))
        return cast(Connection[FulfilmentLine], page)

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, FulfilmentRow)


_STATUSES = {status.value: status for status in FulfilmentStatus}


def read_fulfilments(parcels: QuerySet[FulfilmentModel]) -> list[FulfilmentRow]:
    """Parcels as rows; they share what they load."""
    siblings = Siblings()
    rows = [
        FulfilmentRow(
            f"fulfilment_{pk}",
            ordinal,
            _STATUSES[status],
            carrier,
            number,
            url or None,
            at,
            pk,
            ordinal,
            order,
            siblings,
        )
        for ordinal, status, carrier, number, url, at, pk, order in parcels.values_list(
            "ordinal",
            "status",
            "carrier",
            "tracking_number",
            "tracking_url",
            "created_at",
            "pk",
            "order_id",
        )
    ]
    siblings.share(rows, "pk")
    return rows


def fulfilments_of(orders: Sequence[int], first: int, after: str | None) -> dict[int, Connection[Any]]:
    """A page of the parcels of each of these orders, which the viewer sees, in one query."""
    return PARCELS.cut_each(
        FulfilmentModel.objects.all(), read_fulfilments, parent="order_id", parents=orders, first=first, after=after
    )


def fulfilment_by_key(viewer: Viewer, pk: int | None) -> Fulfilment | None:
    """The parcel with this primary key, if the viewer sees its order."""
    rows = read_fulfilments(fulfilments_visible_to(viewer).filter(pk=pk)) if pk else []
    return cast(Fulfilment, rows[0]) if rows else None


def _read_packed(packed: QuerySet[FulfilmentLineModel]) -> list[PackedRow]:
    siblings = Siblings()
    rows = [
        PackedRow(quantity, pk, line, parcel, siblings)
        for quantity, pk, line, parcel in packed.values_list("quantity", "pk", "line_id", "fulfilment_id")
    ]
    siblings.share(rows, "line_id")
    return rows


def _packed_in(parcels: Sequence[int], first: int, after: str | None) -> dict[int, Connection[Any]]:
    # Whoever sees a parcel sees what is in it.
    return PACKED.cut_each(
        FulfilmentLineModel.objects.all(),
        _read_packed,
        parent="fulfilment_id",
        parents=parcels,
        first=first,
        after=after,
    )
