"""Orders over HTTP: their fields, their order in the list, and finding some among them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from counterfoil.access import clock
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.posting import key_of, post, token_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIST = "query ($filter: OrderFilter) { orders(first: 100, filter: $filter) { nodes { number } } }"
ORDER = """{ orderByNumber(number: "INV-7") {
    id number status placedAt guestUrl
    total { amount currency }
    mailPreference { enabled belongsTo hasAddress }
    store { name language timeZone }
    customer { name }
    contact { name email hasAccount }
    lines(first: 9) { nodes { name sku unit quantity unitPrice { amount currency } total { amount } } }
    messages(first: 9) { nodes { id } }
    internalNotes(first: 9) { nodes { id } }
} }"""


def test_an_order_as_staff_and_as_its_guest_see_it(shop: Shop) -> None:
    with clock.at(NOON):
        order = shop.order(number="INV-7")

    shared: dict[str, Any] = {
        "id": f"order_{order.pk}",
        "number": "INV-7",
        "status": "DRAFT",
        "placedAt": "2026-03-02T12:00:00+00:00",
        "total": {"amount": "166.20", "currency": "GBP"},
        "mailPreference": {"enabled": True, "belongsTo": "ORDER", "hasAddress": True},
        "store": {"name": "Fennel & Twine", "language": "en", "timeZone": "Europe/London"},
        "lines": {
            "nodes": [
                {
                    "name": "Tea tin, retro spot",
                    "sku": "TT-22",
                    "unit": "case of 12",
                    "quantity": 4,
                    "unitPrice": {"amount": "24.00", "currency": "GBP"},
                    "total": {"amount": "96.00"},
                },
                {
                    "name": "Biscuit cutters, set of 3",
                    "sku": "BC-07",
                    "unit": "",
                    "quantity": 12,
                    "unitPrice": {"amount": "5.85", "currency": "GBP"},
                    "total": {"amount": "70.20"},
                },
            ]
        },
        "messages": {"nodes": []},
    }
    assert post(ORDER, token=token_of(shop.member)).data["orderByNumber"] == shared | {
        "guestUrl": f"http://fennel.test/order/INV-7?key={key_of(order)}",
        "customer": {"name": "Harbour Café"},
        "contact": {"name": "Ana Reis", "email": "ana@harbour.example", "hasAccount": False},
        "internalNotes": {"nodes": []},
    }
    assert post(ORDER, token=key_of(order)).data["orderByNumber"] == shared | {
        "guestUrl": None,
        "customer": None,
        "contact": None,
        "internalNotes": None,
    }


@pytest.mark.parametrize("status", ["draft", "confirmed", "invoiced", "cancelled"])
def test_a_status_comes_by_its_name(shop: Shop, status: str) -> None:
    order = shop.order(number="INV-7")
    Order.objects.filter(pk=order.pk).update(status=status)

    assert post(ORDER, token=key_of(order)).data["orderByNumber"]["status"] == status.upper()


def test_orders_come_newest_first_and_only_those_of_the_workspace(shop: Shop, other_shop: Shop) -> None:
    for number, age in (("A-1", 2), ("A-2", 3), ("A-3", 1)):
        with clock.at(NOON - timedelta(days=age)):
            shop.order(number=number)
    other_shop.order(number="B-1")

    nodes = post(LIST, token=token_of(shop.member)).data["orders"]["nodes"]

    assert [node["number"] for node in nodes] == ["A-3", "A-1", "A-2"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (None, ["B-1", "A-2", "A-1"]),
        ({}, ["B-1", "A-2", "A-1"]),
        ({"search": None, "status": None}, ["B-1", "A-2", "A-1"]),
        ({"search": "a-"}, ["A-1", "A-2"]),
        ({"search": "quill"}, ["B-1", "A-2"]),
        ({"search": "a- quill"}, ["A-2"]),
        ({"status": "CONFIRMED"}, ["A-2"]),
        ({"status": "DRAFT", "search": "quill"}, ["B-1"]),
        ({"status": "INVOICED"}, []),
        ({"search": "\0"}, []),
        ({"search": "\ud800"}, []),
        ({"search": "x" * 10_000}, []),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_filter_narrows_the_list(shop: Shop, wanted: dict[str, Any] | None, found: list[str]) -> None:
    for number, customer in (("A-1", "Harbour Café"), ("A-2", "Quill & Co"), ("B-1", "Quill & Co")):
        shop.order(number=number, customer=customer)
    Order.objects.filter(number="A-2").update(status="confirmed")

    nodes = post(LIST, token=token_of(shop.member), filter=wanted).data["orders"]["nodes"]

    assert [node["number"] for node in nodes] == found


@pytest.mark.parametrize("wanted", [{"status": "LOST"}, {"status": "draft"}, {"colour": "red"}, [], 5])
def test_a_filter_that_is_none_never_runs(shop: Shop, wanted: object) -> None:
    reply = post(LIST, token=token_of(shop.member), filter=wanted)

    assert reply.body["errors"]
    assert reply.body.get("data") is None


@pytest.mark.parametrize(
    "number", ["inv-7", "INV-7 ", "INV", "", "\0", "\ud800", "x" * 100_000], ids=lambda n: ascii(n[:9])
)
def test_a_number_is_exactly_that(shop: Shop, number: str) -> None:
    shop.order(number="INV-7")

    reply = post("query ($n: String!) { orderByNumber(number: $n) { id } }", token=token_of(shop.member), n=number)

    assert reply.data == {"orderByNumber": None}
