"""Keyset paging: stable while rows are inserted, in either direction, whatever the cursor says (GQ-2)."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from counterfoil.access import clock
from counterfoil.access.viewer import Viewer
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.conversations.models import Message
from counterfoil.orders.actions import NewLine
from counterfoil.orders.models import Order, OrderLine
from schema import relay
from schema.context import Context
from schema.relay import Keyset
from schema.root import schema
from tests.factories import Shop

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAGE = "nodes { id %s } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
LISTS = {
    "orders": "query ($first: Int!, $after: String) { list: orders(first: $first, after: $after) { %s } }"
    % (PAGE % "number"),
    **{
        name: 'query ($first: Int!, $after: String) { orderByNumber(number: "INV-7") '
        f"{{ list: {name}(first: $first, after: $after) {{ {PAGE % field} }} }} }}"
        for name, field in (("lines", "name"), ("messages", "text"), ("internalNotes", "text"))
    },
}
FIELD = {"orders": "number", "lines": "name", "messages": "text", "internalNotes": "text"}

type Page = dict[str, Any]
type Add = Callable[[str, datetime], None]


@pytest.fixture
def order(shop: Shop) -> Order:
    with clock.at(NOON - timedelta(days=30)):
        return shop.order(number="INV-7", lines=(NewLine("first line", 1, Decimal(1)),))


@pytest.fixture
def add(shop: Shop, order: Order, name: str) -> Add:
    """Add a row to the list, as of a moment; lines have no moment, they go to the end."""

    def run(text: str, moment: datetime) -> None:
        with clock.at(moment):
            match name:
                case "orders":
                    shop.order(number=text)
                case "lines":
                    ordinal = OrderLine.objects.filter(order=order).count() + 1
                    OrderLine.objects.create(
                        workspace=shop.workspace,
                        order=order,
                        ordinal=ordinal,
                        name=text,
                        quantity=1,
                        unit_price=1,
                        total=1,
                    )
                case "messages":
                    send_message(viewer=shop.staff, order=order, text=text)
                case _:
                    write_internal_note(viewer=shop.staff, order=order, text=text)

    return run


def page(viewer: Viewer, name: str, first: object, after: str | None = None) -> Page:
    result = schema.execute_sync(
        LISTS[name], variable_values={"first": first, "after": after}, context_value=Context(viewer=viewer)
    )
    assert not result.errors, result.errors
    assert result.data is not None
    found = result.data["list"] if name == "orders" else result.data["orderByNumber"]["list"]
    assert [edge["node"]["id"] for edge in found["edges"]] == [node["id"] for node in found["nodes"]]
    if found["nodes"]:
        assert found["pageInfo"]["startCursor"] == found["edges"][0]["cursor"]
        assert found["pageInfo"]["endCursor"] == found["edges"][-1]["cursor"]
    assert isinstance(found, dict)
    return found


def texts(name: str, found: Page) -> list[str]:
    return [node[FIELD[name]] for node in found["nodes"]]


def refused(viewer: Viewer, name: str, first: object, after: object = None) -> tuple[str | None, str]:
    """How a page is refused: the error's code and words."""
    result = schema.execute_sync(
        LISTS[name], variable_values={"first": first, "after": after}, context_value=Context(viewer=viewer)
    )
    assert ((result.data or {}).get("orderByNumber") or {}).get("list") is None
    assert result.errors
    [error] = result.errors
    return (error.extensions or {}).get("code"), error.message


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize("name", LISTS)
def test_pages_show_every_row_once_in_order(shop: Shop, add: Add, name: str) -> None:
    for number in range(7):
        add(f"r{number}", NOON + timedelta(minutes=number))
    expected = [f"r{number}" for number in range(7)]
    if name != "lines":
        expected.reverse()
    if name == "orders":
        expected = [*expected, "INV-7"]
    if name == "lines":
        expected = ["first line", *expected]

    seen: list[str] = []
    found = page(shop.staff, name, 3)
    assert found["pageInfo"]["hasPreviousPage"] is False
    while True:
        seen += texts(name, found)
        if not found["pageInfo"]["hasNextPage"]:
            break
        assert len(found["nodes"]) == 3
        found = page(shop.staff, name, 3, found["pageInfo"]["endCursor"])
        assert found["pageInfo"]["hasPreviousPage"] is True

    assert seen == expected


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize("name", ["orders", "messages", "internalNotes"])
def test_rows_of_the_same_moment_are_each_shown_once(shop: Shop, add: Add, name: str) -> None:
    for number in range(6):
        add(f"r{number}", NOON)

    seen: list[str] = []
    after = None
    for _ in range(6):
        found = page(shop.staff, name, 1, after)
        seen += texts(name, found)
        after = found["pageInfo"]["endCursor"]

    assert seen == ["r5", "r4", "r3", "r2", "r1", "r0"]


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize("name", LISTS)
def test_rows_that_are_added_meanwhile_shift_nothing(shop: Shop, add: Add, name: str) -> None:
    for number in range(6):
        add(f"r{number}", NOON + timedelta(minutes=number))

    first = page(shop.staff, name, 3)
    add("newer", NOON + timedelta(days=1))
    add("same-moment", NOON + timedelta(minutes=3))
    add("older", NOON - timedelta(days=1))
    rest = page(shop.staff, name, 100, first["pageInfo"]["endCursor"])

    if name == "lines":  # a line is always added at the end, and so behind the cursor
        assert texts(name, first) == ["first line", "r0", "r1"]
        assert texts(name, rest) == ["r2", "r3", "r4", "r5", "newer", "same-moment", "older"]
        return
    # Of the moment at which the page ended, the row that was added last stands first: before the cursor.
    assert texts(name, first) == ["r5", "r4", "r3"]
    assert texts(name, rest)[:4] == ["r2", "r1", "r0", "older"]
    begun_again = texts(name, page(shop.staff, name, 100))
    assert begun_again[:5] == ["newer", "r5", "r4", "same-moment", "r3"]


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize("name", LISTS)
def test_a_cursor_outlives_its_row(shop: Shop, add: Add, name: str) -> None:
    for number in range(4):
        add(f"r{number}", NOON + timedelta(minutes=number))
    found = page(shop.staff, name, 2)
    model, pk = found["nodes"][1]["id"].rsplit("_", 1)

    if model == "order":
        Order.objects.get(pk=pk).delete()
    elif model == "line":
        OrderLine.objects.get(pk=pk).delete()
    else:
        Message.objects.get(pk=pk).delete()

    rest = texts(name, page(shop.staff, name, 2, found["pageInfo"]["endCursor"]))
    assert rest == (["r1", "r2"] if name == "lines" else ["r1", "r0"])


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1, -(2**31)])
def test_a_page_has_one_to_a_hundred_rows(shop: Shop, order: Order, name: str, first: int) -> None:
    code, message = refused(shop.staff, name, first)

    assert code == "BAD_PAGE_SIZE"
    assert message == f"`first` is {first}; ask for 1 to 100 rows a page."


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("first", [None, 2**31, "10", 1.5, True])
def test_a_page_without_a_size_never_runs(shop: Shop, order: Order, name: str, first: object) -> None:
    _code, message = refused(shop.staff, name, first)

    assert "$first" in message


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize(
    "text",
    [
        "{ orders { nodes { id } } }",
        '{ orderByNumber(number: "INV-7") { lines { nodes { id } } } }',
        '{ orderByNumber(number: "INV-7") { messages { nodes { id } } } }',
        '{ orderByNumber(number: "INV-7") { internalNotes { nodes { id } } } }',
    ],
)
def test_every_list_asks_for_first(shop: Shop, text: str) -> None:
    result = schema.execute_sync(text, context_value=Context(viewer=shop.staff))

    assert result.data is None
    assert result.errors
    assert "(first:)' of type 'Int!' is required" in result.errors[0].message


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize(("name", "size"), [(name, size) for name in LISTS for size in (1, 100)])
def test_one_and_a_hundred_are_sizes(shop: Shop, order: Order, name: str, size: int) -> None:
    if name == "lines":
        OrderLine.objects.bulk_create(
            OrderLine(
                workspace=shop.workspace,
                order=order,
                ordinal=number,
                name="Tin",
                quantity=1,
                unit_price=1,
                total=1,
            )
            for number in range(2, 152)
        )

    found = page(shop.staff, name, size)

    count = {"orders": 1, "lines": 151}.get(name, 0)
    assert len(found["nodes"]) == min(count, size)
    assert found["pageInfo"]["hasNextPage"] is (count > size)


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize("name", ["messages", "internalNotes"])
def test_an_empty_page_has_no_cursors(shop: Shop, order: Order, name: str) -> None:
    assert page(shop.staff, name, 10) == {
        "nodes": [],
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }


def cursor(*parts: object) -> str:
    """A cursor of our own making."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()


NAMES = {"orders": "orders", "lines": "lines", "messages": "messages", "internalNotes": "notes"}
FIRST_MOMENT, LAST_MOMENT = "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00"
WRONG: dict[str, Callable[[str, object], str]] = {
    "empty": lambda _name, _value: "",
    "no base64": lambda _name, _value: "!!!",
    "one letter": lambda _name, _value: "A",
    "not ascii": lambda _name, _value: "é🫖",
    "half a pair": lambda _name, _value: "\ud800",
    "nul": lambda _name, _value: "\0",
    "not json": lambda _name, _value: base64.urlsafe_b64encode(b"hello").decode(),
    "not utf-8": lambda _name, _value: base64.urlsafe_b64encode(b"\xff\xfe\xfd").decode(),
    "an object": lambda _name, _value: base64.urlsafe_b64encode(b'{"a": 1}').decode(),
    "a number": lambda _name, _value: base64.urlsafe_b64encode(b"5").decode(),
    "null": lambda _name, _value: base64.urlsafe_b64encode(b"null").decode(),
    "nested deeply": lambda _name, _value: base64.urlsafe_b64encode(b"[" * 50_000).decode(),
    "a huge number": lambda _name, _value: base64.urlsafe_b64encode(b"9" * 10_000).decode(),
    "too short": cursor,
    "too long": lambda name, value: cursor(name, value, 5, 5),
    "no key": lambda name, value: cursor(name, value, None),
    "a key that is text": lambda name, value: cursor(name, value, "5"),
    "a key that is a fraction": lambda name, value: cursor(name, value, 5.0),
    "a key that is true": lambda name, value: cursor(name, value, True),
    "a key beyond every row": lambda name, value: cursor(name, value, 2**63),
    "no value": lambda name, _value: cursor(name, None, 5),
    "a value that is a list": lambda name, value: cursor(name, [value], 5),
    "a value that is a fraction": lambda name, _value: cursor(name, 5.5, 5),
    "a value that is no number": lambda name, _value: cursor(name, float("nan"), 5),
    "a value of the other kind": lambda name, value: cursor(name, 5 if isinstance(value, str) else FIRST_MOMENT, 5),
    "a value that is too large": lambda name, _value: cursor(name, 2**63, 5),
    "a moment without a zone": lambda name, _value: cursor(name, "2026-03-02T12:00:00", 5),
    "a moment before time": lambda name, _value: cursor(name, "0001-01-01T00:00:00+23:59", 5),
    "a moment after time": lambda name, _value: cursor(name, "9999-12-31T23:59:59-23:59", 5),
    "no moment": lambda name, _value: cursor(name, "yesterday", 5),
    "another list": lambda name, value: cursor({"orders": "messages"}.get(name, "orders"), value, 5),
    "no list": lambda _name, value: cursor(None, value, 5),
}


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_cursor_of_the_list_is_refused(shop: Shop, order: Order, name: str, wrong: str) -> None:
    value: object = 1 if name == "lines" else NOON.isoformat()

    code, message = refused(shop.staff, name, 10, WRONG[wrong](NAMES[name], value))

    assert code == "BAD_CURSOR"
    assert message == "`after` is no cursor of this list. Use an `endCursor` or `cursor` that it gave you."


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize("name", LISTS)
def test_a_cursor_that_was_made_up_well_only_begins_elsewhere(shop: Shop, add: Add, name: str) -> None:
    add("r0", NOON)
    made_up: list[object] = [0, -5, 2**31, 2**62] if name == "lines" else [FIRST_MOMENT, LAST_MOMENT]

    found = [texts(name, page(shop.staff, name, 100, cursor(NAMES[name], value, 2**62))) for value in made_up]

    everything = texts(name, page(shop.staff, name, 100))
    assert found == ([everything, everything, [], []] if name == "lines" else [[], everything])


@pytest.mark.feature("GQ-2")
def test_a_cursor_of_one_list_is_refused_by_every_other(shop: Shop, order: Order) -> None:
    send_message(viewer=shop.staff, order=order, text="one")
    write_internal_note(viewer=shop.staff, order=order, text="one")
    cursors = {name: page(shop.staff, name, 1)["pageInfo"]["endCursor"] for name in LISTS}

    for own, given in cursors.items():
        assert isinstance(given, str)
        for name in LISTS:
            if name == own:
                page(shop.staff, name, 1, given)
            else:
                assert refused(shop.staff, name, 1, given)[0] == "BAD_CURSOR"


@pytest.mark.once
def test_a_keyset_orders_by_its_field_and_then_by_the_row() -> None:
    assert Keyset("orders", "placed_at").order == ("-placed_at", "-pk")
    assert Keyset("lines", "ordinal", descending=False, of=int).order == ("ordinal", "pk")


@pytest.mark.feature("GQ-2")
def test_a_guest_pages_through_their_messages_alone(shop: Shop, order: Order) -> None:
    guest = shop.guest(order)
    for number in range(4):
        send_message(viewer=guest, order=order, text=f"r{number}")
        write_internal_note(viewer=shop.staff, order=order, text=f"note {number}")

    first = page(guest, "messages", 2)
    rest = page(guest, "messages", 2, first["pageInfo"]["endCursor"])

    assert texts("messages", first) + texts("messages", rest) == ["r3", "r2", "r1", "r0"]
    assert rest["pageInfo"]["hasNextPage"] is False


NESTED = """query ($first: Int!) { orders(first: 10) { nodes {
    number lines(first: $first) { nodes { name } pageInfo { hasNextPage } }
} } }"""


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize(
    ("counts", "first", "statements"),
    [
        ([1, 1, 1], 2, 2),  # far fewer than pages could hold
        ([1, 2, 8], 3, 2),  # one of them goes on, all are fewer still
        ([9, 1, 1], 2, 3),  # so many that they are counted off
        ([3, 3, 3], 2, 3),  # exactly what would fill all pages, and one more each
        ([1] * 9 + [41], 4, 3),
        ([9], 2, 2),  # one alone is its own page
    ],
)
def test_pages_within_a_page_are_each_whole(shop: Shop, counts: list[int], first: int, statements: int) -> None:
    for number, count in enumerate(counts):
        names = [f"{number}.{at}" for at in range(count)]
        shop.order(number=f"N-{number}", lines=tuple(NewLine(name, 1, Decimal(1)) for name in names))

    with CaptureQueriesContext(connection) as taken:
        result = schema.execute_sync(NESTED, variable_values={"first": first}, context_value=Context(viewer=shop.staff))

    assert not result.errors, result.errors
    found = {order["number"]: order["lines"] for order in (result.data or {})["orders"]["nodes"]}
    assert found == {
        f"N-{number}": {
            "nodes": [{"name": f"{number}.{at}"} for at in range(min(count, first))],
            "pageInfo": {"hasNextPage": count > first},
        }
        for number, count in enumerate(counts)
    }
    assert len(taken) == statements


@pytest.mark.feature("GQ-2")
def test_a_page_within_a_page_stays_small_however_much_there_is(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "FEW_ROWS", 5)
    for number in range(3):
        shop.order(number=f"N-{number}", lines=tuple(NewLine(f"tin {at}", 1, Decimal(1)) for at in range(4)))
    read: list[int] = []

    def lines_of(rows: QuerySet[OrderLine]) -> list[LineRow]:
        found = [LineRow(*row) for row in rows.values_list("pk", "ordinal", "order_id")]
        read.append(len(found))
        return found

    pages = relay.Keyset("lines", "ordinal", descending=False, of=int).cut_each(
        OrderLine.objects.all(),
        lines_of,
        parent="order_id",
        parents=[order.pk for order in Order.objects.all()],
        first=2,
        after=None,
    )

    assert [len(page.nodes) for page in pages.values()] == [2, 2, 2]
    assert read == [5, 9]


class LineRow(NamedTuple):
    """What a page is cut from."""

    pk: int
    ordinal: int
    parent: int
