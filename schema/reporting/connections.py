"""Lists of the reporting schema: connections as in the main one, cut by the same keysets (GQ-2).

graphene-django's own cursors are offsets, which shift while rows are inserted, and cost more the further one reads.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

import graphene
from django.db.models import QuerySet
from graphene.relay.connection import Connection as RelayConnection
from graphene.relay.connection import ConnectionOptions
from graphene_django import DjangoObjectType
from graphene_django.filter import DjangoFilterConnectionField
from graphene_django.registry import Registry

from schema.loading import Siblings
from schema.relay import LARGEST_PAGE, Keyset
from schema.relay import Connection as Cut

_REGISTRY = Registry()


def page_arguments() -> dict[str, Any]:
    """The arguments of every connection."""
    return {
        "first": graphene.Int(required=True, description=f"How many rows to give at most: 1 to {LARGEST_PAGE}."),
        "after": graphene.String(description="Give the rows behind this cursor of the same list; null begins it."),
    }


class Node(graphene.Interface):
    """An object that can be fetched again by its global id."""

    id = graphene.ID(required=True, description="The global id: the same as in the main schema.")


class PageInfo(graphene.ObjectType):
    """Where a page of a connection lies."""

    has_next_page = graphene.Boolean(required=True, description="Whether there is more after `endCursor`.")
    has_previous_page = graphene.Boolean(required=True, description="Whether this page began after a cursor.")
    start_cursor = graphene.String(description="The cursor of the first row; null on an empty page.")
    end_cursor = graphene.String(description="The cursor of the last row; null on an empty page.")


class _Edge(NamedTuple):
    """What an edge is read from."""

    cursor: str
    node: Any


class Connection(RelayConnection):
    """A page of a list."""

    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(cls, node: Any = None, **options: Any) -> None:
        """Give the connection of one type its fields."""
        _meta = ConnectionOptions(cls)
        edge = type(
            f"{node.__name__}Edge",
            (graphene.ObjectType,),
            {
                "__doc__": "A row and its cursor.",
                "cursor": graphene.String(
                    required=True, description="Where this row stands; give it as `after` to go on behind it."
                ),
                "node": graphene.Field(node, required=True, description="The row."),
            },
        )
        _meta.fields = {
            "nodes": graphene.Field(
                graphene.List(graphene.NonNull(node)), required=True, description="The rows of this page."
            ),
            "edges": graphene.Field(
                graphene.List(graphene.NonNull(edge)),
                required=True,
                description="The rows of this page, each with its cursor.",
            ),
            "page_info": graphene.Field(
                PageInfo, required=True, description="Whether there is more, and where to go on."
            ),
        }
        super().__init_subclass_with_meta__(
            node=node, _meta=_meta, description="A page of a list, in a stable order.", **options
        )

    def resolve_edges(cut: Cut[Any], _info: Any) -> list[_Edge]:  # noqa: N805
        """The rows with their cursors."""
        return [_Edge(cut.page.cursor(row), row) for row in cut.nodes]

    def resolve_page_info(cut: Cut[Any], _info: Any) -> PageInfo:  # noqa: N805
        """Where the page lies."""
        return PageInfo(
            has_next_page=cut.page.has_next,
            has_previous_page=cut.page.has_previous,
            start_cursor=cut.page.cursor(cut.nodes[0]) if cut.nodes else None,
            end_cursor=cut.page.cursor(cut.nodes[-1]) if cut.nodes else None,
        )


class Row(DjangoObjectType):
    """A type of the allow-list. It names its columns itself; none is taken over from its model.

    `prefix` begins its global ids; `shares` are the keys by which its rows' relations are loaded at once.
    """

    prefix: ClassVar[str]
    shares: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(cls, **options: Any) -> None:
        """Make it a node with a connection, without any column that it does not name."""
        super().__init_subclass_with_meta__(
            fields=(),
            interfaces=(Node,),
            use_connection=True,
            connection_class=Connection,
            registry=_REGISTRY,
            **options,
        )

    def resolve_id(row: Any, info: Any) -> str:  # noqa: N805
        """The global id."""
        return f"{info.parent_type.graphene_type.prefix}_{row.pk}"

    @classmethod
    def told(cls, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The same rows with what else is told of them."""
        return rows

    @classmethod
    def read(cls, rows: QuerySet[Any, Any]) -> list[Any]:
        """The rows of a queryset, which share what they load."""
        found, siblings = list(rows), Siblings()
        siblings.share(found, "pk", *cls.shares)
        for row in found:
            row.siblings = siblings
        return found

    @classmethod
    def by_key(cls, info: Any, keys: Sequence[int]) -> dict[int, Any]:
        """The rows with these keys that the viewer sees."""
        return {row.pk: row for row in cls.read(cls.get_queryset(None, info).filter(pk__in=keys))}


class KeysetField(DjangoFilterConnectionField):
    """A list of all rows of a type that the viewer sees and that its FilterSet leaves."""

    def __init__(self, of: type[Row], *, keyset: Keyset, description: str) -> None:
        super().__init__(of, required=True, description=description, **page_arguments())
        self.keyset = keyset
        for offsets in ("before", "last", "offset"):
            del self._base_args[offsets]

    def wrap_resolve(self, _parent_resolver: object) -> Callable[..., Cut[Any]]:
        """What gives a page."""
        narrowed, kind, keyset = self.get_queryset_resolver(), self.connection_type, self.keyset

        def resolve(_root: object, info: Any, first: int, after: str | None = None, **filters: Any) -> Cut[Any]:
            rows = narrowed(kind, None, info, filters)
            return keyset.cut(rows, kind._meta.node.read, first=first, after=after)

        return resolve


def part(of: Callable[[], type[Row]], description: str) -> Any:
    """A field that is a connection to rows of a row."""
    return graphene.Field(lambda: of()._meta.connection, required=True, description=description, **page_arguments())


def parts(row: Any, of: type[Row], *, by: str, keyset: Keyset, first: int, after: str | None) -> Cut[Any] | None:
    """A page of the rows of type `of` whose column `by` names the row, loaded at once for all its siblings."""

    def load(keys: Sequence[int]) -> dict[int, Cut[Any]]:
        # Whoever sees a row sees its parts. Asked for a workspace's, SQLite would walk all of that workspace.
        return keyset.cut_each(
            of.told(of._meta.model.objects.all()), of.read, parent=by, parents=keys, first=first, after=after
        )

    found: Cut[Any] | None = row.siblings.load((of, first, after), "pk", row.pk, load)
    return found


def whole(row: Any, of: type[Row], info: Any, *, by: str) -> Any:
    """The row of type `of` that the column `by` of a row names; null where the viewer does not see it."""
    return row.siblings.load(of, by, getattr(row, by), lambda keys: of.by_key(info, keys))
