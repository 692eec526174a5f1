"""Cursors and sizes that a list did not give or can't have, for every list of the schema (GQ-2)."""

from typing import Any

import pytest

from counterfoil.access.models import PartnerClient
from counterfoil.catalog.models import Product
from counterfoil.orders.models import Fulfilment
from tests.posting import Reply
from tests.schema import test_access_matrix as measured
from tests.schema.test_access_matrix import World
from tests.schema.test_contract import CONNECTIONS

pytestmark = [pytest.mark.feature("GQ-2"), pytest.mark.slow_on_postgresql]
world = measured.world
PAGE = "nodes { %s } pageInfo { startCursor endCursor hasNextPage }"
LISTS = sorted(CONNECTIONS)
_NODES = {"Query.waitingConversations": "order { id }"}


def asked(world: World, name: str, first: object, after: str | None, who: str = "admin") -> Reply:
    """A page of this list."""
    of, _, field = name.partition(".")
    rows = PAGE % _NODES.get(name, "id" if of == "Query" else "__typename")
    found = f"found: {field}(first: $first, after: $after) {{ {rows} }}"
    declared = "query ($first: Int!, $after: String, $id: ID = null) "
    if of == "Query":
        text, about = f"{declared.replace(', $id: ID = null', '')} {{ {found} }}", {}
    else:
        about = {"id": id_of(world, of)}
        text = f"{declared.replace('ID = null', 'ID!')} {{ node(id: $id) {{ ... on {of} {{ {found} }} }} }}"
    return world.ask[who](text, first=first, after=after, **about)


def id_of(world: World, kind: str) -> str:
    """Of something that has the list."""
    return {
        "Order": f"order_{world.order.pk}",
        "Customer": f"customer_{world.order.customer_id}",
        "Product": f"product_{Product.objects.get().pk}",
        "PartnerClient": f"client_{PartnerClient.objects.get().pk}",
        "Fulfilment": f"fulfilment_{Fulfilment.objects.get().pk}",
    }[kind]


def page(reply: Reply) -> dict[str, Any]:
    data = reply.data
    found = data.get("found") or data["node"]["found"]
    assert isinstance(found, dict)
    return found


@pytest.fixture
def cursors(world: World) -> dict[str, str]:
    """The cursor of the last row of each list."""
    found = {name: page(asked(world, name, 100, None))["pageInfo"]["endCursor"] for name in LISTS}
    assert None not in found.values(), "Each list has a row."
    return found


@pytest.mark.parametrize("name", LISTS)
def test_a_cursor_of_another_list_or_of_a_part_of_one_is_refused(
    world: World, cursors: dict[str, str], name: str
) -> None:
    own = cursors[name]
    parts = [own[:length] for length in range(0, len(own), 3)]

    for after in (
        *(cursor for cursor in cursors.values() if cursor != own),
        *parts,
        own[::-1],
        own.swapcase(),
        own * 2,
    ):
        reply = asked(world, name, 10, after)
        assert reply.codes == ["BAD_CURSOR"], after
        assert not any((reply.body["data"] or {}).values()) or reply.body["data"]["node"] == {"found": None}

    rest = page(asked(world, name, 10, own))
    assert (rest["nodes"], rest["pageInfo"]["hasNextPage"]) == ([], False)


@pytest.mark.parametrize("name", LISTS)
def test_a_page_of_any_list_has_one_to_a_hundred_rows(world: World, name: str) -> None:
    for first in (0, -1, 101, 2**31 - 1, -(2**31)):
        assert asked(world, name, first, None).codes == ["BAD_PAGE_SIZE"], first
    for size in (1, 100):
        assert 1 <= len(page(asked(world, name, size, None))["nodes"]) <= size


@pytest.mark.feature("AC-12")
@pytest.mark.parametrize("name", [name for name in LISTS if name.startswith("Query.")])
def test_a_cursor_of_another_workspace_only_says_where_to_begin(world: World, name: str) -> None:
    ours = page(asked(world, name, 100, None))["nodes"]
    theirs = page(asked(world, name, 100, None, "staff elsewhere"))["pageInfo"]

    for after in (theirs["startCursor"], theirs["endCursor"]):
        told = page(asked(world, name, 100, after))["nodes"]
        assert told == ours[len(ours) - len(told) :]


def test_a_cursor_under_another_filter_only_says_where_to_begin(world: World) -> None:
    for number in range(4):
        world.shop.order(number=f"N-{number}", customer="Quill" if number % 2 else "Fern")
    text = """query ($after: String, $word: String) { orders(first: 9, after: $after, filter: {search: $word}) {
        nodes { number } edges { cursor } } }"""

    quills = world.ask["admin"](text, word="Quill").data["orders"]
    ferns = world.ask["admin"](text, word="Fern", after=quills["edges"][0]["cursor"]).data["orders"]

    assert [node["number"] for node in quills["nodes"]] == ["N-3", "N-1"]
    assert [node["number"] for node in ferns["nodes"]] == ["N-2", "N-0"]
