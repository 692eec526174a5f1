"""The reporting schema: read-only, of an explicit allow-list, and how an operation runs on it (GQ-10)."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import graphene
from graphql import DocumentNode, ExecutionResult, execute_sync, print_schema
from strawberry.types import ExecutionContext
from strawberry.types.graphql import OperationType as Kind

from schema.admission import Refused, admit
from schema.catalog.types import PRODUCTS
from schema.context import Context
from schema.customers import CUSTOMERS
from schema.documents import Documents
from schema.orders.types import NEWEST_ORDERS
from schema.relay import Keyset, pk_of
from schema.reporting.connections import KeysetField, Node, Row
from schema.reporting.customers import Customer
from schema.reporting.orders import Fulfilment, Order, OrderLine
from schema.reporting.products import Product
from schema.root import schema as main

ORDER_LINES = Keyset("order_lines", "pk", of=int)
FULFILMENTS = Keyset("fulfilments", "pk", of=int)

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


DOCUMENTS = Documents(schema.graphql_schema)


def execute(
    text: str,
    *,
    variables: dict[str, Any],
    context: Context,
    operation_name: str | None,
    allowed: Iterable[Kind] = (Kind.QUERY,),
) -> ExecutionResult:
    """Run one query. Of one that was refused and never began, no error has a path."""
    asked = ExecutionContext(
        query=text,
        schema=main,
        context=context,
        variables=variables,
        provided_operation_name=operation_name,
        allowed_operations=allowed,
    )
    try:
        admit(DOCUMENTS, asked)
    except Refused as refused:
        return ExecutionResult(None, refused.errors, asked.extensions_results)
    result = execute_sync(
        schema.graphql_schema,
        cast(DocumentNode, asked.graphql_document),
        context_value=context,
        variable_values=variables,
        operation_name=operation_name,
    )
    main.process_errors(result.errors or [], asked)
    return ExecutionResult(result.data, result.errors, asked.extensions_results)
