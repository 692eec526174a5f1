"""The WSGI application, behind a server of that kind."""

import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest
from django.db import connections

from counterfoil.site.wsgi import application
from tests.factories import Shop

STREAM = "subscription { orderChanged { kind } }"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


class Quiet(WSGIRequestHandler):
    """Writes nothing of requests."""

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def base() -> Iterator[str]:
    """The address of a server that answers one request after another."""
    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:

        def serve() -> None:
            server.serve_forever(poll_interval=0.02)
            connections.close_all()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_pages_and_queries_are_answered_by_wsgi_workers(shop: Shop, base: str) -> None:
    with httpx.Client(verify=False, timeout=5) as client:
        page = client.get(f"{base}/admin/sign-in")
        query = client.post(f"{base}/graphql", json={"query": "{ viewer { kind } }"})

    assert page.status_code == 200
    assert "Sign in" in page.text
    assert query.json()["data"] == {"viewer": {"kind": "ANONYMOUS"}}


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("query", ["{ viewer { kind } }", STREAM])
def test_a_stream_is_refused_at_once_and_told_where_it_is(shop: Shop, base: str, query: str, method: str) -> None:
    asked = {"params": {"query": query}} if method == "GET" else {"json": {"query": query}}
    with httpx.Client(verify=False, timeout=5) as client:
        reply = client.request(method, f"{base}/graphql", headers={"Accept": "text/event-stream"}, **asked)

    assert (reply.status_code, reply.headers["content-type"]) == (406, "application/json; charset=utf-8")
    [error] = reply.json()["errors"]
    assert error["extensions"] == {"code": "NOT_ACCEPTABLE"}
    assert "ASGI" in error["message"]


def test_a_subscription_without_a_stream_is_refused_at_once(shop: Shop, base: str) -> None:
    with httpx.Client(verify=False, timeout=5) as client:
        reply = client.post(f"{base}/graphql", json={"query": STREAM})

    assert reply.status_code == 400
    assert "data" not in reply.json()
    assert "text/event-stream" in reply.json()["errors"][0]["message"]
