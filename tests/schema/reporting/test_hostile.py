"""What reports are asked that they must not answer."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.schema.reporting.world import fill, refused, report, run

pytestmark = [pytest.mark.feature("GQ-10"), pytest.mark.django_db]


@pytest.mark.parametrize(
    "text",
    [
        "mutation { changeOrderStatus { id } }",
        "subscription { orderChanged { position } }",
        "query A { orders(first: 1) { nodes { id } } } mutation B { placeOrder { id } }",
    ],
)
def test_anything_but_a_query_is_refused(shop: Shop, text: str) -> None:
    result = run(shop.staff, text, operation_name="A" if "query A" in text else None)

    assert result.data is None
    assert {(error.extensions or {})["code"] for error in result.errors or []} == {"VALIDATION_FAILED"}
    assert "operation is not supported by the schema." in (result.errors or [])[0].message


@pytest.mark.parametrize(
    "text",
    [
        "{ orders(first: 1, keyVersion: 1) { nodes { id } } }",
        "{ orders(first: 1, workspaceId: 1) { nodes { id } } }",
        '{ orders(first: 1, customer_Name: "x") { nodes { id } } }',
        '{ orders(first: 1, contactId: "contact_1") { nodes { id } } }',
        "{ orders(first: 1) { nodes { keyVersion } } }",
        "{ orders(first: 1) { nodes { guestUrl } } }",
        "{ orders(first: 1) { nodes { contact { email } } } }",
        "{ orders(first: 1) { nodes { messages(first: 1) { nodes { text } } } } }",
        "{ orders(first: 1) { nodes { internalNotes(first: 1) { nodes { text } } } } }",
        "{ orders(first: 1) { nodes { workspace { name } } } }",
        "{ customers(first: 1) { nodes { contacts(first: 1) { nodes { email } } } } }",
        "{ staff(first: 1) { nodes { email } } }",
        "{ orders { nodes { id } } }",
        "{ orders(first: 1, offset: 5) { nodes { id } } }",
        "{ orders(last: 1) { nodes { id } } }",
        '{ orders(first: 1, before: "x") { nodes { id } } }',
        "{ orders(first: 1) { totalCount } }",
        "{ orders(first: 1) { nodes { lines { nodes { id } } } } }",
        "{ orders(first: 1, status: NONE) { nodes { id } } }",
        '{ orders(first: 1, totalFrom: "NaN") { nodes { id } } }',
        '{ orders(first: 1, totalFrom: "-Infinity") { nodes { id } } }',
        '{ orders(first: 1, totalFrom: "1e99999999") { nodes { id } } }',
        '{ orders(first: 1, totalFrom: "1e-99999999") { nodes { id } } }',
        '{ orders(first: 1, totalFrom: "0.00001") { nodes { id } } }',
        '{ orders(first: 1, totalFrom: "100000000000") { nodes { id } } }',
        '{ orders(first: 1, totalFrom: "a lot") { nodes { id } } }',
        "{ orders(first: 1, totalFrom: 1.5) { nodes { id } } }",
        "{ orders(first: 1, totalFrom: true) { nodes { id } } }",
        '{ orders(first: 1, placedAtFrom: "2026-03-02") { nodes { id } } }',
        '{ orders(first: 1, placedAtFrom: "2026-03-02T10:00:00") { nodes { id } } }',
        '{ orders(first: 1, placedAtFrom: "0001-01-01T00:00:00+14:00") { nodes { id } } }',
        '{ orders(first: 1, placedAtFrom: "yesterday") { nodes { id } } }',
        "{ orders(first: 1, placedAtFrom: 5) { nodes { id } } }",
        "{ orderLines(first: 1, quantityFrom: 99999999999) { nodes { id } } }",
        "{",
        "",
        "{ a " * 6000,
        "{ a " * 3000 + "}" * 3000,
        "{ orders(first: 1) { nodes " + "{ lines(first: 1) { nodes { order " * 250 + "{ id }" + " } } }" * 250 + " } }",
    ],
)
def test_what_is_not_on_the_list_is_refused_before_anything_runs(shop: Shop, text: str) -> None:
    with CaptureQueriesContext(connection) as statements:
        told = refused(shop.staff, text)

    assert len(told) >= 1
    assert len(statements) == 0
    assert not any("went wrong" in message for message in told)


@pytest.mark.parametrize("value", ["NaN", "1e99999999", "x", "", "０", 1.5, True, [1], {"a": 1}])
def test_a_variable_that_is_no_amount_is_refused(shop: Shop, value: Any) -> None:
    text = "query ($value: Decimal) { orders(first: 1, totalFrom: $value) { nodes { id } } }"

    if value == "０":  # a digit of another script is a digit
        assert report(shop.staff, text, value=value) == {"orders": {"nodes": []}}
    else:
        [told] = refused(shop.staff, text, value=value)
        assert "went wrong" not in told


@pytest.mark.parametrize("value", ["2026-13-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "", "é", 5, True, {}])
def test_a_variable_that_is_no_moment_is_refused(shop: Shop, value: Any) -> None:
    text = "query ($value: DateTime) { orders(first: 1, placedAtBefore: $value) { nodes { id } } }"

    [told] = refused(shop.staff, text, value=value)
    assert "went wrong" not in told


def test_text_that_no_database_holds_finds_nothing(shop: Shop) -> None:
    fill(shop, 3)
    text = """query ($text: String!, $id: ID!) {
        a: orders(first: 9, number: [$text]) { nodes { id } }
        b: orders(first: 9, id: [$id]) { nodes { id } }
        c: orders(first: 9, customerId: [$id]) { nodes { id } }
        d: products(first: 9, sku: [$text]) { nodes { id } }
        e: products(first: 9, nameContains: $text) { nodes { id } }
        f: customers(first: 9, externalId: [$text]) { nodes { id } }
        g: fulfilments(first: 9, carrier: [$text]) { nodes { id } }
        h: orderLines(first: 9, totalCurrency: [$text]) { nodes { id } }
        i: node(id: $id) { id }
    }"""
    for wild in ("\0", "A-1\0", "\ud800", "order_9999999999999999999999", "' OR 1=1 --", "x" * 100_000):
        data = report(shop.staff, text, text=wild, id=wild)

        assert data.pop("i") is None
        assert [found["nodes"] for found in data.values()] == [[]] * 8


def test_more_values_than_a_filter_takes_are_refused(shop: Shop) -> None:
    text = "query ($numbers: [String!], $skus: [String!]) { %s }"
    numbers = (
        text
        % "list: orders(first: 1, number: $numbers) { nodes { id } } o: products(first: 1, sku: $skus) { nodes { id } }"
    )

    assert report(shop.staff, numbers, numbers=["x"] * 100, skus=["x"] * 100)["list"] == {"nodes": []}
    assert refused(shop.staff, numbers, numbers=["x"] * 101) == ["A filter takes 100 values at most; this has 101."]
    assert refused(shop.staff, numbers, skus=["x"] * 1001) == ["A filter takes 100 values at most; this has 1,001."]


def test_ids_of_another_workspace_find_nothing(shop: Shop, other_shop: Shop) -> None:
    fill(shop, 2)
    theirs = fill(other_shop, 4)
    order = Order.objects.get(pk=theirs[1].pk)
    given = {
        "order": order.topic,
        "customer": f"customer_{order.customer_id}",
        "line": f"line_{order.lines.get(ordinal=1).pk}",
        "parcel": f"fulfilment_{order.fulfilments.get(ordinal=1).pk}",
    }
    text = """query ($order: ID!, $customer: ID!, $line: ID!, $parcel: ID!) {
        orders(first: 9, id: [$order]) { nodes { id } }
        mine: orders(first: 9, customerId: [$customer]) { nodes { id } }
        customers(first: 9, id: [$customer]) { nodes { id } }
        orderLines(first: 9, id: [$line]) { nodes { id } }
        ofOrder: orderLines(first: 9, orderId: [$order]) { nodes { id } }
        fulfilments(first: 9, id: [$parcel]) { nodes { id } }
        parcels: fulfilments(first: 9, orderId: [$order]) { nodes { id } }
        a: node(id: $order) { id } b: node(id: $customer) { id } c: node(id: $line) { id } d: node(id: $parcel) { id }
    }"""

    told = report(shop.staff, text, **given)
    assert {name: found and found["nodes"] for name, found in told.items()} == {
        "orders": [],
        "mine": [],
        "customers": [],
        "orderLines": [],
        "ofOrder": [],
        "fulfilments": [],
        "parcels": [],
        "a": None,
        "b": None,
        "c": None,
        "d": None,
    }
    # Asked by those whose they are, the same ids find them.
    found = report(other_shop.staff, text, **given)
    assert [found[name]["id"] for name in "abcd"] == list(given.values())
    assert [len(found[name]["nodes"]) for name in list(told)[:7]] == [1, 1, 1, 1, 2, 1, 2]


@pytest.mark.parametrize("gid", ["role_admin", "store_1", "contact_1", "message_1", "order_0", "order_-1", "order", ""])
def test_what_is_not_on_the_list_is_no_node(shop: Shop, gid: str) -> None:
    shop.order()

    assert report(shop.staff, "query ($id: ID!) { node(id: $id) { id } }", id=gid) == {"node": None}


def test_an_unexpected_error_says_a_reference_and_nothing_of_what_happened(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE customers_customer RENAME TO gone")

    result = run(shop.staff, "{ customers(first: 1) { nodes { id } } }")

    assert result.errors
    [error] = result.errors
    words = r"Something went wrong on our side; nothing was half done\. The reference is ([0-9a-f]{8})\."
    found = re.fullmatch(words, error.message)
    assert found is not None
    assert error.extensions == {"code": "INTERNAL", "reference": found[1]}
    [record] = [record for record in caplog.records if found[1] in record.message]
    assert "customers_customer" in str(record.exc_info)
