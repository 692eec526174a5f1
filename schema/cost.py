"""What an operation costs, known before it runs (GQ-6).

A point is one field of one object. What stands in a list counts once a row, and each row `ROW` points more; a
connection has as many rows as its `first` says, whether there are so many or not. Whatever is read from the database by
itself costs `READ` points more, once and not once a row, for rows that stand together are read together; a mutation
costs `CHANGE` more, and what the schema is costs `SCHEMA`. Aliases and fragments count wherever they stand. What a text
costs is worked out once and kept with it; a request only fills in the sizes of its variables.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from schema.relay import LARGEST_PAGE

ROW = 10
READ = 300
CHANGE = 3_000
SCHEMA = 20_000  # to be told what the schema is, whatever of it: it has the size that it has
SHORT_LIST = 10  # rows of a list that is no connection: such lists can't grow

type Size = int | str  # a number, or the name of the variable that has it


class Price(NamedTuple):
    """What a selection costs: so much for one row, so much once, and lists within it."""

    once: int = 0
    each: int = 0
    lists: tuple[tuple[Size, "Price"], ...] = ()

    def of(self, variables: Mapping[str, object], rows: int = 1) -> int:
        """Points, where the selection stands in this many rows."""
        return (
            self.once
            + rows * self.each
            + sum(price.of(variables, rows * _rows(size, variables)) for size, price in self.lists)
        )


def _rows(size: Size, variables: Mapping[str, object]) -> int:
    """How many rows are asked for. What can't be a page's size is refused later, and costs as much as the largest."""
    given = variables.get(size) if isinstance(size, str) else size
    return given if type(given) is int and 0 < given <= LARGEST_PAGE else LARGEST_PAGE


def price_of(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Price:
    """The price of an operation of a valid document."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    is_change = operation.operation is OperationType.MUTATION
    return _Pricing(schema, fragments).selection(operation.selection_set, root, None, CHANGE if is_change else 0)


class _Pricing:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments

    def selection(self, selected: SelectionSetNode, parent: Any, page: Size | None, more: int = 0) -> Price:
        """The price of what is selected from one `parent`; `page` is the size of the connection that it is, and `more`
        what each field costs besides.
        """
        once = each = 0
        lists: list[tuple[Size, Price]] = []
        for node, kind in self._fields(selected, parent):
            field = self._schema.get_field(kind, node.name.value) if kind else None
            if field is None or node.name.value in {"__schema", "__type"}:
                each, once = each + 1, once + (SCHEMA if field else 0)
                continue
            price, size = self._field(node, field, kind, page)
            once += more
            each += 1
            if size is not None:
                lists.append((size, price))
            else:
                once, each = once + price.once, each + price.each
                lists.extend(price.lists)
        return Price(once, each, tuple(lists))

    def _fields(self, selected: SelectionSetNode, parent: Any) -> Iterator[tuple[FieldNode, Any]]:
        """The fields, those of fragments too, with the type that each stands on."""
        for node in selected.selections:
            if isinstance(node, FieldNode):
                yield node, parent
                continue
            fragment: Any = self._fragments.get(node.name.value) if isinstance(node, FragmentSpreadNode) else node
            on = fragment.type_condition
            kind = self._schema.get_type(on.name.value) if on else parent
            yield from self._fields(fragment.selection_set, kind)

    def _field(self, node: FieldNode, field: GraphQLField, parent: Any, page: Size | None) -> tuple[Price, Size | None]:
        """What lies below a field, and how often."""
        kind = get_named_type(field.type)
        size = _page_size(node) if "first" in field.args else None
        below = self.selection(node.selection_set, kind, size) if node.selection_set else Price()
        if size is not None or (_is_read(kind) and not parent.name.endswith(("Connection", "Edge"))):
            below = below._replace(once=below.once + READ)
        if not (is_list_type(get_nullable_type(field.type)) and node.selection_set):
            return below, None
        return below._replace(each=below.each + ROW), SHORT_LIST if page is None else page


def _page_size(node: FieldNode) -> Size:
    for argument in node.arguments or ():
        if argument.name.value == "first":
            value = argument.value
            if isinstance(value, IntValueNode):
                return int(value.value) if len(value.value) <= 9 else LARGEST_PAGE
            return value.name.value if isinstance(value, VariableNode) else LARGEST_PAGE
    return LARGEST_PAGE


def _is_read(kind: object) -> bool:
    """Whether what a field leads to is an object of its own, which is read by itself."""
    if isinstance(kind, GraphQLInterfaceType):
        return kind.name == "Node"
    return isinstance(kind, GraphQLObjectType) and any(one.name == "Node" for one in kind.interfaces)
