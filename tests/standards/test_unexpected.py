"""What nobody expected is told alike on HTTP, SSE and WebSocket: a reference, and nothing of what happened."""

import json
import logging
import re
from typing import Any

import httpx
import pytest

from counterfoil.conversations.actions import send_message
from counterfoil.orders.actions import set_mail_preference
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.serving import Served, key_of, wait_for_followers
from tests.standards.node import run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

WORDS = r"Something went wrong on our side; nothing was half done\. The reference is ([0-9a-f]{8})\."
ORDER = "query ($order: ID!) { order(id: $order) { number } }"
MESSAGES = "subscription ($order: ID!) { messageAdded(orderId: $order, after: 0) { message { text } } }"
CHANGES = """
subscription ($order: ID!) {
  orderChanged(orderId: $order, after: 0) { order { number lines(first: 1) { nodes { sku } } } }
}
"""


class Hidden(RuntimeError):
    """What must not leave the server."""


def failing(*_: object, **__: object) -> Any:
    raise Hidden("the password is hunter2")


def over_http(served: Served, token: str, operation: dict[str, object]) -> Any:
    with httpx.Client(verify=False) as client:
        headers = {"Authorization": f"Bearer {token}"}
        return client.post(f"{served.base}/graphql", json=operation, headers=headers).json()


def over_sse(served: Served, token: str, operation: dict[str, object]) -> Any:
    return run("sse_client", url=f"{served.base}/graphql", token=token, operation=operation)


def over_websocket(served: Served, token: str, operation: dict[str, object]) -> Any:
    return run("ws_client", url=f"ws://127.0.0.1:{served.port}/graphql", token=token, operations=[operation])


@pytest.mark.parametrize(
    ("place", "operation", "transport"),
    [
        *(
            pytest.param("schema.orders.queries.order_by_key", ORDER, transport, id=f"a resolver {transport.__name__}")
            for transport in (over_http, over_sse, over_websocket)
        ),
        *(
            pytest.param(place, operation, transport, id=f"{where} {transport.__name__}")
            for where, place, operation in (
                ("a stream's start", "schema.conversations.subscriptions.may_watch", MESSAGES),
                ("the following", "schema.conversations.subscriptions.follow", MESSAGES),
                ("the middle of a stream", "schema.conversations.subscriptions._added", MESSAGES),
                ("one event's selection", "schema.orders.types.lines_of", CHANGES),
                ("the whole selection", "schema.execution.RowExecution.execute_operation", CHANGES),
                ("around a result", "schema.root.Runner.on_stream_result", MESSAGES),
                ("before the operation runs", "schema.root.admit", MESSAGES),
                ("the viewer", "schema.connections.bearer_context", MESSAGES),
            )
            for transport in (over_sse, over_websocket)
        ),
    ],
)
def test_an_unexpected_error_is_told_by_its_reference_alone_and_logged_in_full(
    shop: Shop,
    order: Order,
    served: Served,
    *,
    place: str,
    operation: str,
    transport: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    send_message(viewer=shop.staff, order=order, text="Good morning")
    set_mail_preference(viewer=shop.staff, order=order, enabled=False)
    monkeypatch.setattr(place, failing)

    take = {} if transport is over_http else {"take": 1}
    told = transport(served, key_of(order), {"query": operation, "variables": {"order": order.topic}, **take})

    text = json.dumps(told)
    [reference] = set(re.findall(WORDS, text))
    assert "hunter2" not in text
    assert "Hidden" not in text
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert {type(record.exc_info[1]) for record in errors if record.exc_info} == {Hidden}
    assert any(reference in record.getMessage() for record in errors)
    wait_for_followers(served, 0)
