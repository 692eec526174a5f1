"""Relay's two promises: every object has a global id, and lists are connections with stable cursors (GQ-2).

A cursor is the sort key of its row, so rows that are inserted meanwhile shift nothing. Connections read one row more
than asked to know whether there is a next page; they never count.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Protocol, TypeVar, cast

import strawberry
from django.db.models import CharField, F, Model, Q, QuerySet, Value, Window
from django.db.models.functions import Cast, Concat, RowNumber
from graphql import GraphQLError

from counterfoil.access.text import storable

LARGEST_PAGE = 100
FEW_ROWS = 1000

# The arguments of every connection.
First = Annotated[int, strawberry.argument(description=f"How many rows to give at most: 1 to {LARGEST_PAGE}.")]
After = Annotated[
    str | None, strawberry.argument(description="Give the rows behind this cursor of the same list; null begins it.")
]


@strawberry.interface(description="An object that can be fetched again by its global id.")
class Node:
    id: strawberry.ID = strawberry.field(description="The global id: opaque, stable, unique in the whole schema.")


def global_id(prefix: str, field: str = "pk") -> Concat:
    """The database expression of a global id: computed in the query, it needs no resolver."""
    return Concat(Value(f"{prefix}_"), Cast(field, CharField()), output_field=CharField())


def pk_of(gid: str, prefix: str) -> int | None:
    """The row that a global id of this kind names; None for any other id."""
    kind, _, number = gid.rpartition("_")
    if kind != prefix or not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    return int(number)


@strawberry.type(description="Where a page of a connection lies.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there is more after `endCursor`.")
    has_previous_page: bool = strawberry.field(description="Whether this page began after a cursor.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first row; null on an empty page.")
    end_cursor: str | None = strawberry.field(
        description="Where to go on: the cursor of the last row, or of the last one that a search looked at; null on "
        "an empty page that is the last."
    )


T = TypeVar("T")


@strawberry.type(description="A row and its cursor.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Where this row stands; give it as `after` to go on behind it.")
    node: T = strawberry.field(description="The row.")


@strawberry.type(description="A page of a list, in a stable order.")
class Connection(Generic[T]):
    nodes: list[T] = strawberry.field(description="The rows of this page.")
    page: strawberry.Private["Page"]

    @strawberry.field(description="The rows of this page, each with its cursor.")
    def edges(self) -> list[Edge[T]]:
        return [Edge(cursor=self.page.cursor(row), node=row) for row in self.nodes]

    @strawberry.field(description="Whether there is more, and where to go on.")
    def page_info(self) -> PageInfo:
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self.page.cursor(self.nodes[0]) if self.nodes else None,
            end_cursor=self.page.end or (self.page.cursor(self.nodes[-1]) if self.nodes else None),
        )


class Ordering(Protocol):
    """An order of rows, each of which has a cursor in it."""

    def encode(self, row: Any) -> str:
        """A row's cursor."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a connection knows besides its rows. `end` is where to go on, where that is not the last row."""

    keyset: Ordering
    has_next: bool
    has_previous: bool
    end: str | None = None

    def cursor(self, row: Any) -> str:
        """The cursor of one of its rows."""
        return self.keyset.encode(row)


@dataclass(frozen=True, slots=True)
class Keyset:
    """An ordering that pages can be cut from: a field, then the primary key, both ascending or both descending.

    `name` stands in every cursor, so that a cursor of another list is refused rather than misread. Rows carry the
    two values as the attributes `field` and `pk`; `of` is the field's type.
    """

    name: str
    field: str
    descending: bool = True
    of: type[datetime] | type[int] = datetime

    @property
    def order(self) -> tuple[str, str]:
        """For `order_by`."""
        sign = "-" if self.descending else ""
        return f"{sign}{self.field}", f"{sign}pk"

    def encode(self, row: Any) -> str:
        """A row's cursor."""
        return cursor_of(self.name, getattr(row, self.field), row.pk)

    def _decode(self, cursor: str) -> tuple[datetime | int, int]:
        value, pk = parts_of(cursor, self.name, self.of, int)
        return value, pk

    def behind(self, cursor: str | None) -> Q:
        """The rows behind a cursor, in a form that an index on (field, pk) serves on both databases."""
        if cursor is None:
            return Q()
        value, pk = self._decode(cursor)
        step = "lt" if self.descending else "gt"
        return Q((f"{self.field}__{step}e", value)) & (Q((f"{self.field}__{step}", value)) | Q((f"pk__{step}", pk)))

    def cut[M: Model, R](
        self, queryset: QuerySet[M, M], read: Callable[[QuerySet[M, M]], list[R]], *, first: int, after: str | None
    ) -> Connection[Any]:
        """One page of a queryset, its rows made by `read`."""
        size = page_size(first)
        rows = read(queryset.filter(self.behind(after)).order_by(*self.order)[: size + 1])
        return self.connection(rows, size, after)

    def cut_each[M: Model, R, P: (int, str)](
        self,
        queryset: QuerySet[M, M],
        read: Callable[[QuerySet[M, M]], list[R]],
        *,
        parent: str,
        parents: Sequence[P],
        first: int,
        after: str | None,
    ) -> dict[P, Connection[Any]]:
        """The same page for each of many parents. Rows carry their parent's key as `parent`.

        Few rows are read as they are, in one query. Only where there are more a second one counts off each parent's
        page: databases do that fast, but writing that query costs Django as much as reading hundreds of rows.
        """
        size = page_size(first)
        found = first_of_each(
            queryset.filter(self.behind(after)), read, parent=parent, parents=parents, order=self.order, most=size + 1
        )
        return {key: self.connection(rows, size, after) for key, rows in found.items()}

    def connection(self, rows: list[Any], size: int, after: str | None) -> Connection[Any]:
        """A connection over rows of which one more than `size` may have been read."""
        page = Page(keyset=self, has_next=len(rows) > size, has_previous=after is not None)
        return Connection(nodes=rows[:size], page=page)


def first_of_each[M: Model, R, P: (int, str)](
    queryset: QuerySet[M, Any],
    read: Callable[[Any], list[R]],
    *,
    parent: str,
    parents: Sequence[P],
    order: Sequence[str],
    most: int,
) -> dict[P, list[R]]:
    """At most so many rows of each parent, in this order, in one query, or two where there are many.

    `read` names no column twice: Django drops the second one of a query that counts off.
    """
    candidates = queryset.filter(Q((f"{parent}__in", parents)))
    few = min(most * len(parents), FEW_ROWS)
    rows = read(candidates.order_by(parent, *order)[:few])
    if len(rows) == few and len(parents) > 1:
        place = Window(RowNumber(), partition_by=F(parent), order_by=order)
        rows = read(candidates.annotate(place=place).filter(place__lte=most).order_by(parent, *order))
    by_parent: dict[P, list[R]] = {key: [] for key in parents}
    for row in rows:
        by_parent[cast(Any, row).parent].append(row)
    return by_parent


def cursor_of(name: str, *parts: datetime | int | str) -> str:
    """A cursor of the list of this name: opaque, and the same for the same parts."""
    values = [part.astimezone(UTC).isoformat() if isinstance(part, datetime) else part for part in parts]
    text = json.dumps([name, *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def parts_of(cursor: str, name: str, *kinds: type[datetime] | type[int] | type[str]) -> list[Any]:
    """The parts of a cursor of the list of this name, of these types. Raises BAD_CURSOR for any other text."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        found, *values = json.loads(raw)
        if found != name:
            raise ValueError(found)
        return [_part(value, of) for value, of in zip(values, kinds, strict=True)]
    except (binascii.Error, ValueError, TypeError, RecursionError, OverflowError):
        raise GraphQLError(
            "`after` is no cursor of this list. Use an `endCursor` or `cursor` that it gave you.",
            extensions={"code": "BAD_CURSOR"},
        ) from None


def _part(value: Any, of: type[datetime] | type[int] | type[str]) -> datetime | int | str:
    if of is str:
        if not isinstance(value, str) or not storable(value):
            raise ValueError(value)
        return value
    if of is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(value)
        return moment.astimezone(UTC)
    if type(value) is not int or abs(value) >= 2**63:
        raise ValueError(value)
    return value


def page_size(first: int) -> int:
    """`first`, when it is a size that a page may have."""
    if not 1 <= first <= LARGEST_PAGE:
        raise GraphQLError(
            f"`first` is {first}; ask for 1 to {LARGEST_PAGE} rows a page.", extensions={"code": "BAD_PAGE_SIZE"}
        )
    return first
