"""Pages of a story: every entry once, whatever comes meanwhile, with as many statements for ten as for ten thousand."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from counterfoil.access import clock
from counterfoil.conversations.actions import send_message
from counterfoil.conversations.models import Message
from counterfoil.customers.models import Customer
from counterfoil.events.models import Event
from counterfoil.interactions.actions import log_interaction
from counterfoil.interactions.models import Interaction, InteractionType
from counterfoil.orders.models import Order, Return
from schema.context import Context
from schema.root import schema
from schema.timeline.facts import OF_CUSTOMERS
from tests.eventful import NOON, eventful
from tests.factories import Shop
from tests.schema.timeline.asking import OF_A_CUSTOMER, OF_AN_ORDER, kinds, page

pytestmark = [pytest.mark.feature("IN-11"), pytest.mark.feature("GQ-2")]

# Of which source an entry is, and the minute in which it happened: few, so that most are of several entries.
COMING = st.lists(st.tuples(st.sampled_from(["event", "order", "return", "entry"]), st.integers(0, 3)), max_size=6)
WALKS = st.tuples(COMING, COMING, st.integers(1, 7), st.lists(COMING, max_size=5), st.booleans())


def told_by_pages(shop: Shop, gid: str, size: int, between: list[Any]) -> list[tuple[str, str, str]]:
    """All entries, by pages of this size; `between` two of them things happen."""
    told: list[tuple[str, str, str]] = []
    after, steps = None, list(between)
    for _ in range(100):  # a cursor that stands still would go on for ever
        found = page(shop.staff, gid, size, after)
        told += [_called(node) for node in found["nodes"]]
        assert [edge["cursor"] for edge in found["edges"]][-1:] == [found["pageInfo"]["endCursor"]][
            : len(found["edges"])
        ]
        after = found["pageInfo"]["endCursor"] or after
        if not found["pageInfo"]["hasNextPage"]:
            return told
        if steps:
            steps.pop(0)()
    raise AssertionError("There is no end to the pages.")


def _called(node: dict[str, Any]) -> tuple[str, str, str]:
    what = node["interaction"] or node["order"] or {"id": node["creditNote"] or ""}
    return node["happenedAt"], node["kind"], str(what["id"]) + str(node["amount"] and node["amount"]["amount"])


@pytest.mark.slow_on_postgresql
@pytest.mark.parametrize("of", ["customer", "order"])
def test_whatever_happens_meanwhile_nothing_is_told_twice_and_nothing_that_was_there_is_left_out(
    shop: Shop, of: str
) -> None:
    order = shop.order(number="INV-7")
    gid = order.topic if of == "order" else f"customer_{order.customer_id}"
    numbers = iter(range(10**6)).__next__

    def happen(things: list[tuple[str, int]]) -> None:
        for what, minute in things:
            _make(shop, order, what, NOON + timedelta(minutes=minute), numbers())

    @examples(
        derandomize=True,
        max_examples=50,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(walk=WALKS)
    def run(walk: Any) -> None:
        there, more, size, between, _ = walk
        with transaction.atomic():
            happen([*there, *more])
            before = [_called(node) for node in page(shop.staff, gid)["nodes"]]
            steps = [lambda things=things: happen(things) for things in between]

            told = told_by_pages(shop, gid, size, steps)

            assert len(told) == len(set(told))
            assert [one for one in told if one in before] == before
            transaction.set_rollback(True)

    run()


def _make(shop: Shop, order: Order, what: str, moment: datetime, number: int) -> None:
    rows = {"workspace": shop.workspace}
    match what:
        case "event":  # an amount, by which each is told from the others
            data = {"amount": f"{number}.00", "currency": "GBP"}
            Event.objects.create(
                kind="order.payment_taken",
                topic=order.topic,
                customer_id=order.customer_id,
                actor=shop.staff.reference,
                data=data,
                created_at=moment,
                **rows,
            )
        case "order":
            kept = {field.attname: getattr(order, field.attname) for field in Order._meta.concrete_fields}
            Order.objects.create(**{**kept, "id": None, "number": f"N-{number}", "placed_at": moment})
        case "return":
            Return.objects.create(
                customer=order.customer, number=f"C-{number}", currency="GBP", total=1, returned_at=moment, **rows
            )
        case _:
            with clock.at(moment):
                log_interaction(
                    viewer=shop.staff, customer=order.customer, order=order, type=InteractionType.NOTE, text="!"
                )


@pytest.mark.parametrize("size", [1, 2, 3, 25])
def test_pages_of_any_size_tell_the_whole_story_once(shop: Shop, size: int) -> None:
    happened = eventful(shop)
    for gid in (happened.gid, happened.order.topic):
        whole = [_called(node) for node in page(shop.staff, gid)["nodes"]]

        assert told_by_pages(shop, gid, size, []) == whole


def cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()


def test_a_cursor_of_another_story_or_list_or_of_no_form_is_refused(shop: Shop) -> None:
    happened = eventful(shop)
    moment = NOON.isoformat()
    own = page(shop.staff, happened.gid, 3)["pageInfo"]["endCursor"]
    of_the_order = page(shop.staff, happened.order.topic, 3)["pageInfo"]["endCursor"]
    bad = [
        cursor("messages", moment, 1),
        cursor("timeline", moment, 1),
        cursor("timeline", moment, 1, 1, 1),
        cursor("timeline", "2026-03-02T12:00:00", 0, 1),
        cursor("timeline", moment, "0", 1),
        cursor("timeline", moment, True, 1),
        cursor("timeline", moment, 0, 2**63),
        *("", "x", own[:-3], own.swapcase(), own * 2),
    ]

    for text, gid, after in (
        *((OF_A_CUSTOMER, happened.gid, one) for one in (*bad, of_the_order)),
        *((OF_AN_ORDER, happened.order.topic, one) for one in (*bad, own)),
    ):
        result = schema.execute_sync(
            text, variable_values={"id": gid, "first": 3, "after": after}, context_value=Context(viewer=shop.staff)
        )
        assert [(error.extensions or {}).get("code") for error in result.errors or []] == ["BAD_CURSOR"], after


def test_a_cursor_says_where_to_go_on_whatever_source_its_entry_was_of(shop: Shop) -> None:
    order = shop.order(number="INV-7")
    for number, what in enumerate(("event", "order", "return", "entry")):
        _make(shop, order, what, NOON, number)

    class Row:
        happened_at, pk = NOON, 10**9

    sources = {"interaction.logged": 0, "order.payment_taken": 0, "goods.credited": 2, "order.placed": 3}
    for source in range(-2, 9):
        Row.source = source  # type: ignore[attr-defined]
        told = kinds(shop.staff, f"customer_{order.customer_id}", after=OF_CUSTOMERS.encode(Row))
        assert told == [kind for kind, of in sources.items() if of >= source], source


def fill(shop: Shop, order: Order, count: int) -> None:
    """A long story: so many messages, of staff and of the customer, and entries of the log."""
    first = send_message(viewer=shop.staff, order=order, text="hello")
    rows: dict[str, Any] = {"workspace": shop.workspace}
    moments = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=number) for number in range(count)]
    messages = Message.objects.bulk_create(
        Message(
            conversation=first.conversation,
            visibility="customer",
            author="staff",
            staff=shop.member,
            author_name="Mara",
            text=f"message {number}",
            sent_at=moment,
            **rows,
        )
        for number, moment in enumerate(moments)
    )
    logged = Interaction.objects.bulk_create(
        Interaction(
            customer=order.customer,
            order=order,
            type="note",
            text=f"entry {number}",
            folded=f"entry {number}",
            staff=shop.member,
            author_name="Mara",
            logged_at=moment,
            **rows,
        )
        for number, moment in enumerate(moments)
    )
    common: dict[str, Any] = {"customer_id": order.customer_id, "actor": shop.staff.reference, **rows}
    Event.objects.bulk_create(
        event
        for message, entry in zip(messages, logged, strict=True)
        for event in (
            Event(
                kind="message.sent",
                topic=order.topic,
                data={"message": message.pk},
                created_at=message.sent_at,
                **common,
            ),
            Event(
                kind="interaction.logged",
                topic=f"customer_{order.customer_id}",
                data={"interaction": entry.pk, "order": order.pk},
                created_at=entry.logged_at,
                **common,
            ),
        )
    )


@pytest.mark.parametrize("of", ["customer", "order"])
def test_a_page_takes_as_many_statements_of_ten_thousand_entries_as_of_ten(shop: Shop, of: str) -> None:
    taken = {}
    for count in (5, 5_000):
        order = shop.order(number=f"INV-{count}")
        fill(shop, order, count)
        gid = order.topic if of == "order" else f"customer_{order.customer_id}"
        with CaptureQueriesContext(connection) as statements:
            found = page(shop.staff, gid, 10)
        assert len(found["nodes"]) == 10
        assert found["pageInfo"]["hasNextPage"]
        taken[count] = len(statements)

    # whose story 1, its events 1, orders 1 and returns 1, and of an order what was logged about it 1; and for all that
    # is told at once: who placed the orders 1, names 1, orders 1, messages 1, what was logged 1, the orders of that 1.
    assert taken == dict.fromkeys(taken, 10 if of == "customer" else 11)


def test_stories_of_many_customers_take_the_statements_of_one(shop: Shop) -> None:
    text = """query { customers(first: 100) { nodes { timeline(first: 5) { nodes {
        kind actorName order { number } message { text } fulfilment { number } linesPacked linesOrdered } } } } }"""
    taken = []
    for _ in range(2):
        for number in range(6):
            order = shop.order(number=f"N-{Customer.objects.count()}-{number}")
            send_message(viewer=shop.staff, order=order, text="hello")
        with CaptureQueriesContext(connection) as statements:
            result = schema.execute_sync(text, context_value=Context(viewer=shop.staff))
        assert not result.errors
        taken.append(len(statements))

    assert taken[0] == taken[1] == 8  # customers, events, orders, returns, who placed them, names, orders, messages
