"""What stories are made of: facts of several sources, merged by moment, the newest first (IN-11).

A fact's place is its moment, its source and its key. Facts of one moment stand in the order of their sources, so that
what happened to an order stands above the line that says it was placed. Each source is read by itself, behind the
cursor, along an index, and gives at most one row more than a page has.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F, Max, Q, QuerySet, Sum

from counterfoil.access.viewer import Viewer
from counterfoil.events.models import Event
from counterfoil.interactions.queries import interactions_visible_to
from counterfoil.orders.models import Order, Return, ReturnLine
from schema.relay import Connection, Page, cursor_of, first_of_each, page_size, parts_of
from schema.timeline.kinds import CREDITED, LOGGED, OF_EVENTS, OF_ROWS, PLACED, TimelineGroup, told_to


class Fact(NamedTuple):
    """Something that happened, as its source tells it. `data` is the event's, or what a row says in the same words."""

    happened_at: datetime
    source: int
    pk: int
    parent: int | str
    kind: str
    actor: str
    topic: str
    data: Mapping[str, Any]

    @property
    def place(self) -> tuple[datetime, int, int]:
        """Where it stands: the larger, the newer."""
        return self.happened_at, -self.source, self.pk


class Source(NamedTuple):
    """Rows to read facts from: their moment's field, and whose story each is a part of."""

    rows: QuerySet[Any]
    read: Callable[[QuerySet[Any]], list[Fact]]
    moment: str
    parent: str
    number: int
    topics: bool = False  # the parent is a topic
    key: str = "pk"

    def behind(self, place: tuple[datetime, int, int] | None) -> Q:
        """The rows behind a place, in a form that an index on (parent, moment, key) serves."""
        if place is None:
            return Q()
        moment, source, pk = place
        if source == self.number:
            return Q((f"{self.moment}__lte", moment)) & (Q((f"{self.moment}__lt", moment)) | Q((f"{self.key}__lt", pk)))
        return Q((f"{self.moment}__lte" if self.number > source else f"{self.moment}__lt", moment))


@dataclass(frozen=True, slots=True)
class Story:
    """The order of a story's entries; `name` stands in every cursor, so that another list's is refused."""

    name: str

    def encode(self, row: Any) -> str:
        """A row's cursor."""
        return cursor_of(self.name, row.happened_at, row.source, row.pk)

    def cut_each(
        self,
        sources: Sequence[Source],
        build: Callable[[list[Fact]], list[Any]],
        *,
        parents: Mapping[int, str],
        first: int,
        after: str | None,
    ) -> dict[int, Connection[Any]]:
        """The same page of each of many stories. `parents` are keys, each with its topic in the log."""
        size = page_size(first)
        place = None if after is None else _place(parts_of(after, self.name, datetime, int, int))
        merged: dict[int, list[Fact]] = {key: [] for key in parents}
        for source in sources:
            names: dict[Any, int] = {topic if source.topics else key: key for key, topic in parents.items()}
            found = first_of_each(
                source.rows.filter(source.behind(place)),
                source.read,
                parent=source.parent,
                parents=list(names),
                order=(f"-{source.moment}", f"-{source.key}"),
                most=size + 1,
            )
            for name, facts in found.items():
                merged[names[name]] += facts
        pages = {
            key: sorted(facts, key=lambda fact: fact.place, reverse=True)[: size + 1] for key, facts in merged.items()
        }
        rows = iter(build([fact for facts in pages.values() for fact in facts[:size]]))
        return {
            key: Connection(
                nodes=[next(rows) for _ in facts[:size]],
                page=Page(keyset=self, has_next=len(facts) > size, has_previous=after is not None),
            )
            for key, facts in pages.items()
        }


def _place(parts: list[Any]) -> tuple[datetime, int, int]:
    moment, source, pk = parts
    return moment, source, pk


OF_CUSTOMERS, OF_ORDERS = Story("timeline"), Story("order timeline")
# The sources, in the order in which facts of one moment stand. Whoever sees a customer or an order sees what is of it:
# asked for a workspace too, SQLite walks the whole of that.
_EVENTS, _NOTEBOOK, _CREDITS, _ORDERS = range(4)


def sources_of_customers(viewer: Viewer, groups: Sequence[TimelineGroup] | None) -> list[Source]:
    """Where the stories of customers, whom the viewer sees, are read from."""
    mine = {"workspace_id": viewer.workspace_id}
    rows = told_to(viewer, OF_ROWS, groups)
    sources = _of_events(viewer, groups, "customer_id")
    if PLACED in rows:
        sources.append(Source(Order.objects.filter(**mine), _placed, "placed_at", "customer_id", _ORDERS))
    if CREDITED in rows:
        sources.append(Source(Return.objects.filter(**mine), _credited, "returned_at", "customer_id", _CREDITS))
    return sources


def sources_of_orders(viewer: Viewer, groups: Sequence[TimelineGroup] | None) -> list[Source]:
    """Where the stories of orders, which the viewer sees, are read from."""
    rows = told_to(viewer, OF_ROWS, groups)
    sources = _of_events(viewer, groups, "topic")
    if PLACED in rows:
        sources.append(Source(Order.objects.all(), _placed_itself, "placed_at", "pk", _ORDERS))
    if CREDITED in rows:
        # A credit note may give back lines of several orders: here it counts with what it says of this one.
        parts = ReturnLine.objects.filter(line__isnull=False).values("line__order_id", "returned_id")
        credited = parts.annotate(
            credited_at=Max("returned__returned_at"), credited_total=Sum("total"), key=F("returned_id")
        )
        sources.append(Source(credited, _credited_of_order, "credited_at", "line__order_id", _CREDITS, key="key"))
    if LOGGED in rows:
        entries = interactions_visible_to(viewer)
        sources.append(Source(entries, _logged, "logged_at", "order_id", _NOTEBOOK))
    return sources


def _of_events(viewer: Viewer, groups: Sequence[TimelineGroup] | None, parent: str) -> list[Source]:
    kinds = told_to(viewer, OF_EVENTS, groups)
    if not kinds:
        return []
    events = Event.objects.filter(kind__in=kinds)

    def read(rows: QuerySet[Any]) -> list[Fact]:
        told = rows.values_list("created_at", "pk", "customer_id", "kind", "actor", "topic", "data")
        return [
            Fact(at, _EVENTS, pk, topic if of_topics else customer, kind, by, topic, data)
            for at, pk, customer, kind, by, topic, data in told
        ]

    of_topics = parent == "topic"
    return [Source(events, read, "created_at", parent, _EVENTS, topics=of_topics)]


def _placed(orders: QuerySet[Any]) -> list[Fact]:
    told = orders.values_list("placed_at", "pk", "customer_id", "total", "currency")
    return [
        Fact(at, _ORDERS, pk, customer, PLACED, "", f"order_{pk}", {"amount": str(total), "currency": currency})
        for at, pk, customer, total, currency in told
    ]


def _placed_itself(orders: QuerySet[Any]) -> list[Fact]:
    return [fact._replace(parent=fact.pk) for fact in _placed(orders)]


def _credited(returns: QuerySet[Any]) -> list[Fact]:
    told = returns.values_list("returned_at", "pk", "customer_id", "number", "total", "currency")
    return [_credit(at, pk, whose, number, (total, currency)) for at, pk, whose, number, total, currency in told]


def _credited_of_order(parts: QuerySet[Any]) -> list[Fact]:
    told = parts.values_list(
        "credited_at", "key", "line__order_id", "returned__number", "credited_total", "returned__currency"
    )
    return [_credit(at, pk, whose, number, (total, currency)) for at, pk, whose, number, total, currency in told]


def _credit(at: datetime, pk: int, parent: int, number: str, total: tuple[Decimal, str]) -> Fact:
    data = {"credit_note": number, "amount": str(total[0]), "currency": total[1]}
    return Fact(at, _CREDITS, pk, parent, CREDITED, "", "", data)


def _logged(entries: QuerySet[Any]) -> list[Fact]:
    told = entries.values_list("logged_at", "pk", "order_id", "staff_id", "client_id")
    return [
        Fact(at, _NOTEBOOK, pk, order, LOGGED, _author(staff, client), "", {"interaction": pk})
        for at, pk, order, staff, client in told
    ]


def _author(staff: int | None, client: int | None) -> str:
    return f"staff:{staff}" if staff else f"partner:{client}"
