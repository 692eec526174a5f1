"""The number of SQL statements depends on the shape of a report, never on the number of rows."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.access.viewer import Viewer
from tests.factories import Shop
from tests.schema.reporting.world import fill, report

pytestmark = [pytest.mark.feature("GQ-10"), pytest.mark.django_db, pytest.mark.slow_on_postgresql]

# orders 1, customer 1, lines 1, their order 1, its customer 1, parcels 1, their order 1; lines 1, their order 1, its
# lines 1, customer 1; parcels 1, their order 1; customers 1; products 1 with their categories.
EVERYTHING = """query ($first: Int!) {
    orders(first: $first) {
        nodes {
            number total { amount } customer { name }
            lines(first: 20) { nodes { name order { number customer { name } } } }
            fulfilments(first: 20) { nodes { number order { number } } }
        }
        edges { cursor node { id } } pageInfo { hasNextPage endCursor }
    }
    orderLines(first: $first) { nodes { id order { number customer { id } lines(first: 2) { nodes { id } } } } }
    fulfilments(first: $first) { nodes { id order { number } } }
    customers(first: $first) { nodes { name } }
    products(first: $first) { nodes { sku category } }
}"""
STATEMENTS = 15


def counted(viewer: Viewer, text: str, **variables: Any) -> tuple[dict[str, Any], int]:
    with CaptureQueriesContext(connection) as statements:
        data = report(viewer, text, **variables)
    return data, len(statements)


@pytest.mark.parametrize(("orders", "lines"), [(2, 3), (15, 36)])
def test_everything_takes_the_same_statements_at_any_size(shop: Shop, orders: int, lines: int) -> None:
    fill(shop, orders)

    data, statements = counted(shop.staff, EVERYTHING, first=100)

    assert (len(data["orders"]["nodes"]), len(data["orderLines"]["nodes"])) == (orders, lines)
    assert statements == STATEMENTS


def test_nothing_takes_a_statement_a_list(shop: Shop) -> None:
    data, statements = counted(shop.staff, EVERYTHING, first=100)

    empty = {"nodes": []}
    assert data == {
        "orders": empty | {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}},
        "orderLines": empty,
        "fulfilments": empty,
        "customers": empty,
        "products": empty,
    }
    assert statements == 5


def test_lines_of_orders_with_more_than_a_page_are_counted_off_in_one_more_statement(shop: Shop) -> None:
    fill(shop, 15)

    data, statements = counted(shop.staff, "{ orders(first: 20) { nodes { lines(first: 1) { nodes { name } } } } }")

    assert [len(node["lines"]["nodes"]) for node in data["orders"]["nodes"]] == [1] * 15
    assert statements == 3


def test_a_field_that_is_not_asked_for_is_not_loaded(shop: Shop) -> None:
    fill(shop, 3)

    _, statements = counted(shop.staff, "{ orders(first: 20) { nodes { number } } }")

    assert statements == 1


def test_who_sees_no_customers_takes_no_statement_for_them(shop: Shop) -> None:
    order = fill(shop, 2)[0]

    data, statements = counted(shop.guest(order), "{ orders(first: 20) { nodes { number customer { name } } } }")

    assert (data["orders"]["nodes"], statements) == ([{"number": "A-0", "customer": None}], 1)


@pytest.mark.once
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite tells its plan in words that can be compared.")
@pytest.mark.parametrize("name", ["orders", "orderLines", "fulfilments", "customers", "products"])
def test_a_page_is_read_from_an_index_and_not_sorted_out_of_all_rows(shop: Shop, name: str) -> None:
    fill(shop, 3)
    page = f"query ($after: String) {{ list: {name}(first: 1, after: $after) {{ pageInfo {{ endCursor }} }} }}"
    cursor = report(shop.staff, page)["list"]["pageInfo"]["endCursor"]
    for after in (None, cursor):
        with CaptureQueriesContext(connection) as statements:
            report(shop.staff, page, after=after)
        with connection.cursor() as cursors:
            cursors.execute(f"EXPLAIN QUERY PLAN {statements.captured_queries[0]['sql']}")
            steps = [str(step[3]) for step in cursors.fetchall()]

        assert "workspace_id=?" in steps[0]
        assert not any("B-TREE" in step or "SCAN" in step or "LIST SUBQUERY" in step for step in steps), steps
