"""A mutation that two processes are sent at the same moment, or that a killed one left half done, is done once."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from counterfoil.access.models import MutationRecord
from counterfoil.conversations.models import Message
from counterfoil.events.models import Event
from counterfoil.orders.actions import change_status
from counterfoil.orders.models import Fulfilment, Order, OrderStatus
from tests.factories import Shop
from tests.posting import post, token_of
from tests.serving import PATIENCE, database_address

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.feature("GQ-3")]
PROJECT = Path(__file__).parents[2]
ROUNDS = 4
PROBLEM = "... on Problem { code field message }"
DOCUMENTS = {
    "sendMessage": f"""mutation ($input: SendMessageInput!) {{ sendMessage(input: $input) {{
        ... on SendMessageSuccess {{ sent {{ id }} }} {PROBLEM} }} }}""",
    "placeOrder": f"""mutation ($input: PlaceOrderInput!) {{ placeOrder(input: $input) {{
        ... on PlaceOrderSuccess {{ order {{ id number }} }} {PROBLEM} }} }}""",
    "recordPayment": f"""mutation ($input: RecordPaymentInput!) {{ recordPayment(input: $input) {{
        ... on RecordPaymentSuccess {{ order {{ id }} }} {PROBLEM} }} }}""",
    "fulfilOrder": f"""mutation ($input: FulfilOrderInput!) {{ fulfilOrder(input: $input) {{
        ... on FulfilOrderSuccess {{ fulfilment {{ id }} }} {PROBLEM} }} }}""",
}


class Process:
    """A process of the product that sends what it is told to."""

    def __init__(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERFOIL_")}
        environment |= {
            "DJANGO_SETTINGS_MODULE": "counterfoil.site.settings",
            "COUNTERFOIL_DATABASE": database_address(),
            "COUNTERFOIL_SECRET_KEY": "for-tests-only",
            "COUNTERFOIL_HOSTS": "fennel.test",
        }
        command, pipe = [sys.executable, "-m", "tests.schema.sender"], subprocess.PIPE
        self.popen = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, cwd=PROJECT, text=True)

    def line(self) -> str:
        """What it says next; nothing once it is dead."""
        assert self.popen.stdout is not None
        return self.popen.stdout.readline().strip()

    def tell(self, **what: Any) -> None:
        """Let it send something."""
        assert self.popen.stdin is not None
        print(json.dumps(what), file=self.popen.stdin, flush=True)


@contextmanager
def process() -> Iterator[Process]:
    """One that is ready; it ends with the test."""
    started = Process()
    with started.popen:
        try:
            assert started.line() == "ready"
            yield started
        finally:
            started.popen.kill()


def body(mutation: str, order: Order, key: str) -> dict[str, Any]:
    """What would be done twice if it were done twice."""
    about: dict[str, Any] = {"orderId": f"order_{order.pk}"}
    line = order.lines.get(ordinal=2)
    more: dict[str, dict[str, Any]] = {
        "sendMessage": {"text": "Your tins leave today."},
        "placeOrder": {"currency": "GBP", "lines": [{"name": "Tin", "quantity": 1, "unitPrice": "2.00"}]},
        "recordPayment": {"amount": "0.01"},
        "fulfilOrder": {"lines": [{"lineId": f"line_{line.pk}", "quantity": 1}]},
    }
    if mutation == "placeOrder":
        about = {"customerId": f"customer_{order.customer_id}"}
    given = {"clientMutationKey": key, **about, **more[mutation]}
    return {"query": DOCUMENTS[mutation], "variables": {"input": given}}


def done() -> dict[str, int]:
    """How much of each there is."""
    return {
        "sendMessage": Message.objects.count(),
        "placeOrder": Order.objects.count() - 1,
        "recordPayment": int(Order.objects.get(number="INV-7").paid * 100),
        "fulfilOrder": Fulfilment.objects.count(),
    }


@pytest.fixture
def order(shop: Shop) -> Order:
    order = shop.order(number="INV-7")
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    return order


def test_what_two_processes_are_sent_at_the_same_moment_is_done_once(shop: Shop, order: Order) -> None:
    token = token_of(shop.member)
    with ExitStack() as stack:
        both = [stack.enter_context(process()) for _ in range(2)]
        for mutation in DOCUMENTS:
            for number in range(ROUNDS):
                moment = time.time() + 0.05
                for one in both:
                    one.tell(body=body(mutation, order, f"{mutation} {number}"), token=token, at=moment)
                first, second = (json.loads(one.line()) for one in both)
                assert "errors" not in first, first
                assert "code" not in first["data"][mutation], first
                assert second["data"] == first["data"]

    assert done() == dict.fromkeys(DOCUMENTS, ROUNDS)
    assert MutationRecord.objects.count() == len(DOCUMENTS) * ROUNDS
    assert Event.objects.filter(kind="message.sent").count() == ROUNDS


def test_of_two_inputs_that_two_processes_are_sent_under_one_key_one_is_refused(shop: Shop, order: Order) -> None:
    token = token_of(shop.member)
    with ExitStack() as stack:
        both = [stack.enter_context(process()) for _ in range(2)]
        for number in range(ROUNDS):
            moment, told = time.time() + 0.05, []
            for one, mutation in zip(both, ("sendMessage", "placeOrder"), strict=True):
                one.tell(body=body(mutation, order, f"k{number}"), token=token, at=moment)
            for one in both:
                [answer] = json.loads(one.line())["data"].values()
                told.append(answer.get("code"))
            assert set(told) == {None, "KEY_REUSED"}

    assert sum(done().values()) == ROUNDS


@pytest.mark.parametrize(
    "statement",
    [
        'INSERT INTO "access_mutationrecord"',
        'INSERT INTO "orders_order"',
        'INSERT INTO "events_event"',
        'UPDATE "access_mutationrecord"',
    ],
)
def test_a_process_that_is_killed_half_way_leaves_nothing_and_the_retry_does_it(
    shop: Shop, order: Order, statement: str
) -> None:
    token, sent = token_of(shop.member), body("placeOrder", order, "k1")
    events = Event.objects.count()
    with process() as killed:
        killed.tell(body=sent, token=token, at=0, dies_after=statement)
        assert killed.line() == ""
        assert killed.popen.wait(PATIENCE) == -9
    assert (done()["placeOrder"], MutationRecord.objects.count(), Event.objects.count()) == (0, 0, events)

    retried, again = (post(sent["query"], token=token, **sent["variables"]).data for _ in range(2))

    assert retried == again
    assert done()["placeOrder"] == 1
    assert Event.objects.filter(kind="order.placed").count() == 2
