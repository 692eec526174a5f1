"""What happened to orders, by whom and when, read from the log (OR-6)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import strawberry
from django.db.models import Q, QuerySet

from counterfoil.access.models import PartnerClient, StaffMember
from counterfoil.access.viewer import Viewer
from counterfoil.events.models import Event
from schema.orders.states import OrderStatus
from schema.relay import Connection, Keyset

NEWEST_EVENTS = Keyset("history", "pk", of=int)
_OF_AN_ORDER = Q(kind__startswith="order.") | Q(kind__startswith="order_key.")


class OrderEventRow(NamedTuple):
    """What `OrderEvent` is read from."""

    kind: str
    happened_at: datetime
    actor_name: str | None
    status: OrderStatus | None
    pk: int
    parent: str


@strawberry.type(description="Something that happened to an order. Staff alone see it.")
class OrderEvent:
    kind: str = strawberry.field(description="What happened, in the past tense: `order.status_changed`.")
    happened_at: datetime = strawberry.field(description="When.")
    actor_name: str | None = strawberry.field(
        description="The staff member, or the partner's program, that did it; null where it was the customer."
    )
    status: OrderStatus | None = strawberry.field(
        description="The state that the order got; null for what left it alone."
    )


def history_of(viewer: Viewer, orders: Sequence[int], first: int, after: str | None) -> dict[int, Connection[Any]]:
    """A page of what happened to each of these orders, which the viewer sees, the newest first."""
    topics = {f"order_{pk}": pk for pk in orders}

    def read(events: QuerySet[Event]) -> list[OrderEventRow]:
        rows = list(events.values_list("kind", "created_at", "actor", "data", "pk", "topic"))
        names = _names(viewer, {actor for _, _, actor, *_ in rows})
        return [
            OrderEventRow(kind, at, names.get(actor), _status(kind, data), pk, topic)
            for kind, at, actor, data, pk, topic in rows
        ]

    events = Event.objects.filter(_OF_AN_ORDER, workspace_id=viewer.workspace_id)
    pages = NEWEST_EVENTS.cut_each(events, read, parent="topic", parents=list(topics), first=first, after=after)
    return {topics[topic]: page for topic, page in pages.items()}


def _status(kind: str, data: dict[str, str]) -> OrderStatus | None:
    return OrderStatus(data["to"]) if kind == "order.status_changed" else None


def _names(viewer: Viewer, actors: set[str]) -> dict[str, str]:
    """The names of the staff members and programs among these actors."""
    names: dict[str, str] = {}
    for kind, model in (("staff", StaffMember), ("partner", PartnerClient)):
        pks = [int(actor.partition(":")[2]) for actor in actors if actor.startswith(f"{kind}:")]
        found = model._default_manager.filter(workspace_id=viewer.workspace_id, pk__in=pks) if pks else ()
        names |= {f"{kind}:{one.pk}": one.name for one in found}
    return names
