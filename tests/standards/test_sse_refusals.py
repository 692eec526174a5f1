"""What never begins as a stream is answered in JSON, with the status that says why (GQ-4)."""

from typing import Any

import httpx
import pytest

from counterfoil.access import clock
from counterfoil.access.models import AccessToken
from counterfoil.conversations.models import Message
from counterfoil.events.relay import last_position
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.serving import Served, key_of, token_of
from tests.standards.node import run

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


def ask(served: Served, operation: object, **more: object) -> list[Any]:
    return run("sse_client", url=address(served), operation=operation, **more)


def stream_headers(token: str = "") -> dict[str, str]:
    return {"Accept": "text/event-stream"} | ({"Authorization": f"Bearer {token}"} if token else {})


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"query": "subscription {"}, "Syntax Error: Expected Name, found <EOF>."),
        ({"query": "subscription { nothing }"}, "Cannot query field 'nothing' on type 'Subscription'."),
        ({"query": MESSAGES}, "Variable '$order' has invalid value"),
        ({"query": "query ($id: ID!) { order(id: $id) { number } }"}, "Variable '$id' has invalid value"),
        ({"query": "query ($n: Int!) { orders(first: $n) { nodes { id } } }", "variables": {"n": "x"}}, "'$n'"),
        ({"query": "{ __typename }", "operationName": "Nope"}, "The text has no operation Nope."),
        ({"query": ""}, "Send an operation"),
        ({}, "Send an operation"),
    ],
)
def test_an_operation_that_can_not_run_is_400_to_the_client_and_its_errors_are_json(
    shop: Shop, order: Order, served: Served, operation: dict[str, object], message: str
) -> None:
    told = ask(served, operation, token=key_of(order))

    [refused] = [thing["refused"] for thing in told]
    assert refused["status"] == 400
    assert "data" not in refused["body"]
    assert message in refused["body"]["errors"][0]["message"]
    assert served.followers() == 0


def test_a_refused_token_is_401_to_the_client(shop: Shop, order: Order, served: Served) -> None:
    expired = token_of(shop.member)
    AccessToken.objects.update(expires_at=clock.now())
    for token in ("cft_unknown", expired):
        [told] = ask(served, watching(order), token=token)
        assert told["refused"]["status"] == 401
        assert told["refused"]["body"]["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


@pytest.mark.parametrize(
    ("method", "sent", "status", "code"),
    [
        ("PUT", {"json": {"query": "{ __typename }"}}, 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", {}, 405, "METHOD_NOT_ALLOWED"),
        ("PATCH", {"json": {}}, 405, "METHOD_NOT_ALLOWED"),
        ("POST", {"content": "query=%7B__typename%7D"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("POST", {"data": {"query": "{ __typename }"}}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("POST", {"files": {"operations": ("", "{}")}}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("POST", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("POST", {"content": b"{}", "headers": {"Content-Type": "xapplication/json"}}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("POST", {"content": b""}, 400, "BAD_REQUEST"),
        ("POST", {"content": b"{"}, 400, "BAD_REQUEST"),
        ("POST", {"content": b"\xff\xfe{"}, 400, "BAD_REQUEST"),
        ("POST", {"content": b'{"query": "\xff"}'}, 400, "BAD_REQUEST"),
        ("POST", {"content": b"[" * 100_000}, 413, "TOO_LARGE"),
        ("POST", {"content": b'{"variables": ' + b"1" * 5_000 + b"}"}, 400, "BAD_REQUEST"),
        ("POST", {"json": [{"query": "{ __typename }"}]}, 400, "BAD_REQUEST"),
        ("POST", {"json": {"query": 5}}, 400, "BAD_REQUEST"),
        ("POST", {"json": {"query": "{ __typename }", "variables": []}}, 400, "BAD_REQUEST"),
        ("POST", {"json": {"query": "{ __typename }", "extensions": 5}}, 400, "BAD_REQUEST"),
        ("GET", {"params": {"query": "{ __typename }", "variables": "{"}}, 400, "BAD_REQUEST"),
    ],
)
def test_a_request_that_is_none_is_refused_in_json_by_its_status(
    shop: Shop, served: Served, *, method: str, sent: dict[str, Any], status: int, code: str
) -> None:
    headers = {**stream_headers(token_of(shop.member)), **sent.pop("headers", {})}
    if "content" in sent:
        is_form = sent["content"] == "query=%7B__typename%7D"
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded" if is_form else "application/json")
    with httpx.Client(verify=False) as client:
        reply = client.request(method, address(served), headers=headers, **sent)

    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/json; charset=utf-8")
    [error] = reply.json()["errors"]
    assert error["message"]
    assert error["extensions"] == {"code": code}
    assert reply.headers.get("allow") == ("GET, POST" if status == 405 else None)


def test_a_header_of_any_bytes_disturbs_nothing(shop: Shop, order: Order, served: Served) -> None:
    headers = {b"Accept": b"text/event-stream", b"X-Name": b"\xff\xfe", b"Content-Type": b"application/json"}
    with httpx.Client(verify=False) as client:
        reply = client.post(address(served), json={"query": "{ viewer { kind } }"}, headers=headers)

    assert reply.text.startswith('event: next\r\ndata: {"data":{"viewer":{"kind":"ANONYMOUS"}},')


def test_a_request_that_is_too_large_is_413_and_nothing_is_done(
    shop: Shop, order: Order, served: Served, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    given = {"orderId": order.topic, "text": "Hello", "clientMutationKey": "1"}
    with httpx.Client(verify=False) as client:
        for size, status in ((9_000, 200), (10_001, 413), (1_000_000, 413)):
            body = {"query": SEND, "variables": {"input": given}, "extensions": {"padding": "x" * size}}
            reply = client.post(address(served), json=body, headers=stream_headers(key_of(order)))
            assert reply.status_code == status

    assert reply.json()["errors"] == [
        {"message": "The request is too large: 10,000 bytes is the most.", "extensions": {"code": "TOO_LARGE"}}
    ]
    assert Message.objects.count() == 1


def test_among_several_stores_an_unknown_host_is_404(shop: Shop, other_shop: Shop, served: Served) -> None:
    with httpx.Client(verify=False) as client:
        headers = {**stream_headers(), "Host": "localhost"}
        reply = client.post(address(served), json={"query": "{ __typename }"}, headers=headers)

    assert reply.status_code == 404
    assert reply.json() == {
        "errors": [{"message": "No store answers to this host name.", "extensions": {"code": "NOT_FOUND"}}]
    }


@pytest.mark.parametrize(
    ("accept", "streams"),
    [
        ("text/event-stream", True),
        ("Text/Event-Stream; charset=utf-8", True),
        ("application/json, text/event-stream", True),
        ("application/json", False),
        ("xtext/event-stream", False),
        ("text/event-streams", False),
        ("*/*", False),
    ],
)
def test_who_accepts_a_stream_gets_one(shop: Shop, served: Served, accept: str, streams: bool) -> None:
    with httpx.Client(verify=False) as client:
        reply = client.post(address(served), json={"query": "{ __typename }"}, headers={"Accept": accept})

    assert reply.headers["content-type"].startswith("text/event-stream") is streams
