"""Partners make products, customers and orders by mutation; the same external id twice never doubles one (OR-8)."""

from typing import Any
from uuid import uuid4

import pytest

from counterfoil.catalog.models import Product
from counterfoil.customers.models import Customer
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.posting import post, token_of

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
