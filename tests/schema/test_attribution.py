"""Every call of a partner's program is counted, however it comes and ends; nobody else's is (AC-11)."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from counterfoil.access.models import PartnerClient
from counterfoil.conversations.actions import send_message
from counterfoil.partners.actions import issue_token, register_client, revoke_client
from counterfoil.partners.models import ClientUsage
from counterfoil.partners.usage import USAGE
from tests.factories import Shop, make_shop
from tests.posting import key_of, post, token_of
from tests.serving import PATIENCE, Served, serving, subscribed, wait_for_followers

pytestmark = pytest.mark.feature("AC-11")
WATCH = "subscription Watch($id: ID!) { messageAdded(orderId: $id) { message { text } } }"


@pytest.fixture
def shop(db: None) -> Shop:
    USAGE.flush()  # what earlier tests counted belongs to nobody any more
    return make_shop()


@pytest.fixture
def token(shop: Shop) -> str:
    return token_for(shop)


@pytest.fixture
def served(shop: Shop) -> Iterator[Served]:
    with serving() as running:
        yield running


def token_for(shop: Shop) -> str:
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=["orders:read", "messages:write"])
    return issue_token(workspace_id=shop.workspace.pk, client_id=client.client_id, secret=secret).token


def calls() -> dict[str, int]:
    USAGE.flush()
    return dict(ClientUsage.objects.values_list("operation", "calls"))


def send(token: str, body: str, **more: Any) -> int:
    client = Client(headers={"host": "fennel.test", "authorization": f"Bearer {token}"})
    return client.post("/graphql", body, content_type="application/json", **more).status_code


def test_queries_and_mutations_are_counted_by_their_names(shop: Shop, token: str) -> None:
    order = f"order_{shop.order().pk}"
    for _ in range(2):
        post("query Orders { orders(first: 1) { nodes { number } } }", token=token)
    post("{ viewer { kind } }", token=token)
    post(
        'mutation Say($order: ID!) { sendMessage(input: {clientMutationKey: "1", orderId: $order, text: "Hi"}) '
        "{ __typename } }",
        token=token,
        order=order,
    )

    assert calls() == {"Orders": 2, "anonymous operation": 1, "Say": 1}
    assert all(cost >= 1 for cost in ClientUsage.objects.values_list("cost", flat=True))


@pytest.mark.parametrize(
    ("body", "counted"),
    [
        ("no JSON", "anonymous operation"),
        ("[]", "anonymous operation"),
        ("{}", "anonymous operation"),
        ('{"query": "query Orders { nonsense }"}', "Orders"),
        ('{"query": "query Orders {", "operationName": "Orders"}', "Orders"),
        ('{"query": "query Orders { orders(first: 0) { nodes { id } } }"}', "Orders"),
        ('{"query": "query Orders { position }", "operationName": "Others"}', "Others"),
        ('{"query": "query A { position } query B { position }", "operationName": "B"}', "B"),
        ('{"query": "subscription Watch { orderChanged { position } }"}', "Watch"),
        ('{"query": "{ position }", "operationName": "\\u0000"}', "anonymous operation"),
        ('{"query": "{ position }", "operationName": 7}', "anonymous operation"),
    ],
)
def test_a_call_that_fails_is_counted_once_too(token: str, body: str, counted: str) -> None:
    assert send(token, body) < 500

    assert calls() == {counted: 1}


def test_nobody_elses_calls_are_counted_and_a_token_that_opens_nothing_is_nobodys(shop: Shop, token: str) -> None:
    order = shop.order()
    revoked = token_for(shop)
    revoke_client(viewer=shop.staff, client=PartnerClient.objects.latest("pk"))

    for given in (None, token_of(shop.member), key_of(order), "nonsense", revoked):
        post("query Orders { orders(first: 1) { nodes { number } } }", token=given)

    assert calls() == {}


def test_a_call_that_only_reads_writes_nothing_but_now_and_then_its_bucket(token: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        for _ in range(3):
            post("query Orders { orders(first: 1) { nodes { number } } }", token=token)

    writes = [query["sql"] for query in asked.captured_queries if not query["sql"].startswith("SELECT")]
    assert len(writes) <= 1
    assert all("partners_tokenbucket" in write for write in writes)
    assert calls() == {"Orders": 3}


@pytest.mark.django_db(transaction=True)
def test_streams_are_counted_when_they_begin_and_their_queries_when_they_end(
    shop: Shop, token: str, served: Served
) -> None:
    order = shop.order()
    with subscribed(served, WATCH, {"id": f"order_{order.pk}"}, token=token) as stream:
        wait_for_followers(served, 1)
        assert calls() == {"Watch": 1}
        for text in ("one", "two"):
            send_message(viewer=shop.staff, order=order, text=text)
        stream.take(2)
    with subscribed(served, "query Orders { position }", token=token) as stream:
        stream.rest()
    with subscribed(served, "query Orders { nonsense }", token=token) as stream:
        stream.rest()
    wait_for_followers(served, 0)
    over_websocket(served, token, f"order_{order.pk}")

    assert calls() == {"Watch": 2, "Orders": 2, "Socket": 2}


@pytest.mark.django_db(transaction=True)
def test_a_server_that_stops_writes_what_it_counted(shop: Shop, token: str) -> None:
    with serving() as served, served.client() as client:
        body = {"query": "query Orders { position }"}
        client.post("/graphql", json=body, headers={"Authorization": f"Bearer {token}"}).raise_for_status()

    assert dict(ClientUsage.objects.values_list("operation", "calls")) == {"Orders": 1}


def over_websocket(served: Served, token: str, order: str) -> None:
    """Two queries and a subscription on one connection."""

    def begin(number: str, **payload: Any) -> None:
        line.send(json.dumps({"id": number, "type": "subscribe", "payload": payload}))

    with connect(
        f"ws://{served.host}:{served.port}/graphql",
        sock=socket.create_connection(("127.0.0.1", served.port)),
        subprotocols=[Subprotocol("graphql-transport-ws")],
        open_timeout=PATIENCE,
        proxy=None,
    ) as line:
        line.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        assert json.loads(line.recv())["type"] == "connection_ack"
        for number in ("1", "2"):
            begin(number, query="query Socket { position }")
            assert [json.loads(line.recv())["type"] for _ in range(2)] == ["next", "complete"]
        begin("3", query=WATCH, variables={"id": order})
        wait_for_followers(served, 1)


@pytest.mark.django_db(transaction=True)
def test_a_server_that_runs_writes_now_and_then(shop: Shop, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterfoil.partners.usage.FLUSH_EVERY", 0.05)
    until = time.monotonic() + PATIENCE
    with serving() as served, served.client() as client:
        body = {"query": "query Orders { position }"}
        client.post("/graphql", json=body, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
        while not ClientUsage.objects.exists():
            assert time.monotonic() < until, "nothing was written"
            time.sleep(0.02)
