"""A customer's own orders: newest first, searched by what they know of them, and nobody else's (OR-4)."""

from decimal import Decimal

import pytest
from django.db import connection

from counterfoil.access.viewer import Viewer
from counterfoil.customers.links import by_link
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import signed_in
from counterfoil.orders.actions import NewLine, change_status, place_order
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.orders.queries import visible_to
from tests.conftest import Ask
from tests.factories import Shop

pytestmark = pytest.mark.feature("OR-4")

TEXT = "query ($filter: OrderFilter) { orders(first: 9, filter: $filter) { nodes { number } } }"
ORDERED = {
    "A-100": (("Tea tin, retro spot", "TT-22"), ("Jute twine", "TW-02")),
    "A-101": (("Enamel mug, größer", "MU-31"),),
    "B-100": (("Tea cosy", "22-TT"),),
}


@pytest.fixture
def own(shop: Shop) -> Order:
    """The newest of a contact's three orders; somebody else has ordered the same."""
    contact = shop.order(customer="Harbour Café").contact
    Order.objects.all().delete()
    others = shop.order(number="Z-1", customer="Somebody else", lines=(NewLine("Tea tin", 1, Decimal(1), "TT-22"),))
    assert others.contact_id != contact.pk
    for number, lines in ORDERED.items():
        order = place_order(
            viewer=shop.staff,
            store=shop.store,
            contact=contact,
            currency="GBP",
            lines=[NewLine(name, 1, Decimal(1), sku) for name, sku in lines],
            number=number,
        )
    return order


def viewers(order: Order) -> list[Viewer]:
    return [signed_in(order.contact), by_link(Customer.objects.get(pk=order.customer_id))]


def found(ask: Ask, viewer: Viewer, **narrowed: object) -> list[str]:
    return [node["number"] for node in ask(viewer, TEXT, filter=narrowed)["orders"]["nodes"]]


@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        ("", ["B-100", "A-101", "A-100"]),
        ("a-10", ["A-101", "A-100"]),
        ("100", []),
        ("tea", ["B-100", "A-100"]),
        ("  tea   tin ", ["A-100"]),
        ("tin tw-", ["A-100"]),
        ("tt-22", ["A-100"]),
        ("TT", ["A-100"]),
        ("größer", ["A-101"]),
        ("Z-1", []),
        ("Harbour", []),
        ("%", []),
        ("_", []),
        ("\0", []),
        ("\ud800", []),
        ("tea " * 100, []),
    ],
)
def test_words_find_by_number_name_and_sku_among_ones_own(
    own: Order, ask: Ask, search: str, numbers: list[str]
) -> None:
    for viewer in viewers(own):
        assert found(ask, viewer, search=search) == numbers


def test_words_and_states_narrow_together_and_whose_it_is_can_not_be_asked(shop: Shop, own: Order, ask: Ask) -> None:
    change_status(viewer=shop.staff, order=own, status=OrderStatus.CONFIRMED)

    for viewer in viewers(own):
        assert found(ask, viewer, search="tea", status="CONFIRMED") == ["B-100"]
        assert found(ask, viewer, status="DRAFT") == ["A-101", "A-100"]
        assert found(ask, viewer, search="tea", fulfilment="FULFILLED") == []
        assert found(ask, viewer, customerId="customer_0") == ["B-100", "A-101", "A-100"]


def test_the_shop_searches_by_customer(shop: Shop, own: Order, ask: Ask) -> None:
    assert found(ask, shop.staff, search="Café") == ["B-100", "A-101", "A-100"]
    assert found(ask, shop.staff, search="tea") == []


def test_the_list_walks_an_index_of_ones_own_in_its_order(own: Order) -> None:
    """So it costs the same at 10,000 orders as at ten."""
    indexes = ["orders_newest_of_contact", "orders_newest_of_customer"]
    for viewer, index in zip(viewers(own), indexes, strict=True):
        newest = visible_to(viewer).order_by("-placed_at", "-pk")[:21]
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # Of a handful of rows it would read all; and it must walk the index, not collect from it and sort.
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("SET LOCAL enable_bitmapscan = off")
        plan = newest.explain()

        assert index in plan
        assert "sort" not in plan.lower()
        assert "TEMP B-TREE" not in plan
