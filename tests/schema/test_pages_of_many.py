"""Pages of many parents at once: the same whether they are cut in Python or, where there are many rows, counted off by
the database (GQ-2).
"""

from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLObjectType, get_named_type

from counterfoil.catalog.actions import NewUnit, save_product
from counterfoil.customers.linked import link_customers
from counterfoil.interactions.actions import log_interaction
from counterfoil.interactions.models import InteractionType
from counterfoil.partners.actions import register_client
from schema import relay
from schema.root import schema
from tests.conftest import Ask
from tests.eventful import eventful
from tests.factories import Shop

ROOTS = {"Order": "orders", "Customer": "customers", "Product": "products", "PartnerClient": "partnerClients"}
TYPES = schema._schema.type_map


def _is_list(field: GraphQLField) -> bool:
    return get_named_type(field.type).name.endswith("Connection")


def _lists_of(kind: str) -> list[str]:
    parent = TYPES[kind]
    assert isinstance(parent, GraphQLObjectType)
    return [name for name, field in parent.fields.items() if _is_list(field)]


def _selected(field: str, first: int) -> str:
    """A page, with what tells its rows apart, and the lists of a parcel."""
    told = {
        "timeline": "kind happenedAt order { id }",
        "history": "kind happenedAt",
        "secrets": "createdAt",
        "units": "name",
        "linkedAccounts": "customer { id }",
        "fulfilments": "id lines(first: 1) { nodes { quantity } }",
    }.get(field, "id")
    return f"{field}(first: {first}) {{ nodes {{ {told} }} edges {{ cursor }} pageInfo {{ hasNextPage }} }}"


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize("kind", ROOTS)
@pytest.mark.parametrize("first", [1, 3])
def test_pages_of_many_are_the_same_however_they_are_cut(
    shop: Shop, ask: Ask, monkeypatch: pytest.MonkeyPatch, kind: str, first: int
) -> None:
    _furnish(shop)
    fields = " ".join(_selected(field, first) for field in _lists_of(kind))
    text = f"{{ found: {ROOTS[kind]}(first: 100) {{ nodes {{ id {fields} }} }} }}"

    in_python = ask(shop.staff, text)
    monkeypatch.setattr(relay, "FEW_ROWS", 1)
    by_the_database = ask(shop.staff, text)

    assert by_the_database == in_python
    nodes: list[dict[str, Any]] = in_python["found"]["nodes"]
    for field in _lists_of(kind):
        assert sum(bool(node[field]["nodes"]) for node in nodes) > 1, f"{field} is seen of one parent alone."


def _furnish(shop: Shop) -> None:
    """Two parents of each kind, with rows in each of their lists."""
    orders = [eventful(shop, number).order for number in ("4137", "4138")]
    for order in orders:
        log_interaction(
            viewer=shop.staff,
            customer=order.customer,
            type=InteractionType.NOTE,
            text="Ring back",
            needs_acknowledgement=True,
        )
    link_customers(viewer=shop.staff, customer=orders[0].customer, other=orders[1].customer)
    for number in range(2):
        register_client(viewer=shop.staff, name=f"Till {number}", scopes=["orders:read"])
        units = [NewUnit("each", Decimal(1), "GBP"), NewUnit("case", Decimal(9), "GBP")]
        save_product(viewer=shop.staff, sku=f"T-{number}", name="Tin", units=units, category="", external_id=None)
