"""Pages of reports: stable while rows come, of one size, whatever the cursor says."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.access import clock
from counterfoil.access.viewer import Viewer
from tests.factories import Shop
from tests.schema.reporting.world import NOON, fill, refused, report

pytestmark = [pytest.mark.feature("GQ-10"), pytest.mark.feature("GQ-2"), pytest.mark.django_db]

LISTS = ("orders", "orderLines", "fulfilments", "customers", "products")
PAGE = """query ($first: Int!, $after: String) { list: %s(first: $first, after: $after) {
    nodes { id } edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
} }"""


def pages(viewer: Viewer, name: str, first: int) -> Iterator[dict[str, Any]]:
    after = None
    while True:
        page = report(viewer, PAGE % name, first=first, after=after)["list"]
        yield page
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("name", LISTS)
def test_pages_give_each_row_once_in_the_order_of_the_whole(shop: Shop, name: str) -> None:
    fill(shop, 9)
    whole = [row["id"] for row in report(shop.staff, PAGE % name, first=100)["list"]["nodes"]]

    paged = list(pages(shop.staff, name, 2))

    assert len(whole) >= 3
    assert [row["id"] for page in paged for row in page["nodes"]] == whole
    assert [page["pageInfo"]["hasPreviousPage"] for page in paged] == [False] + [True] * (len(paged) - 1)
    for page in paged:
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]


def test_orders_that_come_while_one_pages_shift_nothing(shop: Shop) -> None:
    orders = fill(shop, 9)
    walk = pages(shop.staff, "orders", 2)
    seen = [row["id"] for row in next(walk)["nodes"]]
    for at, hours in enumerate((-1, 2, 2, 99)):  # behind, among and before what was read
        with clock.at(NOON + timedelta(hours=hours)):
            shop.order(number=f"B-{at}")
        seen += [row["id"] for row in next(walk)["nodes"]]

    seen += [row["id"] for page in walk for row in page["nodes"]]
    assert len(seen) == len(set(seen))
    assert {f"order_{order.pk}" for order in orders} <= set(seen)


def test_lines_of_an_order_are_paged_too(shop: Shop) -> None:
    fill(shop, 4)
    text = """query ($after: String) { orders(first: 1, number: "A-3") { nodes {
        lines(first: 3, after: $after) { nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor } }
    } } }"""
    begun = report(shop.staff, text)["orders"]["nodes"][0]["lines"]
    rest = report(shop.staff, text, after=begun["pageInfo"]["endCursor"])["orders"]["nodes"][0]["lines"]

    assert [line["name"] for line in begun["nodes"]] == ["Tin 0", "Tin 1", "Tin 2"]
    assert [line["name"] for line in rest["nodes"]] == ["Tin 3"]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)


@pytest.mark.parametrize("first", [0, -1, 101, 2_147_483_647])
@pytest.mark.parametrize("name", LISTS)
def test_a_page_of_no_size_is_refused_without_a_statement(shop: Shop, name: str, first: int) -> None:
    with CaptureQueriesContext(connection) as statements:
        told = refused(shop.staff, PAGE % name, first=first)

    assert told == [f"`first` is {first}; ask for 1 to 100 rows a page."]
    assert len(statements) == 0


def cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "nonsense",
        "YXJyYXljb25uZWN0aW9uOjE=",  # an offset: arrayconnection:1
        "é",
        "\0",
        cursor("order_lines", 5, 5),
        cursor("orders", "2026-03-02T12:00:00", 5),
        cursor("orders", "2026-03-02T12:00:00+00:00", 2**63),
        cursor("orders", "2026-03-02T12:00:00+00:00", "5 OR 1=1"),
        cursor("orders", "9999-12-31T23:59:59-12:00", 5),
        cursor("orders"),
    ],
)
def test_a_forged_cursor_is_refused(shop: Shop, forged: str) -> None:
    assert refused(shop.staff, PAGE % "orders", first=2, after=forged) == [
        "`after` is no cursor of this list. Use an `endCursor` or `cursor` that it gave you."
    ]


def test_a_cursor_of_another_list_is_refused(shop: Shop) -> None:
    fill(shop, 3)
    cursors = {name: report(shop.staff, PAGE % name, first=1)["list"]["pageInfo"]["endCursor"] for name in LISTS}
    for name in LISTS:
        for other, given in cursors.items():
            if other != name:
                assert len(refused(shop.staff, PAGE % name, first=1, after=given)) == 1, (name, other)


def test_a_cursor_of_another_workspace_shows_nothing_of_it(shop: Shop, other_shop: Shop) -> None:
    fill(other_shop, 9)
    fill(shop, 2)
    foreign = report(other_shop.staff, PAGE % "orderLines", first=1)["list"]["pageInfo"]["endCursor"]

    assert report(shop.staff, PAGE % "orderLines", first=100, after=foreign)["list"]["nodes"] == []
