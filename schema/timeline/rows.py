"""The entries of stories as rows, as the fields of customers and orders read them (IN-11)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

import strawberry

from counterfoil.access.viewer import Viewer
from counterfoil.events.models import Event
from counterfoil.orders.models import FulfilmentStatus
from schema.loading import Siblings
from schema.money import Money, money
from schema.orders.states import OrderStatus
from schema.relay import Connection
from schema.timeline.facts import (
    OF_CUSTOMERS,
    OF_ORDERS,
    Fact,
    sources_of_customers,
    sources_of_orders,
)
from schema.timeline.kinds import OF_EVENTS, OF_ROWS, PLACED, TimelineGroup


@strawberry.enum(description="Who did something.")
class TimelineActor(Enum):
    STAFF = strawberry.enum_value("staff", description="A member of the shop's staff.")
    PARTNER = strawberry.enum_value("partner", description="A partner's program.")
    CUSTOMER = strawberry.enum_value("customer", description="Somebody of the customer.")
    SYSTEM = strawberry.enum_value("system", description="The shop by itself, or nobody knows: it was imported.")


class TimelineRow(NamedTuple):
    """What `TimelineEntry` is read from. A key is 0 where an entry is about nothing of the kind."""

    happened_at: datetime
    kind: str
    group: TimelineGroup
    actor: TimelineActor
    amount: Money | None
    credit_note: str | None
    status_before: OrderStatus | None
    status_after: OrderStatus | None
    parcel_before: FulfilmentStatus | None
    parcel_after: FulfilmentStatus | None
    is_on: bool | None
    is_active: bool | None
    ordering_blocked: bool | None
    devices: int | None
    source: int
    pk: int
    staff_id: int
    client_id: int
    person_id: int
    guest_of: int
    order_id: int
    contact_id: int
    parcel_id: int
    message_id: int
    note_id: int
    mail_id: int
    interaction_id: int
    other_id: int
    siblings: Siblings


_KEYS = (
    *("staff_id", "client_id", "person_id", "guest_of", "order_id", "contact_id", "parcel_id", "message_id"),
    *("note_id", "mail_id", "interaction_id", "other_id"),
)
_GROUPS = {name: kind.group for name, kind in {**OF_EVENTS, **OF_ROWS}.items()}
# What the names of actors in the log begin with, who that is, and which key follows.
_ACTORS = {
    "staff": (TimelineActor.STAFF, "staff_id"),
    "partner": (TimelineActor.PARTNER, "client_id"),
    "contact": (TimelineActor.CUSTOMER, "person_id"),
    "guest": (TimelineActor.CUSTOMER, "guest_of"),
    "customer": (TimelineActor.CUSTOMER, ""),
}


def timelines_of_customers(
    viewer: Viewer, customers: Sequence[int], first: int, after: str | None, groups: Sequence[TimelineGroup] | None
) -> dict[int, Connection[Any]]:
    """A page of the story of each of these customers, whom the viewer sees, the newest first."""
    return OF_CUSTOMERS.cut_each(
        sources_of_customers(viewer, groups),
        _rows,
        parents={pk: f"customer_{pk}" for pk in customers},
        first=first,
        after=after,
    )


def timelines_of_orders(
    viewer: Viewer, orders: Sequence[int], first: int, after: str | None, groups: Sequence[TimelineGroup] | None
) -> dict[int, Connection[Any]]:
    """A page of the story of each of these orders, which the viewer sees, the newest first."""
    return OF_ORDERS.cut_each(
        sources_of_orders(viewer, groups),
        lambda facts: _rows(facts, about_an_order=True),
        parents={pk: f"order_{pk}" for pk in orders},
        first=first,
        after=after,
    )


def _rows(facts: list[Fact], *, about_an_order: bool = False) -> list[TimelineRow]:
    """Facts as rows; they share what they load. Who placed the orders among them is read from the log."""
    siblings = Siblings()
    placed = {fact.topic for fact in facts if fact.kind == PLACED}
    by = dict(Event.objects.filter(topic__in=placed, kind=PLACED).values_list("topic", "actor")) if placed else {}
    rows = []
    for fact in facts:
        order = int(fact.parent) if about_an_order and not isinstance(fact.parent, str) else 0
        rows.append(_row(fact, by.get(fact.topic, "") if fact.kind == PLACED else fact.actor, order, siblings))
    siblings.share(rows, *_KEYS)
    return rows


def _row(fact: Fact, by: str, order: int, siblings: Siblings) -> TimelineRow:
    data = fact.data
    actor, who = _actor(by)
    moves = fact.kind == "order.status_changed", fact.kind == "order.parcel_moved"
    return TimelineRow(
        happened_at=fact.happened_at,
        kind=fact.kind,
        group=_GROUPS[fact.kind],
        actor=actor,
        amount=money(Decimal(data["amount"]), data["currency"]) if "amount" in data else None,
        credit_note=data.get("credit_note"),
        status_before=OrderStatus(data["from"]) if moves[0] else None,
        status_after=OrderStatus(data["to"]) if moves[0] else None,
        parcel_before=FulfilmentStatus(data["from"]) if moves[1] else None,
        parcel_after=FulfilmentStatus(data["to"]) if moves[1] else None,
        is_on=data.get("enabled"),
        is_active=data.get("is_active"),
        ordering_blocked=data.get("ordering_blocked"),
        devices=_devices(fact),
        source=fact.source,
        pk=fact.pk,
        staff_id=who.get("staff_id", 0),
        client_id=who.get("client_id", 0),
        person_id=who.get("person_id", 0),
        guest_of=who.get("guest_of", 0),
        order_id=_key(fact.topic, "order") or order or data.get("order", 0),
        contact_id=_key(fact.topic, "contact"),
        parcel_id=data.get("fulfilment", 0),
        message_id=data.get("message", 0),
        note_id=data.get("note", 0),
        mail_id=data.get("mail", 0),
        interaction_id=data.get("interaction", 0),
        other_id=data.get("other", 0),
        siblings=siblings,
    )


def _devices(fact: Fact) -> int | None:
    """Of how many devices somebody was signed out; by themselves it is one."""
    return fact.data.get("sessions", 1) if fact.kind == "account_session.ended" else None


def _actor(by: str) -> tuple[TimelineActor, Mapping[str, int]]:
    """Who the log calls so, and their key: `staff:7`, `guest:order:12`."""
    kind, _, rest = by.partition(":")
    actor, key = _ACTORS.get(kind, (TimelineActor.SYSTEM, ""))
    return actor, {key: int(rest.rpartition(":")[2])} if key else {}


def _key(topic: str, kind: str) -> int:
    begin, _, number = topic.rpartition("_")
    return int(number) if begin == kind else 0
