"""Server-sent events in distinct connections mode, as the client graphql-sse speaks them (GQ-4)."""

import json
import socket
import time
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from counterfoil.conversations.actions import send_message
from counterfoil.events.relay import last_position
from counterfoil.orders.actions import rotate_order_key
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.serving import Served, key_of, serving, wait_for_followers
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


def address(served: Served) -> str:
    return f"{served.base}/graphql"


def watching(order: Order, **more: object) -> dict[str, object]:
    return {"query": MESSAGES, "variables": {"order": order.topic, "after": str(last_position())}, **more}


def texts(told: list[Any]) -> list[str]:
    return [thing["data"]["messageAdded"]["message"]["text"] for thing in told if "data" in thing]


def ask(served: Served, operation: object, **more: object) -> list[Any]:
    return run("sse_client", url=address(served), operation=operation, **more)


# The client.


def test_a_query_and_a_mutation_are_one_result_and_a_complete(shop: Shop, order: Order, served: Served) -> None:
    given = {"input": {"orderId": order.topic, "text": "Sent by a program", "clientMutationKey": "1"}}

    asked = ask(served, {"query": "{ viewer { kind } }"}, token=key_of(order))
    sent = ask(served, {"query": SEND, "variables": given}, token=key_of(order))

    for told, result in (
        (asked, {"data": {"viewer": {"kind": "GUEST"}}}),
        (sent, {"data": {"sendMessage": {"sent": {"text": "Sent by a program"}}}}),
    ):
        assert (told[0], told[-1]) == ({"connected": False}, {"completed": True})
        assert result in told
        assert {"event": "complete"} in told
        assert len(told) == 4


def test_events_come_as_they_happen_until_the_client_has_enough_and_leaves(
    shop: Shop, order: Order, served: Served
) -> None:
    task = {"url": address(served), "token": key_of(order), "operation": watching(order, take=2)}
    with program("sse_client", **task) as client:
        assert client.next() == {"connected": False}  # before anything happened
        wait_for_followers(served, 1)
        send_message(viewer=shop.staff, order=order, text="one")
        first = client.next()
        send_message(viewer=shop.staff, order=order, text="two")
        told = [first, *client.rest()]
    wait_for_followers(served, 0)

    assert texts(told) == ["one", "two"]
    assert first["extensions"] == {"position": first["data"]["messageAdded"]["position"]}
    assert told[-1] == {"completed": True}
    assert {"event": "complete"} not in told  # the client ended it


def test_a_stream_that_the_server_ends_ends_with_complete(shop: Shop, order: Order, served: Served) -> None:
    with program("sse_client", url=address(served), token=key_of(order), operation=watching(order)) as client:
        assert client.next() == {"connected": False}
        wait_for_followers(served, 1)
        rotate_order_key(viewer=shop.staff, order=order)
        assert client.rest() == [{"event": "complete"}, {"completed": True}]


@pytest.mark.parametrize("resume", ["header", "variable"])
def test_a_client_that_loses_the_server_misses_nothing_and_hears_nothing_twice(
    shop: Shop, order: Order, resume: str
) -> None:
    with ExitStack() as stack:
        with serving() as first:
            task = {"token": key_of(order), "retries": 50, "resume": resume, "operation": watching(order, take=4)}
            client = stack.enter_context(program("sse_client", url=address(first), **task))
            assert client.next() == {"connected": False}
            wait_for_followers(first, 1)
            send_message(viewer=shop.staff, order=order, text="one")
            told = [client.next()]
        send_message(viewer=shop.staff, order=order, text="two")  # while there is no server
        send_message(viewer=shop.staff, order=order, text="three")
        with serving(first.port):
            send_message(viewer=shop.staff, order=order, text="four")
            told += client.rest()

    assert texts(told) == ["one", "two", "three", "four"]
    assert {"connected": True} in told


def test_a_quiet_stream_beats_by_comments_that_the_client_passes_over(
    shop: Shop, order: Order, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    from schema import streams

    assert streams.BEAT == 10.0
    monkeypatch.setattr(streams, "BEAT", 0.1)
    with (
        program("sse_client", url=address(served), token=key_of(order), operation=watching(order, take=1)) as client,
        httpx.Client(timeout=15, verify=False) as plain,
        plain.stream("POST", address(served), json=watching(order), headers=stream_headers(key_of(order))) as response,
    ):
        lines = response.iter_lines()
        beats = [line for line in (next(lines) for _ in range(6)) if line]
        assert client.next() == {"connected": False}
        send_message(viewer=shop.staff, order=order, text="one")
        assert texts(client.rest()) == ["one"]

    assert beats == [": beat"] * 3


def stream_headers(token: str = "") -> dict[str, str]:
    return {"Accept": "text/event-stream"} | ({"Authorization": f"Bearer {token}"} if token else {})


@pytest.mark.parametrize("how", ["killed", "gone before the first event"])
def test_who_left_is_followed_no_longer(shop: Shop, order: Order, served: Served, how: str) -> None:
    with program("sse_client", url=address(served), token=key_of(order), operation=watching(order)) as client:
        assert client.next() == {"connected": False}
        wait_for_followers(served, 1)
        if how == "killed":
            send_message(viewer=shop.staff, order=order, text="one")
            assert texts([client.next()]) == ["one"]
    wait_for_followers(served, 0)


def test_the_client_is_told_that_a_single_connection_is_not_offered(shop: Shop, order: Order, served: Served) -> None:
    told = ask(served, watching(order), singleConnection=True, token=key_of(order))

    assert [thing["refused"]["message"] for thing in told] == ["Server responded with 405: Method Not Allowed"]

    with httpx.Client(verify=False) as client:
        headers = {**stream_headers(key_of(order)), "X-GraphQL-Event-Stream-Token": "t"}
        reply = client.get(address(served), headers=headers)
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["message"].startswith("There is no single connection mode here")


def test_who_leaves_while_a_stream_begins_leaves_nothing_behind(shop: Shop, order: Order, served: Served) -> None:
    body = json.dumps(watching(order)).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key_of(order)}\r\n"
    head += f"Accept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    for wait in range(40):
        with socket.create_connection(("127.0.0.1", served.port)) as connection:
            connection.sendall(head.encode() + body)
            time.sleep(wait / 2000)  # up to 20 ms: about as long as a stream takes to begin
    wait_for_followers(served, 0)
    with httpx.Client(verify=False) as client:
        reply = client.post(address(served), json={"query": "{ __typename }"}, headers=stream_headers())
    assert reply.status_code == 200
