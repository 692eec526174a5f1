"""What is in a packer's way: entries of the log on a customer that are read before a parcel leaves (IN-8).

It is a type of its own, not `Interaction`: who sends parcels reads it also without a scope for the log.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import strawberry
from django.db.models import QuerySet

from counterfoil.interactions.models import Interaction
from counterfoil.interactions.queries import WAITING
from schema.interactions.kinds import InteractionType
from schema.relay import Connection, Keyset, Page, page_size

NEWEST_NOTICES = Keyset("packing notices", "logged_at")


class NoticeRow(NamedTuple):
    """What `PackingNotice` is read from; `order_id` is the order that it points at, 0 for none."""

    id: str
    type: InteractionType
    text: str
    author_name: str
    logged_at: datetime
    needs_acknowledgement: bool
    acknowledged_at: datetime | None
    acknowledged_by_name: str | None
    order_id: int
    pk: int
    parent: int
    is_about_this_order: bool = False


@strawberry.type(description="An entry of the log on a customer that a packer reads before a parcel leaves.")
class PackingNotice:
    id: strawberry.ID = strawberry.field(description="The entry's global id, for `FulfilOrderInput.readNotices`.")
    type: InteractionType = strawberry.field(description="What kind of entry it is.")
    text: str = strawberry.field(description="Its text, exactly as it was written: plain text, never HTML.")
    author_name: str = strawberry.field(description="Who logged it.")
    logged_at: datetime = strawberry.field(description="When it was logged.")
    needs_acknowledgement: bool = strawberry.field(description="Whether somebody has to take note of it.")
    acknowledged_at: datetime | None = strawberry.field(description="When somebody did; null until then.")
    acknowledged_by_name: str | None = strawberry.field(description="Who did; null until then.")
    is_about_this_order: bool = strawberry.field(
        description="Whether it points at this order; else it is about the customer, and nobody has taken note yet."
    )
    pk: strawberry.Private[int]

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, NoticeRow)


_TYPES = {kind.value: kind for kind in InteractionType}


def noted_on(orders: Sequence[int], first: int, after: str | None) -> dict[int, Connection[Any]]:
    """A page of what points at each of these orders, which the viewer packs."""
    return _cut(Interaction.objects.all(), "order_id", orders, first, after)


def waiting_of(customers: Sequence[int], first: int, after: str | None) -> dict[int, Connection[Any]]:
    """A page of what nobody has acknowledged yet of each of these customers."""
    return _cut(Interaction.objects.filter(WAITING), "customer_id", customers, first, after)


def notices_for(
    order: int, noted: Connection[Any], waiting: Connection[Any], first: int, after: str | None
) -> Connection[Any]:
    """One page of an order's notices out of the pages of both kinds; what is of both stands there once."""
    size = page_size(first)
    rows = {row.pk: row._replace(is_about_this_order=row.order_id == order) for row in (*waiting.nodes, *noted.nodes)}
    newest = sorted(rows.values(), key=lambda row: (row.logged_at, row.pk), reverse=True)
    more = len(newest) > size or noted.page.has_next or waiting.page.has_next
    page = Page(keyset=NEWEST_NOTICES, has_next=more, has_previous=after is not None)
    return Connection(nodes=newest[:size], page=page)


def _cut(
    entries: QuerySet[Interaction], parent: str, parents: Sequence[int], first: int, after: str | None
) -> dict[int, Connection[Any]]:
    def read(found: QuerySet[Interaction]) -> list[NoticeRow]:
        return [
            NoticeRow(
                id=f"interaction_{pk}",
                type=_TYPES[kind],
                text=text,
                author_name=author,
                logged_at=at,
                needs_acknowledgement=needs,
                acknowledged_at=seen,
                acknowledged_by_name=name or None,
                order_id=order or 0,
                pk=pk,
                parent=order if parent == "order_id" else customer,
            )
            for pk, kind, text, author, at, needs, seen, name, order, customer in found.values_list(
                "pk",
                "type",
                "text",
                "author_name",
                "logged_at",
                "needs_acknowledgement",
                "acknowledged_at",
                "acknowledged_name",
                "order_id",
                "customer_id",
            )
        ]

    return NEWEST_NOTICES.cut_each(entries, read, parent=parent, parents=parents, first=first, after=after)
