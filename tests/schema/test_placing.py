"""Partners make products, customers and orders by mutation; the same external id twice never doubles one (OR-8)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from counterfoil.access import clock
from counterfoil.catalog.models import Product
from counterfoil.customers.models import Customer
from counterfoil.orders.actions import change_status
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import Order, OrderStatus
from tests.factories import Shop
from tests.posting import key_of, post, token_of

SAVE_PRODUCT = """mutation ($input: SaveProductInput!) { saveProduct(input: $input) {
    ... on SaveProductSuccess { product { id units(first: 9) { nodes { name price { amount currency } } } } }
    ... on Problem { code field message } } }"""
SAVE_CUSTOMER = """mutation ($input: SaveCustomerInput!) { saveCustomer(input: $input) {
    ... on SaveCustomerSuccess { customer { id name } } ... on Problem { code field message } } }"""
PLACE = """mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
    ... on PlaceOrderSuccess { order { id number status total { amount } lines(first: 9) { nodes {
        name sku unit quantity unitPrice { amount } } } } }
    ... on Problem { code field message } } }"""
UNIT = {"name": "case of 12", "price": "0.0425", "currency": "GBP"}


@pytest.fixture
def token(shop: Shop) -> str:
    return token_of(shop.member)


def told(text: str, token: str, **given: Any) -> dict[str, Any]:
    """What a mutation with a new key answers."""
    [answer] = post(text, token=token, input={"clientMutationKey": str(uuid4()), **given}).data.values()
    assert isinstance(answer, dict)
    return answer


@pytest.mark.feature("OR-8")
def test_an_order_is_made_from_the_catalogue_and_made_again_it_is_the_same_one(shop: Shop, token: str) -> None:
    product = told(SAVE_PRODUCT, token, externalId="p7", sku="HS-12", name="Hessian sack", units=[UNIT])["product"]
    customer = told(SAVE_CUSTOMER, token, externalId="c7", name="Quill", email="ben@quill.example")["customer"]
    given = {"externalId": "o7", "customerId": customer["id"], "currency": "GBP"}
    line = {"productId": product["id"], "unit": "case of 12", "quantity": 120, "unitPrice": "0.0425"}

    placed = told(PLACE, token, **given, lines=[line])["order"]
    again = told(PLACE, token, **given, lines=[line])["order"]
    revised = told(PLACE, token, **given, lines=[{**line, "quantity": 60}])["order"]

    assert product["units"]["nodes"] == [{"name": "case of 12", "price": {"amount": "0.0425", "currency": "GBP"}}]
    assert placed == again
    assert (placed["status"], placed["total"]) == ("DRAFT", {"amount": "5.10"})
    assert placed["lines"]["nodes"] == [
        {
            "name": "Hessian sack",
            "sku": "HS-12",
            "unit": "case of 12",
            "quantity": 120,
            "unitPrice": {"amount": "0.0425"},
        }
    ]
    assert (revised["id"], revised["total"]) == (placed["id"], {"amount": "2.55"})
    assert (Product.objects.count(), Customer.objects.count(), Order.objects.count()) == (1, 1, 1)


@pytest.mark.feature("OR-8")
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"name": "Tin", "quantity": 0, "unitPrice": "1"}]}, "lines"),
        ({"lines": [{"name": "Tin", "quantity": -1, "unitPrice": "1"}]}, "lines"),
        ({"lines": [{"quantity": 1, "unitPrice": "1"}]}, "lines"),
        ({"lines": [{"name": "Tin", "quantity": 1, "unitPrice": "0.00001"}]}, "lines"),
        ({"lines": [{"productId": "product_999", "quantity": 1, "unitPrice": "1"}]}, "lines"),
        ({"customerId": "customer_999"}, "customerId"),
        ({"contactId": "contact_999"}, "contactId"),
        ({"number": "A/1"}, "number"),
        ({"externalId": " "}, "externalId"),
    ],
)
def test_an_order_that_can_not_be_placed_is_refused_by_its_field(
    shop: Shop, token: str, given: dict[str, Any], field: str
) -> None:
    customer = told(SAVE_CUSTOMER, token, name="Quill")["customer"]
    line = {"name": "Tin", "quantity": 1, "unitPrice": "1.00"}

    answer = told(PLACE, token, **{"customerId": customer["id"], "currency": "GBP", "lines": [line], **given})

    assert answer["field"] == field, answer
    assert Order.objects.count() == 0


def test_a_product_that_is_not_active_can_not_be_ordered(shop: Shop, token: str) -> None:
    product = told(SAVE_PRODUCT, token, sku="HS-12", name="Hessian sack", units=[UNIT], active=False)["product"]
    customer = told(SAVE_CUSTOMER, token, name="Quill")["customer"]
    line = {"productId": product["id"], "quantity": 1, "unitPrice": "1.00"}

    answer = told(PLACE, token, customerId=customer["id"], currency="GBP", lines=[line])

    assert answer == {"code": "INVALID", "field": "lines", "message": "Hessian sack can't be ordered any more."}


def test_another_workspaces_customer_and_product_are_not_found(shop: Shop, other_shop: Shop, token: str) -> None:
    theirs = other_shop.order()
    line = {"name": "Tin", "quantity": 1, "unitPrice": "1.00"}

    answer = told(PLACE, token, customerId=f"customer_{theirs.customer_id}", currency="GBP", lines=[line])
    changed = told(SAVE_CUSTOMER, token, customerId=f"customer_{theirs.customer_id}", name="Mine")

    assert (answer["code"], changed["code"]) == ("NOT_FOUND", "NOT_FOUND")
    assert Order.objects.count() == 1


REVISE = """mutation ($input: ReviseOrderInput!) { reviseOrder(input: $input) {
    ... on ReviseOrderSuccess { order {
        total { amount } lines(first: 9) { nodes { name unit unitPrice { amount } } } } }
    ... on Problem { code field message } } }"""


@pytest.mark.feature("OR-8")
def test_what_a_line_leaves_out_is_taken_from_its_product(shop: Shop, token: str) -> None:
    units = [{**UNIT, "name": "each", "price": "0.0425"}, {**UNIT, "price": "4.60"}, {**UNIT, "currency": "EUR"}]
    product = told(SAVE_PRODUCT, token, sku="HS-12", name="Hessian sack", units=units)["product"]
    customer = told(SAVE_CUSTOMER, token, name="Quill")["customer"]
    line = {"productId": product["id"], "quantity": 100}
    given = {"customerId": customer["id"], "currency": "GBP"}

    placed = told(PLACE, token, **given, lines=[line, {**line, "unit": "case of 12"}, {**line, "unitPrice": "0.05"}])
    missing = [
        told(PLACE, token, **given, lines=[{**line, "unit": "pallet"}]),
        told(PLACE, token, **{**given, "currency": "JPY"}, lines=[line]),
        told(PLACE, token, **given, lines=[{"name": "Something else", "quantity": 1}]),
    ]

    assert [
        (line["name"], line["sku"], line["unit"], line["unitPrice"]["amount"])
        for line in placed["order"]["lines"]["nodes"]
    ] == [
        ("Hessian sack", "HS-12", "each", "0.0425"),
        ("Hessian sack", "HS-12", "case of 12", "4.60"),
        ("Hessian sack", "HS-12", "each", "0.05"),
    ]
    assert placed["order"]["total"] == {"amount": "469.25"}
    assert [problem["message"] for problem in missing] == [
        "Hessian sack has no price by pallet in GBP: say it.",
        "Hessian sack has no price in JPY: say it.",
        "Say what Something else costs: it names no product.",
    ]


@pytest.mark.feature("OR-8")
def test_a_drafts_lines_are_revised_and_nobody_elses(shop: Shop, other_shop: Shop, token: str) -> None:
    order, theirs = shop.order(), other_shop.order()
    line = {"name": "Tin", "unit": "each", "quantity": 3, "unitPrice": "1.50"}

    revised = told(REVISE, token, orderId=order.topic, lines=[line])["order"]
    refused = told(REVISE, token, orderId=order.topic, lines=[])
    foreign = told(REVISE, token, orderId=theirs.topic, lines=[line])
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    late = told(REVISE, token, orderId=order.topic, lines=[{**line, "quantity": 4}])

    assert revised["total"] == {"amount": "4.50"}
    assert revised["lines"]["nodes"] == [{"name": "Tin", "unit": "each", "unitPrice": {"amount": "1.50"}}]
    assert (refused["code"], foreign["code"]) == ("INVALID", "NOT_FOUND")
    assert late["message"] == "An order that is confirmed can't get other lines: take it back to draft first."
    assert Order.objects.get(pk=order.pk).total == Decimal("4.50")


@pytest.mark.feature("OR-6")
def test_an_orders_history_tells_who_did_what_and_when_to_staff(shop: Shop, other_shop: Shop) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    tom = shop.hire("Tom")
    with clock.at(noon):
        order, another = shop.order(), shop.order()
    with clock.at(noon + timedelta(minutes=5)):
        change_status(viewer=tom, order=order, status=OrderStatus.CONFIRMED)
        fulfil(viewer=shop.staff, order=order)
    text = """{ orders(first: 9) { nodes { number history(first: 2) { nodes { kind happenedAt actorName status }
        pageInfo { hasNextPage } } } } }"""

    told_staff = post(text, token=token_of(shop.member)).data["orders"]["nodes"]
    told_guest = post(text, token=key_of(order)).data["orders"]["nodes"]

    found = {seen["number"]: seen["history"] for seen in told_staff}
    assert found[another.number]["nodes"] == [
        {"kind": "order.placed", "happenedAt": noon.isoformat(), "actorName": "Mara", "status": None}
    ]
    assert [(event["kind"], event["actorName"], event["status"]) for event in found[order.number]["nodes"]] == [
        ("order.parcel_sent", "Mara", None),
        ("order.status_changed", "Tom", "CONFIRMED"),
    ]
    assert found[order.number]["pageInfo"] == {"hasNextPage": True}
    assert told_guest == [{"number": order.number, "history": None}]


def test_products_are_found_by_their_skus_in_whatever_case(shop: Shop, token: str) -> None:
    for sku in ("HS-12", "hs-13", "Ünit-1"):
        told(SAVE_PRODUCT, token, sku=sku, name="Sack", units=[UNIT])
    text = "query ($skus: [String!]) { products(first: 9, filter: {skus: $skus}) { nodes { sku } } }"

    def found(*skus: str) -> list[str]:
        return [product["sku"] for product in post(text, token=token, skus=skus).data["products"]["nodes"]]

    assert found("hs-12", " HS-13 ", "HS", "\0", "", "x" * 5000) == ["hs-13", "HS-12"]
    assert found("Ünit-1") == ["Ünit-1"]
    assert found() == []
