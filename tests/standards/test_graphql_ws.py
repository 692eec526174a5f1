"""`graphql-transport-ws`, as the client graphql-ws speaks it, and the close codes for who does not (GQ-4)."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from typing import Any

import pytest

from counterfoil.conversations.actions import send_message
from counterfoil.events.relay import last_position
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.serving import Served, key_of, serving, token_of, wait_for_followers
from tests.standards.node import program, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once, pytest.mark.feature("GQ-4")]

MESSAGES = """
subscription ($order: ID!, $after: Position) {
  messageAdded(orderId: $order, after: $after) { position message { text } }
}
"""
SEND = """
mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { ... on SendMessageSuccess { sent { text } } ... on Problem { code } }
}
"""
INIT = json.dumps({"type": "connection_init"})
READY = [INIT, {"wait": "connection_ack"}]


def subscribe(id: object = "1", payload: object = None, **more: object) -> str:
    payload = {"query": "subscription { orderChanged { kind } }"} if payload is None else payload
    return json.dumps({"type": "subscribe", "id": id, "payload": payload, **more})


def address(served: Served) -> str:
    return f"ws://127.0.0.1:{served.port}/graphql"


def raw(served: Served, *frames: object, **task: object) -> list[Any]:
    return run("ws_raw", url=address(served), frames=frames, **task)


def watching(order: Order, **more: object) -> dict[str, object]:
    return {"query": MESSAGES, "variables": {"order": order.topic, "after": str(last_position())}, **more}


def text_of(told: Any) -> str:
    text: str = told["data"]["messageAdded"]["message"]["text"]
    return text


# The client.


def test_the_client_runs_a_query_a_mutation_and_a_subscription_by_the_token_of_its_init(
    shop: Shop, order: Order, served: Served
) -> None:
    given = {"input": {"orderId": order.topic, "text": "Sent by a program", "clientMutationKey": "1"}}
    operations = [
        {"query": "{ viewer { kind } }"},
        {"query": SEND, "variables": given},
        {"query": MESSAGES, "variables": {"order": order.topic, "after": str(last_position())}, "take": 1},
    ]
    told = run("ws_client", url=address(served), token=key_of(order), operations=operations)

    assert [thing for thing in told if "connected" not in thing and "closed" not in thing] == [
        {"data": {"viewer": {"kind": "GUEST"}}},
        {"completed": True},
        {"data": {"sendMessage": {"sent": {"text": "Sent by a program"}}}},
        {"completed": True},
        {
            "data": {
                "messageAdded": {"position": str(last_position()), "message": {"text": "Sent by a program"}},
            },
            "extensions": {"position": str(last_position())},
        },
        {"completed": True},
    ]


def test_a_client_that_leaves_costs_nothing_any_more(shop: Shop, order: Order, served: Served) -> None:
    with program("ws_client", url=address(served), token=key_of(order), operations=[watching(order, take=1)]) as client:
        assert client.next() == {"connected": False}
        wait_for_followers(served, 1)
        send_message(viewer=shop.staff, order=order, text="Good morning")
        assert text_of(client.next()) == "Good morning"
        assert client.next() == {"completed": True}
        wait_for_followers(served, 0)
        client.rest()

    with program("ws_client", url=address(served), token=key_of(order), operations=[watching(order)]) as client:
        assert client.next() == {"connected": False}
        wait_for_followers(served, 1)
    wait_for_followers(served, 0)  # killed, without a word


def test_a_client_that_loses_the_server_goes_on_at_the_next_one_where_it_was(shop: Shop, order: Order) -> None:
    with ExitStack() as stack:
        with serving() as first:
            task = {"token": key_of(order), "retries": 50, "operations": [watching(order, take=3)]}
            client = stack.enter_context(program("ws_client", url=address(first), **task))
            assert client.next() == {"connected": False}
            wait_for_followers(first, 1)
            send_message(viewer=shop.staff, order=order, text="one")
            told = [client.next()]
        send_message(viewer=shop.staff, order=order, text="two")  # while there is no server
        with serving(first.port):
            send_message(viewer=shop.staff, order=order, text="three")
            told += client.rest()

    assert [text_of(thing) for thing in told if "data" in thing] == ["one", "two", "three"], told
    assert {"connected": True} in told
    assert {thing["closed"] for thing in told if "closed" in thing} <= {1000, 1001, 1006, 1012}


def test_pings_are_answered_in_both_layers_and_both_ways(shop: Shop, order: Order, served: Served) -> None:
    with program(
        "ws_client", url=address(served), token=key_of(order), keepAlive=50, operations=[watching(order, take=1)]
    ) as client:
        told = [client.next() for _ in range(3)]
        send_message(viewer=shop.staff, order=order, text="Good morning")
        while "data" not in (thing := client.next()):
            assert thing in ({"ping": "sent"}, {"pong": "received"})

    assert told == [{"connected": False}, {"ping": "sent"}, {"pong": "received"}]

    ping, pong = json.dumps({"type": "ping", "payload": {"a": 1}}), json.dumps({"type": "pong"})
    told = raw(served, ping, {"wait": "pong"}, pong, *READY, ping, {"wait": "pong"}, {"ping": True}, leave=True)
    assert [thing.get("type") or thing.get("frame") or thing.get("closed") for thing in told] == [
        "pong",
        "connection_ack",
        "pong",
        "pong",
        1000,
    ]


def test_what_the_schema_does_not_know_is_told_to_the_client_as_errors(shop: Shop, served: Served) -> None:
    told = run(
        "ws_client", url=address(served), operations=[{"query": "{ nothing }"}, {"query": "{ viewer { kind } }"}]
    )

    assert told[1]["refused"][0]["message"] == "Cannot query field 'nothing' on type 'Query'."
    assert told[2] == {"data": {"viewer": {"kind": "ANONYMOUS"}}}  # on the same connection


def test_a_token_that_opens_nothing_closes_with_4403(shop: Shop, served: Served) -> None:
    told = run("ws_client", url=address(served), token="cft_unknown", operations=[{"query": "{ viewer { kind } }"}])

    assert {"closed": 4403, "reason": "Forbidden"} in told
    assert [thing["refused"]["code"] for thing in told if "refused" in thing] == [4403]


# Who does not keep to the protocol.


@pytest.mark.parametrize(
    "frame",
    [
        "no JSON",
        "",
        "{",
        "[]",
        "null",
        "5",
        '"connection_init"',
        "[" * 50_000,
        "1" * 5_000,
        "{}",
        '{"type": null}',
        '{"type": ["ping"]}',
        '{"type": "nonsense"}',
        '{"type": "' + "x" * 5_000 + '"}',
        '{"type": "' + "é" * 100 + '"}',
        '{"type": "start", "id": "1"}',
        '{"type": "complete"}',
        '{"type": "complete", "id": ["1"]}',
        '{"type": "connection_init", "payload": 5}',
        {"binary": '{"type": "ping"}'},
        subscribe(id=1),
        subscribe(id=["1"]),
        '{"type": "subscribe", "payload": {"query": "{ viewer { kind } }"}}',
        '{"type": "subscribe", "id": "1"}',
        subscribe(payload=[]),
        subscribe(payload={}),
        subscribe(payload={"query": None}),
        subscribe(payload={"query": 5}),
        subscribe(payload={"query": "{ viewer { kind } }", "variables": []}),
        subscribe(payload={"query": "{ viewer { kind } }", "variables": "{}"}),
        subscribe(payload={"query": "{ viewer { kind } }", "extensions": []}),
        subscribe(payload={"query": "{ viewer { kind } }", "operationName": 5}),
    ],
)
def test_what_is_no_message_closes_with_4400(
    shop: Shop, served: Served, frame: object, capfd: pytest.CaptureFixture[str]
) -> None:
    # Another one behind it: the connection is over, and nothing more happens.
    told = raw(served, *READY, frame, "and another")

    assert [thing.get("type") for thing in told[:-1]] == ["connection_ack"]
    assert told[-1]["closed"] == 4400
    assert told[-1]["reason"]
    wait_for_followers(served, 0)
    assert "Traceback" not in capfd.readouterr().err


def test_each_other_mistake_has_its_own_code(
    shop: Shop, served: Served, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("schema.websocket.INIT_WAIT", 0.2)
    token = token_of(shop.member)
    init = json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})

    def closed_with(*frames: object, **task: object) -> Any:
        return raw(served, *frames, **task)[-1]["closed"]

    assert closed_with(subscribe(), subscribe()) == 4401
    assert closed_with(init, {"wait": "connection_ack"}, subscribe("a"), subscribe("a")) == 4409
    assert closed_with(init, {"wait": "connection_ack"}, subscribe("a" * 500), subscribe("a" * 500)) == 4409
    assert closed_with(*READY, INIT) == 4429
    assert closed_with(INIT, INIT) == 4429
    assert closed_with() == 4408
    assert closed_with(protocols=[]) == 4406
    assert {"error": "Server sent no subprotocol"} in raw(served, protocols=["graphql-ws"])  # it closes by itself
    assert closed_with(json.dumps({"type": "connection_init", "payload": {"authorization": "Bearer x"}})) == 4403
    wait_for_followers(served, 0)
    assert "Traceback" not in capfd.readouterr().err


def test_another_sites_page_is_refused_before_it_is_connected(shop: Shop, served: Served) -> None:
    assert raw(served, options={"origin": "https://evil.example"}) == [{"status": 403}]
    assert raw(served, *READY, options={"origin": f"http://127.0.0.1:{served.port}"}, leave=True)[-1]["closed"] == 1000


# Limits.


def test_a_connection_runs_so_many_operations_and_says_so_of_the_next(
    shop: Shop, order: Order, served: Served, settings: Any
) -> None:
    settings.MOST_SUBSCRIPTIONS = 2
    init = json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {key_of(order)}"}})
    watch = {"query": MESSAGES, "variables": {"order": order.topic}}
    told = raw(
        served,
        *(init, {"wait": "connection_ack"}, subscribe("a", watch), subscribe("b", watch), subscribe("c", watch)),
        *({"wait": "error"}, json.dumps({"type": "complete", "id": "a"}), subscribe("d", {"query": "{ __typename }"})),
        {"wait": "complete"},
        leave=True,
    )

    assert told[1] == {
        "type": "error",
        "id": "c",
        "payload": [
            {
                "message": "2 operations run on this connection already, which is the most: complete one first.",
                "extensions": {"code": "TOO_MANY_SUBSCRIPTIONS"},
            }
        ],
    }
    assert told[2] == {"type": "next", "id": "d", "payload": {"data": {"__typename": "Query"}}}
    wait_for_followers(served, 0)


@pytest.mark.parametrize(("given", "most"), [({}, "100"), ({"COUNTERFOIL_MOST_SUBSCRIPTIONS": "7"}, "7")])
def test_as_many_operations_run_on_a_connection_as_the_environment_says(given: dict[str, str], most: str) -> None:
    script = "from counterfoil.site.settings import MOST_SUBSCRIPTIONS; print(MOST_SUBSCRIPTIONS)"
    told = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **given}, capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == most


def test_a_message_larger_than_a_request_may_be_closes_with_1009(shop: Shop, served: Served, settings: Any) -> None:
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE == 2_621_440

    assert raw(served, {"size": 2_600_000}, {"wait": "pong"}, leave=True)[-1]["closed"] == 1000
    assert raw(served, {"size": 2_700_000})[-1]["closed"] == 1009
