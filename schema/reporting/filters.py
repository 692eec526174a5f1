"""What lists can be narrowed by. GraphQL has checked the type of a value before it comes here."""

from collections.abc import Callable
from typing import Any

import graphene
from django.db.models import Q, QuerySet
from django.forms import Field
from graphene_django.filter import TypedFilter
from graphql import GraphQLError

from counterfoil.access.text import LONGEST_SEARCH, storable
from schema.context import Context
from schema.relay import pk_of

MOST_VALUES = 100


class AsGiven(Field):
    """A value as it is: spaces, empty text and empty lists say something."""

    empty_values = (None,)


class ColumnFilter(TypedFilter):
    """Narrows a list by a column; null narrows nothing."""

    field_class = AsGiven

    def __init__(self, column: str, of: Any, label: str) -> None:
        super().__init__(input_type=of, field_name=column, label=label)

    def filter(self, rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """The rows that are left."""
        return rows if value is None else rows.filter(self.condition(value))

    def condition(self, value: Any) -> Q:
        """What a row has to be."""
        raise NotImplementedError

    @property
    def context(self) -> Context:
        """Who asks."""
        context: Context = self.parent.request
        return context


class OneOf(ColumnFilter):
    """The column is one of the values."""

    def __init__(self, column: str, of: Any, label: str) -> None:
        super().__init__(column, graphene.List(graphene.NonNull(of)), f"{label} One of these, at most {MOST_VALUES}.")

    def filter(self, rows: QuerySet[Any], value: list[Any] | None) -> QuerySet[Any]:
        """The rows that are left."""
        if value is not None and len(value) > MOST_VALUES:
            raise GraphQLError(
                f"A filter takes {MOST_VALUES} values at most; this has {len(value):,}.",
                extensions={"code": "BAD_FILTER"},
            )
        return super().filter(rows, value)

    def condition(self, value: list[Any]) -> Q:
        """What a row has to be."""
        return Q((f"{self.field_name}__in", [one for one in value if not isinstance(one, str) or storable(one)]))


class OneOfIds(OneOf):
    """The column is one of the rows that global ids name. With `allowed`, it is not obeyed for who may not ask so."""

    def __init__(
        self, column: str, prefix: str, label: str, *, allowed: Callable[[Context], bool] = lambda _: True
    ) -> None:
        super().__init__(column, graphene.ID, label)
        self.prefix = prefix
        self.allowed = allowed

    def condition(self, value: list[str]) -> Q:
        """What a row has to be."""
        if not self.allowed(self.context):
            return Q()
        return Q((f"{self.field_name}__in", [pk for gid in value if (pk := pk_of(gid, self.prefix)) is not None]))


class Is(ColumnFilter):
    """A column that is true or false."""

    def __init__(self, column: str, label: str) -> None:
        super().__init__(column, graphene.Boolean, label)

    def condition(self, value: bool) -> Q:
        """What a row has to be."""
        return Q((self.field_name, value))


class From(ColumnFilter):
    """The column is this much or more."""

    def condition(self, value: Any) -> Q:
        """What a row has to be."""
        return Q((f"{self.field_name}__gte", value))


class To(ColumnFilter):
    """The column is this much or less."""

    def condition(self, value: Any) -> Q:
        """What a row has to be."""
        return Q((f"{self.field_name}__lte", value))


class Before(ColumnFilter):
    """The column is a moment before this one."""

    def condition(self, value: Any) -> Q:
        """What a row has to be."""
        return Q((f"{self.field_name}__lt", value))


class Contains(ColumnFilter):
    """The column's text has this in it."""

    def __init__(self, column: str, label: str) -> None:
        super().__init__(
            column, graphene.String, f"{label} In whatever case; more than {LONGEST_SEARCH} characters find nothing."
        )

    def condition(self, value: str) -> Q:
        """What a row has to be."""
        if len(value) > LONGEST_SEARCH or not storable(value):
            return Q(pk__in=[])
        return Q((f"{self.field_name}__icontains", value))
