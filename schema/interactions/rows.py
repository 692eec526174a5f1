"""The entries of the log as rows, as customers' and orders' fields read them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from counterfoil.access.viewer import Viewer
from counterfoil.interactions.models import Interaction
from counterfoil.interactions.queries import WAITING, interactions_visible_to, matching
from schema.interactions.kinds import InteractionType
from schema.loading import Siblings
from schema.relay import Connection, Keyset

INTERACTIONS = Keyset("interactions", "logged_at")
UNACKNOWLEDGED = Keyset("unacknowledged interactions", "logged_at")


class InteractionRow(NamedTuple):
    """What `Interaction` is read from."""

    id: str
    type: InteractionType
    text: str
    author_name: str
    logged_at: datetime
    needs_acknowledgement: bool
    acknowledged_at: datetime | None
    acknowledged_by_name: str | None
    pk: int
    parent: int
    order_id: int
    siblings: Siblings


_TYPES = {one.value: one for one in InteractionType}
_FIELDS = (
    "pk",
    "type",
    "text",
    "author_name",
    "logged_at",
    "needs_acknowledgement",
    "acknowledged_at",
    "acknowledged_name",
    "customer_id",
    "order_id",
)


def read_interactions(interactions: QuerySet[Interaction]) -> list[InteractionRow]:
    """Entries as rows; they share what they load."""
    siblings = Siblings()
    rows = [
        InteractionRow(
            id=f"interaction_{pk}",
            type=_TYPES[kind],
            text=text,
            author_name=author,
            logged_at=logged_at,
            needs_acknowledgement=needs_acknowledgement,
            acknowledged_at=acknowledged_at,
            acknowledged_by_name=acknowledged_name or None,
            pk=pk,
            parent=customer_id,
            order_id=order_id or 0,
            siblings=siblings,
        )
        for (
            pk,
            kind,
            text,
            author,
            logged_at,
            needs_acknowledgement,
            acknowledged_at,
            acknowledged_name,
            customer_id,
            order_id,
        ) in interactions.values_list(*_FIELDS)
    ]
    siblings.share(rows, "pk", "parent", "order_id")
    return rows


def interactions_of(
    viewer: Viewer,
    customers: Sequence[int],
    first: int,
    after: str | None,
    *,
    type: InteractionType | None = None,
    search: str = "",
) -> dict[int, Connection[Any]]:
    """A page of what was logged about each of these customers, the newest first."""
    found = matching(interactions_visible_to(viewer), type=type, search=search)
    return INTERACTIONS.cut_each(
        found, read_interactions, parent="customer_id", parents=customers, first=first, after=after
    )


def unacknowledged_of(
    viewer: Viewer, customers: Sequence[int], first: int, after: str | None
) -> dict[int, Connection[Any]]:
    """A page of what nobody has acknowledged yet about each of these customers, the newest first."""
    found = interactions_visible_to(viewer).filter(WAITING)
    return UNACKNOWLEDGED.cut_each(
        found, read_interactions, parent="customer_id", parents=customers, first=first, after=after
    )


def interaction_by_key(viewer: Viewer, pk: int | None) -> InteractionRow | None:
    """The entry with this primary key, if the viewer sees it."""
    rows = read_interactions(interactions_visible_to(viewer).filter(pk=pk)) if pk else []
    return rows[0] if rows else None
