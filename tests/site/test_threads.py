"""Requests that come slowly, in pieces, never to their end, or too large."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.test import override_settings

from counterfoil.site.threads import in_threads
from tests.factories import Shop
from tests.serving import PATIENCE, Served, serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow_on_postgresql]


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def head(line: str, **headers: str) -> bytes:
    lines = [f"{line} HTTP/1.1", "Host: fennel.test", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def speak(served: Served, *sent: bytes) -> str:
    """Send these pieces, one after another; what comes back until the server closes or falls silent."""
    with socket.create_connection(("127.0.0.1", served.port), PATIENCE) as connection:
        for piece in sent:
            connection.sendall(piece)
            time.sleep(0.05)
        told = b""
        while b"\r\n\r\n" not in told or not told.rstrip().endswith((b"}", b".")):
            piece = connection.recv(65536)
            if not piece:
                break
            told += piece
    return told.decode()


def test_requests_that_never_come_to_their_end_hold_nobody_up(shop: Shop, served: Served) -> None:
    begun = head("POST /graphql", **{"Content-Type": "application/json", "Content-Length": "1000"}) + b'{"query": '
    with ExitStack() as stack:
        for _ in range(30):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", served.port), PATIENCE))
            connection.sendall(begun)
        with served.client() as client:
            assert client.get("/healthz").status_code == 200


def test_a_body_in_chunks_without_a_length_is_read_whole(shop: Shop, served: Served) -> None:
    pieces = [b'{"query": "{ vie', b'wer { kind } }"}']
    chunks = [f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces]
    lines = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}

    told = speak(served, head("POST /graphql", **lines), *chunks, b"0\r\n\r\n")

    assert '"ANONYMOUS"' in told


@pytest.mark.parametrize("announced", [True, False])
def test_what_is_too_large_is_refused_in_words(shop: Shop, served: Served, announced: bool) -> None:
    with override_settings(MOST_REQUEST_BYTES=1000):
        length = {"Content-Length": "2000"} if announced else {"Transfer-Encoding": "chunked"}
        body = b"x" * 2000 if announced else b"7d0\r\n" + b"x" * 2000 + b"\r\n0\r\n\r\n"

        told = speak(served, head("POST /graphql", **length), body)

    assert told.startswith("HTTP/1.1 413")
    assert told.endswith("This is too large: 1,000 bytes is the most.\n")


def test_a_head_request_is_answered_without_a_body(shop: Shop, served: Served) -> None:
    with served.client() as client:
        found = client.head("/healthz")

    assert found.status_code == 200
    assert found.content == b""


def answered(headers: list[tuple[bytes, bytes]], *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """What reaches the handler, of a request that comes in these messages."""
    reached: list[dict[str, Any]] = []

    def handler(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        reached.append({**environ, "body": environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))})
        start_response("200 OK", [])
        return [b""]

    async def request() -> None:
        coming = iter(messages)

        async def receive() -> dict[str, Any]:
            return next(coming)

        async def send(_: object) -> None:
            pass

        scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "http_version": "1.1"}
        await in_threads(handler)({**scope, "headers": headers}, receive, send)

    asyncio.run(request())
    return reached


def test_what_was_cut_off_is_not_taken_for_the_whole() -> None:
    first = {"type": "http.request", "body": b"Hel", "more_body": True}

    assert answered([], first, {"type": "http.disconnect"}) == []
    [request] = answered([(b"content-length", b"3")], first, {"type": "http.request", "body": b"lo"})
    assert request["body"] == b"Hello"


def test_a_header_with_an_underscore_stands_for_no_other() -> None:
    headers = [(b"x-forwarded-proto", b"http"), (b"x_forwarded_proto", b"https"), (b"x_forwarded_for", b"::1")]

    [request] = answered(headers, {"type": "http.request", "body": b""})

    assert request["HTTP_X_FORWARDED_PROTO"] == "http"
    assert "HTTP_X_FORWARDED_FOR" not in request
