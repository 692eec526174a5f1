"""The number of SQL statements depends on the shape of an operation, never on the number of rows."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.access.viewer import Viewer
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.events import relay
from counterfoil.mail.models import Mail, MailKind
from counterfoil.orders.actions import NewLine, change_status
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import Order, OrderStatus
from schema.context import Context
from schema.root import schema
from tests.factories import Shop

EVERYTHING = """query ($first: Int!) {
    viewer { kind name }
    workspace { name }
    position
    orders(first: $first) {
        nodes {
            id number status placedAt guestUrl
            total { amount currency }
            mailPreference { enabled belongsTo }
            store { id name language timeZone }
            customer { id name }
            contact { id name email hasAccount }
            lines(first: 5) { nodes { id name quantity unitPrice { amount } total { amount currency } } }
            fulfilments(first: 5) { nodes { id number status lines(first: 5) { nodes { quantity line { id sku } } } } }
            messages(first: 5) { nodes { id author authorName text mail { state reason sentAt } } }
            internalNotes(first: 5) { nodes { id authorName text writtenAt } }
        }
        edges { cursor }
        pageInfo { hasNextPage endCursor }
    }
}"""
# viewer 0, workspace 1, position 1, orders 1; and for all orders at once: store 1 (the guest's link shares it),
# customer 1, contact 1, lines 1, parcels 1, what is in them 1 and its lines 1, messages 1, their mails 1, notes 1.
STATEMENTS = 13

pytestmark = pytest.mark.slow_on_postgresql


def fill(shop: Shop, orders: int) -> list[Order]:
    """Orders that each have lines, a thread, its mails, and notes, all of them different."""
    filled = []
    for number in range(orders):
        lines = tuple(NewLine(f"tin {number}.{at}", at, Decimal(at)) for at in range(1, 2 + number % 4))
        order = shop.order(number=f"A-{number}", customer=f"Customer {number}", contact=f"Ana {number}", lines=lines)
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        for line in list(order.lines.all())[: 1 + number % 3]:
            fulfil(viewer=shop.staff, order=order, quantities={line.pk: 1})
        for at in range(1 + number % 3):
            send_message(viewer=shop.staff, order=order, text=f"message {number}.{at}")
            write_internal_note(viewer=shop.staff, order=order, text=f"note {number}.{at}")
        send_message(viewer=shop.guest(order), order=order, text=f"answer {number}")
        filled.append(order)
    relay.drain()
    told = Mail.objects.filter(kind=MailKind.MESSAGE)  # parcels are told of too
    assert told.count() == sum(1 + number % 3 for number in range(orders))
    return filled


def run(viewer: Viewer, text: str, **variables: Any) -> tuple[dict[str, Any], int]:
    """An operation's data, and how many statements it took."""
    with CaptureQueriesContext(
        connection,
    ) as statements:
        result = schema.execute_sync(text, variable_values=variables, context_value=Context(viewer=viewer))
    assert not result.errors, result.errors
    assert result.data is not None
    return result.data, len(statements)


@pytest.mark.parametrize("orders", [2, 20])
def test_a_page_of_orders_with_everything_takes_the_same_statements_at_any_size(shop: Shop, orders: int) -> None:
    fill(shop, orders)

    data, statements = run(shop.staff, EVERYTHING, first=100)

    assert len(data["orders"]["nodes"]) == orders
    assert statements == STATEMENTS


def test_every_order_of_a_batch_has_its_own_parts(shop: Shop) -> None:
    orders = fill(shop, 20)

    data, _ = run(shop.staff, EVERYTHING, first=100)

    found = {node["number"]: node for node in data["orders"]["nodes"]}
    assert len(found) == 20
    for number, order in enumerate(orders):
        node = found[f"A-{number}"]
        assert node["id"] == f"order_{order.pk}"
        assert node["guestUrl"] == order.guest_url
        assert node["customer"]["name"] == f"Customer {number}"
        assert node["contact"]["name"] == f"Ana {number}"
        assert node["store"]["name"] == "Fennel & Twine"
        assert [line["name"] for line in node["lines"]["nodes"]] == [
            f"tin {number}.{at}" for at in range(1, 2 + number % 4)
        ]
        newest_first = [*reversed([f"message {number}.{at}" for at in range(1 + number % 3)])]
        messages = node["messages"]["nodes"]
        assert [message["text"] for message in messages] == [f"answer {number}", *newest_first]
        assert [message["mail"] and message["mail"]["state"] for message in messages] == [
            None,
            *["QUEUED"] * len(newest_first),
        ]
        assert [note["text"] for note in node["internalNotes"]["nodes"]] == [
            text.replace("message", "note") for text in newest_first
        ]


@pytest.mark.parametrize("messages", [2, 20])
def test_a_thread_with_its_mails_takes_the_same_statements_at_any_length(shop: Shop, messages: int) -> None:
    order = shop.order(number="INV-7")
    for number in range(messages):
        send_message(viewer=shop.staff, order=order, text=f"message {number}")
    relay.drain()
    text = """{ orderByNumber(number: "INV-7") {
        messages(first: 100) { nodes { text mail { state } } }
    } }"""

    data, statements = run(shop.staff, text)

    assert len(data["orderByNumber"]["messages"]["nodes"]) == messages
    assert statements == 3  # the order, its messages, their mails


@pytest.mark.parametrize("guest_orders", [2, 20])
def test_a_guests_order_takes_the_same_statements_however_many_others_there_are(shop: Shop, guest_orders: int) -> None:
    orders = fill(shop, guest_orders)
    text = """{ orders(first: 100) { nodes {
        store { name } customer { name } contact { name } guestUrl
        lines(first: 5) { nodes { name } }
        messages(first: 5) { nodes { text mail { state } } }
        internalNotes(first: 5) { nodes { text } }
    } } }"""

    data, statements = run(shop.guest(orders[0]), text)

    assert len(data["orders"]["nodes"]) == 1
    # the order, its store, its lines, its messages: what a guest may not see is not looked for
    assert statements == 4


@pytest.mark.parametrize(
    ("fields", "statements"),
    [
        ("a: lines(first: 5) { nodes { id } }", 2),
        ("a: lines(first: 5) { nodes { id } } b: lines(first: 5) { nodes { name } }", 2),
        ("a: lines(first: 5) { nodes { id } } b: lines(first: 6) { nodes { id } }", 3),
        ("a: messages(first: 5) { nodes { id } } b: messages(first: 5) { nodes { text } }", 2),
        ("a: messages(first: 5) { nodes { id } } b: messages(first: 5, after: null) { nodes { text } }", 2),
        ("a: internalNotes(first: 1) { nodes { id } } b: internalNotes(first: 1) { edges { cursor } }", 2),
        ("a: store { id } b: store { name } guestUrl", 2),
        ("a: customer { id } b: customer { name }", 2),
        ("a: contact { id } b: contact { email }", 2),
    ],
)
def test_aliases_with_the_same_arguments_share_a_statement(shop: Shop, fields: str, statements: int) -> None:
    fill(shop, 5)

    data, taken = run(shop.staff, f"{{ orders(first: 9) {{ nodes {{ {fields} }} }} }}")

    assert len(data["orders"]["nodes"]) == 5
    assert taken == statements


def test_two_lists_of_orders_do_not_mix_what_they_loaded(shop: Shop) -> None:
    fill(shop, 4)
    text = """{
        drafts: orders(first: 2) { nodes { number lines(first: 9) { nodes { name } } } }
        again: orders(first: 4) { nodes { number lines(first: 9) { nodes { name } } } }
        none: orders(first: 4, filter: {status: INVOICED}) { nodes { lines(first: 9) { nodes { name } } } }
    }"""

    data, _ = run(shop.staff, text)

    assert [node["number"] for node in data["again"]["nodes"]] == ["A-3", "A-2", "A-1", "A-0"]
    assert data["drafts"]["nodes"] == data["again"]["nodes"][:2]
    assert data["none"]["nodes"] == []
    for node in data["again"]["nodes"]:
        assert {line["name"].split(".")[0] for line in node["lines"]["nodes"]} == {f"tin {node['number'][2:]}"}


def test_what_is_not_asked_for_is_not_loaded(shop: Shop) -> None:
    fill(shop, 3)

    _, statements = run(shop.staff, "{ orders(first: 9) { nodes { id number total { amount } } } }")

    assert statements == 1
