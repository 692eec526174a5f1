"""More than an order itself asks for a login: its addresses and its invoice (AC-2)."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.access import clock
from counterfoil.customers.links import by_link
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import signed_in
from counterfoil.orders.actions import change_status
from counterfoil.orders.models import Order, OrderAddress, OrderStatus
from counterfoil.orders.payments import record_payment
from tests.conftest import Ask
from tests.factories import ADDRESSES, LINES, Shop
from tests.posting import post, token_of

TEXT = """{ orders(first: 9) { nodes { number
    deliveryAddress { name company street street2 postalCode city region country phone } billingAddress { street }
    invoice { number issuedAt total { amount } paid { amount } due { amount currency } } } } }"""
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLACE = """mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
    ... on PlaceOrderSuccess { order { deliveryAddress { street country } billingAddress { street } } }
    ... on Problem { code field message } } }"""


@pytest.fixture
def order(shop: Shop) -> Order:
    order = shop.order(number="INV-7", addresses=ADDRESSES)
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    with clock.at(NOON):
        change_status(viewer=shop.staff, order=order, status=OrderStatus.INVOICED)
    return order


def told(ask: Ask, viewer: Any) -> dict[str, Any]:
    [order] = ask(viewer, TEXT)["orders"]["nodes"]
    assert isinstance(order, dict)
    return order


@pytest.mark.feature("AC-2")
@pytest.mark.feature("OR-2")
def test_who_is_signed_in_reads_both_addresses_and_the_invoice(shop: Shop, order: Order, ask: Ask) -> None:
    record_payment(viewer=shop.staff, order=order, amount=Decimal("100.00"))

    seen = told(ask, signed_in(order.contact))

    assert seen["deliveryAddress"] == {
        "name": "Ana Reis",
        "company": "Harbour Café",
        "street": "4 Pier Road",
        "street2": "",
        "postalCode": "YO21 3PU",
        "city": "Whitby",
        "region": "",
        "country": "GB",
        "phone": "",
    }
    assert seen["billingAddress"] == {"street": "PO Box 9"}
    assert seen["invoice"] == {
        "number": "INV-7",
        "issuedAt": NOON.isoformat(),
        "total": {"amount": "166.20"},
        "paid": {"amount": "100.00"},
        "due": {"amount": "66.20", "currency": "GBP"},
    }


@pytest.mark.feature("AC-2")
def test_a_key_and_a_customers_link_show_neither_address_nor_invoice(shop: Shop, order: Order, ask: Ask) -> None:
    nothing = {"number": "INV-7", "deliveryAddress": None, "billingAddress": None, "invoice": None}

    assert told(ask, shop.guest(order)) == nothing
    assert told(ask, by_link(Customer.objects.get(pk=order.customer_id))) == nothing


@pytest.mark.feature("AC-2")
@pytest.mark.parametrize("status", [OrderStatus.DRAFT, OrderStatus.CONFIRMED, OrderStatus.CANCELLED])
def test_what_is_not_invoiced_has_no_invoice(shop: Shop, ask: Ask, status: OrderStatus) -> None:
    change_status(viewer=shop.staff, order=shop.order(), status=status)

    assert told(ask, shop.staff)["invoice"] is None


@pytest.mark.feature("AC-2")
def test_an_invoice_of_another_system_has_no_moment_and_what_was_paid_twice_is_not_due(shop: Shop, ask: Ask) -> None:
    order = shop.order()
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.INVOICED, paid=Decimal(500), refunded=Decimal(500))

    assert told(ask, shop.staff)["invoice"] == {
        "number": order.number,
        "issuedAt": None,
        "total": {"amount": "166.20"},
        "paid": {"amount": "500.00"},
        "due": {"amount": "0.00", "currency": "GBP"},
    }


@pytest.mark.feature("OR-2")
@pytest.mark.feature("OR-8")
def test_a_program_places_an_order_with_its_addresses_or_is_told_which_part_is_wrong(shop: Shop) -> None:
    customer = shop.order().customer_id
    pier = {"name": "Ana", "street": "4 Pier Road", "city": "Whitby", "country": "gb"}
    line = {"name": "Tin", "quantity": 1, "unitPrice": "1.00"}
    given = {"customerId": f"customer_{customer}", "currency": "GBP", "lines": [line], "deliveryAddress": pier}
    token = token_of(shop.member)

    def place(key: str, **more: Any) -> Any:
        return post(PLACE, token=token, input={"clientMutationKey": key, **given, **more}).data["placeOrder"]

    placed, again = place("1"), place("1")
    other = place("1", deliveryAddress={**pier, "street": "5 Pier Road"})
    refused = place("2", billingAddress={**pier, "country": "Great Britain"})

    assert (
        placed
        == again
        == {"order": {"deliveryAddress": {"street": "4 Pier Road", "country": "GB"}, "billingAddress": None}}
    )
    assert other["code"] == "KEY_REUSED"
    assert refused == {
        "code": "INVALID",
        "field": "billingAddress.country",
        "message": "Give the country as two letters of ISO 3166-1, such as GB or PT.",
    }
    assert (Order.objects.count(), OrderAddress.objects.count()) == (2, 1)


def test_addresses_and_invoices_of_many_orders_take_two_statements(
    shop: Shop, ask: Ask, django_assert_num_queries: Any
) -> None:
    for number in range(4):
        order = shop.order(number=f"A-{number}", addresses=ADDRESSES, lines=LINES[:1])
        for status in (OrderStatus.CONFIRMED, OrderStatus.INVOICED):
            change_status(viewer=shop.staff, order=order, status=status)

    with django_assert_num_queries(3):
        seen = ask(shop.staff, TEXT)["orders"]["nodes"]

    assert all(node["deliveryAddress"] and node["billingAddress"] and node["invoice"]["issuedAt"] for node in seen)
