"""Customers in the schema: their list, their contacts, their orders."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.customers.actions import create_customer, save_customer
from counterfoil.customers.models import Contact
from counterfoil.orders.actions import place_order
from tests.conftest import Ask
from tests.factories import LINES, Shop
from tests.posting import post, token_of

LIST = """query ($first: Int!, $after: String, $search: String) {
    customers(first: $first, after: $after, filter: {search: $search}) {
        nodes { id name externalId contacts(first: 2) { nodes { id name email hasAccount } pageInfo { hasNextPage } } }
        pageInfo { hasNextPage endCursor }
    }
}"""


def make(shop: Shop, *names: str) -> list[Contact]:
    """Customers of these names, the first contact of each."""
    return [create_customer(viewer=shop.staff, name=name, contact_name=f"{name}'s", email="") for name in names]


def names(page: dict[str, Any]) -> list[str]:
    return [node["name"] for node in page["nodes"]]


@pytest.mark.feature("OR-8")
def test_staff_list_their_customers_newest_first_page_by_page(shop: Shop, other_shop: Shop, ask: Ask) -> None:
    make(shop, "Ash", "Birch", "Cedar")
    make(other_shop, "Oak")

    first = ask(shop.staff, LIST, first=2)["customers"]
    make(shop, "Dogwood")  # what is new shifts nothing
    second = ask(shop.staff, LIST, first=2, after=first["pageInfo"]["endCursor"])["customers"]

    assert (names(first), first["pageInfo"]["hasNextPage"]) == (["Cedar", "Birch"], True)
    assert (names(second), second["pageInfo"]["hasNextPage"]) == (["Ash"], False)
    assert names(ask(shop.staff, LIST, first=9, search="ce")["customers"]) == ["Cedar"]
    assert names(ask(shop.staff, LIST, first=9, search="oak")["customers"]) == []


def test_a_customer_has_their_contacts_the_first_one_first_and_their_external_id(shop: Shop, ask: Ask) -> None:
    quill = save_customer(
        viewer=shop.staff, name="Quill", contact_name="Ben", email="ben@quill.example", external_id="woo:7"
    )
    for name in ("Cas", "Dee"):
        Contact.objects.create(
            workspace_id=shop.workspace.pk, customer=quill, name=name, has_account=True, created_at=quill.created_at
        )

    [node] = ask(shop.staff, LIST, first=9)["customers"]["nodes"]

    ben, cas, _ = quill.contacts.order_by("pk")
    assert node == {
        "id": f"customer_{quill.pk}",
        "name": "Quill",
        "externalId": "woo:7",
        "contacts": {
            "nodes": [
                {"id": f"contact_{ben.pk}", "name": "Ben", "email": "ben@quill.example", "hasAccount": False},
                {"id": f"contact_{cas.pk}", "name": "Cas", "email": "", "hasAccount": True},
            ],
            "pageInfo": {"hasNextPage": True},
        },
    }


@pytest.mark.slow_on_postgresql
@pytest.mark.parametrize("customers", [2, 20])
def test_a_page_of_customers_takes_the_same_statements_at_any_size(shop: Shop, ask: Ask, customers: int) -> None:
    made = make(shop, *(f"Stall {number}" for number in range(customers)))

    with CaptureQueriesContext(connection) as statements:
        nodes = ask(shop.staff, LIST, first=100)["customers"]["nodes"]

    assert len(statements) == 2  # the customers, their contacts
    assert [node["contacts"]["nodes"][0]["id"] for node in nodes] == [f"contact_{one.pk}" for one in reversed(made)]


@pytest.mark.slow_on_postgresql
def test_the_customers_of_a_page_of_orders_share_one_load_of_their_contacts(shop: Shop, ask: Ask) -> None:
    for number in range(5):
        shop.order(customer=f"Stall {number}", contact=f"Ana {number}")

    with CaptureQueriesContext(connection) as statements:
        data = ask(shop.staff, "{ orders(first: 9) { nodes { customer { contacts(first: 1) { nodes { name } } } } } }")

    assert len(statements) == 3  # the orders, their customers, those people
    found = [order["customer"]["contacts"]["nodes"] for order in data["orders"]["nodes"]]
    assert found == [[{"name": f"Ana {number}"}] for number in (4, 3, 2, 1, 0)]


def test_the_orders_of_one_customer_are_asked_for_by_their_id(shop: Shop, other_shop: Shop, ask: Ask) -> None:
    mine, foreign = shop.order(number="A-1"), other_shop.order(number="A-1")
    place_order(viewer=shop.staff, store=shop.store, contact=mine.contact, currency="GBP", lines=LINES, number="A-2")
    shop.order(number="B-1")
    query = "query ($id: ID!) { orders(first: 9, filter: {customerId: $id}) { nodes { number } } }"

    def numbers(gid: str) -> list[str]:
        return [node["number"] for node in ask(shop.staff, query, id=gid)["orders"]["nodes"]]

    assert numbers(f"customer_{mine.customer_id}") == ["A-2", "A-1"]
    for nobody in (f"customer_{foreign.customer_id}", "customer_0", f"order_{mine.pk}", "nonsense", "\0"):
        assert numbers(nobody) == []


@pytest.mark.parametrize("search", ["\0", "\ud800", "%_'\"\\", "a " * 5_000, "x" * 100_000])
def test_no_search_breaks_the_list(shop: Shop, search: str) -> None:
    make(shop, "Ash")

    assert post(LIST, token=token_of(shop.member), first=9, search=search).data["customers"]["nodes"] == []


def test_a_cursor_of_another_list_is_refused(shop: Shop) -> None:
    make(shop, "Ash", "Birch")
    token = token_of(shop.member)
    query = "{ customers(first: 1) { nodes { contacts(first: 1) { pageInfo { endCursor } } } } }"
    [node] = post(query, token=token).data["customers"]["nodes"]

    reply = post(LIST, token=token, first=9, after=node["contacts"]["pageInfo"]["endCursor"])

    assert reply.codes == ["BAD_CURSOR"]
