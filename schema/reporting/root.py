"""The reporting schema: read-only, of an explicit allow-list, and how an operation runs on it (GQ-10)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import graphene
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    parse,
    print_schema,
    validate,
)

from counterfoil.access.viewer import Viewer
from schema.catalog.types import PRODUCTS
from schema.context import Context
from schema.customers import CUSTOMERS
from schema.orders.types import NEWEST_ORDERS
from schema.relay import Keyset, pk_of
from schema.reporting.connections import KeysetField, Node, Row
from schema.reporting.customers import Customer
from schema.reporting.orders import Fulfilment, Order, OrderLine
from schema.reporting.products import Product
from schema.root import MaskUnexpected

ORDER_LINES = Keyset("order_lines", "pk", of=int)
FULFILMENTS = Keyset("fulfilments", "pk", of=int)

MOST_TOKENS = 10_000
LONGEST_KEPT = 20_000  # characters

_KINDS: Mapping[str, type[Row]] = {kind.prefix: kind for kind in (Order, OrderLine, Fulfilment, Customer, Product)}


class Query(graphene.ObjectType):
    """Everything that reports can read."""

    orders = KeysetField(
        Order,
        keyset=NEWEST_ORDERS,
        description="The orders that the viewer may see, newest first. `first` is at most 100. "
        "Needs the scope orders:read.",
    )
    order_lines = KeysetField(
        OrderLine,
        keyset=ORDER_LINES,
        description="The lines of the orders that the viewer may see, the newest first. `first` is at most 100. "
        "Needs the scope orders:read.",
    )
    fulfilments = KeysetField(
        Fulfilment,
        keyset=FULFILMENTS,
        description="The parcels of the orders that the viewer may see, the newest first. `first` is at most 100. "
        "Needs the scope orders:read.",
    )
    customers = KeysetField(
        Customer,
        keyset=CUSTOMERS,
        description="The customers that the viewer may see, the newest first. `first` is at most 100. "
        "Needs the scope customers:read.",
    )
    products = KeysetField(
        Product,
        keyset=PRODUCTS,
        description="The products that the viewer may see, the newest first. `first` is at most 100. "
        "Needs the scope products:read.",
    )
    node = graphene.Field(
        Node,
        id=graphene.ID(required=True, description="The object's global id."),
        description="Any of these by its global id. Null when there is none, or none that the viewer may see.",
    )

    def resolve_node(_root: object, info: Any, id: str) -> object:  # noqa: N805
        """The row that a global id names."""
        kind = _KINDS.get(id.rpartition("_")[0])
        pk = pk_of(id, kind.prefix) if kind else None
        return kind.by_key(info, [pk]).get(pk) if kind and pk else None


schema = graphene.Schema(query=Query)


def print_reporting() -> str:
    """The schema as `reporting.graphql` holds it."""
    return print_schema(schema.graphql_schema) + "\n"


class Refused(Exception):
    """A text that is no query of this schema, with what is wrong with it."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__()
        self.errors = list(errors)


def _checked(text: str) -> DocumentNode:
    """The query that a text is; raises `Refused`."""
    try:
        return _valid(parse(text, max_tokens=MOST_TOKENS))
    except GraphQLError as error:
        raise Refused(error) from None
    except RecursionError:
        raise Refused(GraphQLError("This query is nested too deeply.")) from None


def _valid(document: DocumentNode) -> DocumentNode:
    kinds = {node.operation for node in document.definitions if isinstance(node, OperationDefinitionNode)}
    if kinds - {OperationType.QUERY}:
        raise Refused(GraphQLError("Reports only read: send a query.", extensions={"code": "QUERIES_ONLY"}))
    if errors := validate(schema.graphql_schema, document):
        raise Refused(*errors)
    return document


# Reports ask the same again and again. Long texts are not kept: a hundred of them would fill the memory.
_known = lru_cache(maxsize=128)(_checked)


def run(
    viewer: Viewer, text: str, *, variables: dict[str, Any] | None = None, operation_name: str | None = None
) -> ExecutionResult:
    """Run one query. Of one that was refused and never began, no error has a path."""
    try:
        document = _known(text) if len(text) <= LONGEST_KEPT else _checked(text)
    except Refused as refusal:
        return ExecutionResult(data=None, errors=refusal.errors)
    result = execute_sync(
        schema.graphql_schema,
        document,
        context_value=Context(viewer=viewer),
        variable_values=variables,
        operation_name=operation_name,
    )
    return ExecutionResult(data=result.data, errors=_masked(result.errors))


def _masked(errors: list[GraphQLError] | None) -> list[GraphQLError] | None:
    mask = MaskUnexpected()
    return errors and [mask.anonymise_error(error) if mask.should_mask_error(error) else error for error in errors]
