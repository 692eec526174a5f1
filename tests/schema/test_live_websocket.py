"""Subscriptions over `graphql-transport-ws` at `/graphql` (GQ-4)."""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from counterfoil.access import clock
from counterfoil.access.models import AccessToken, StaffMember
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.conversations.models import Message
from counterfoil.events.relay import last_position
from counterfoil.orders.actions import change_status, rotate_order_key
from counterfoil.orders.models import Order, OrderStatus
from tests.factories import Shop
from tests.serving import PATIENCE, Served, key_of, serving, token_of, wait_for_followers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow_on_postgresql]

PROTOCOL = "graphql-transport-ws"
MESSAGES = """
subscription ($order: ID!, $after: Position) {
  messageAdded(orderId: $order, after: $after) { position message { text isMine } }
}
"""
CHANGES = """
subscription ($order: ID, $after: Position) {
  orderChanged(orderId: $order, after: $after) {
    kind order { number customer { name } lines(first: 1) { nodes { sku } } }
  }
}
"""
SEND = """
mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { ... on SendMessageSuccess { sent { text } } ... on Problem { code } }
}
"""
UNAUTHENTICATED = {
    "type": "error",
    "payload": [
        {
            "message": "This token opens nothing any more: connect again.",
            "extensions": {"code": "UNAUTHENTICATED"},
        }
    ],
}


@dataclass
class Socket:
    """A client's end of a connection."""

    connection: ClientConnection

    def send(self, type: str, **more: object) -> None:
        """Send one message of the protocol."""
        self.connection.send(json.dumps({"type": type, **more}))

    def receive(self) -> dict[str, Any]:
        """The next message of the protocol."""
        received: dict[str, Any] = json.loads(self.connection.recv(PATIENCE))
        return received

    def subscribe(self, id: str, query: str, variables: Mapping[str, object] | None = None) -> None:
        """Begin an operation."""
        self.send("subscribe", id=id, payload={"query": query, "variables": dict(variables or {})})

    def texts(self, count: int) -> list[str]:
        """The texts of the next so many messages."""
        return [self.receive()["payload"]["data"]["messageAdded"]["message"]["text"] for _ in range(count)]

    def closed_with(self) -> tuple[int, str]:
        """The code and the reason with which the server closes, after whatever it still sends."""
        try:
            while True:
                self.connection.recv(PATIENCE)
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (0, "no close frame")


@contextmanager
def connected(
    served: Served,
    *,
    protocol: str = PROTOCOL,
    authorization: str = "",
    origin: str | None = None,
    path: str = "/graphql",
) -> Iterator[Socket]:
    """A connection whose handshake is done."""
    with connect(
        f"ws://{served.host}:{served.port}{path}",
        sock=socket.create_connection(("127.0.0.1", served.port)),
        subprotocols=[Subprotocol(protocol)],
        additional_headers={"Authorization": authorization} if authorization else {},
        origin=Origin(origin) if origin else None,
        open_timeout=PATIENCE,
        proxy=None,
    ) as connection:
        yield Socket(connection)


@contextmanager
def initialised(served: Served, token: str) -> Iterator[Socket]:
    """A connection that was acknowledged."""
    with connected(served) as client:
        client.send("connection_init", payload={"authorization": f"Bearer {token}"} if token else {})
        assert client.receive() == {"type": "connection_ack"}
        yield client


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order()


# What arrives.


@pytest.mark.feature("GQ-4")
@pytest.mark.feature("CN-2")
def test_a_guest_gets_the_messages_of_their_order_and_no_note_each_with_its_position(
    shop: Shop, order: Order, served: Served
) -> None:
    begin = last_position()
    with initialised(served, key_of(order)) as client:
        client.subscribe("1", MESSAGES, {"order": order.topic, "after": str(begin)})
        write_internal_note(viewer=shop.staff, order=order, text="For us alone")
        send_message(viewer=shop.staff, order=order, text="Hello")
        send_message(viewer=shop.guest(order), order=order, text="Good morning")
        received = [client.receive(), client.receive()]

    assert received == [
        {
            "type": "next",
            "id": "1",
            "payload": {
                "data": {"messageAdded": {"position": str(position), "message": {"text": text, "isMine": mine}}},
                "extensions": {"position": str(position)},
            },
        }
        for position, text, mine in ((begin + 2, "Hello", False), (begin + 3, "Good morning", True))
    ]


def test_staff_may_give_their_token_in_the_handshake_and_select_through_the_graph(
    shop: Shop, order: Order, served: Served
) -> None:
    with connected(served, authorization=f"Bearer {token_of(shop.member)}") as client:
        client.send("connection_init")
        assert client.receive() == {"type": "connection_ack"}
        client.subscribe("1", CHANGES, {"after": str(last_position())})
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        received = client.receive()

    assert received["payload"]["data"]["orderChanged"] == {
        "kind": "order.status_changed",
        "order": {
            "number": order.number,
            "customer": {"name": "Harbour Café"},
            "lines": {"nodes": [{"sku": "TT-22"}]},
        },
    }


@pytest.mark.feature("GQ-4")
def test_who_comes_back_with_the_last_position_misses_nothing_and_gets_nothing_twice(
    shop: Shop, order: Order, served: Served
) -> None:
    key = key_of(order)
    with initialised(served, key) as client:
        client.subscribe("1", MESSAGES, {"order": order.topic, "after": str(last_position())})
        send_message(viewer=shop.staff, order=order, text="one")
        reached = client.receive()["payload"]["extensions"]["position"]
    send_message(viewer=shop.staff, order=order, text="two")
    with initialised(served, key) as client:
        client.subscribe("1", MESSAGES, {"order": order.topic, "after": reached})
        send_message(viewer=shop.staff, order=order, text="three")
        assert client.texts(2) == ["two", "three"]


def test_operations_share_a_connection_and_end_one_by_one(shop: Shop, order: Order, served: Served) -> None:
    second = shop.order()
    with initialised(served, token_of(shop.member)) as client:
        begin = str(last_position())
        client.subscribe("a", MESSAGES, {"order": order.topic, "after": begin})
        client.subscribe("b", MESSAGES, {"order": second.topic, "after": begin})
        wait_for_followers(served, 2)
        client.send("complete", id="a")
        wait_for_followers(served, 1)
        send_message(viewer=shop.staff, order=order, text="to nobody")
        send_message(viewer=shop.staff, order=second, text="to b")
        received = client.receive()
        client.send("ping")
        answer = client.receive()
        client.subscribe("q", "{ viewer { kind } }")
        query = [client.receive(), client.receive()]

    assert (received["id"], received["payload"]["data"]["messageAdded"]["message"]["text"]) == ("b", "to b")
    assert answer == {"type": "pong"}
    assert query[0]["payload"]["data"] == {"viewer": {"kind": "STAFF"}}
    assert query[0]["payload"]["extensions"]["cost"]["requested"] == 2
    assert [(message["type"], message["id"]) for message in query] == [("next", "q"), ("complete", "q")]
    wait_for_followers(served, 0)


def test_an_operation_that_the_schema_does_not_know_is_refused_in_words_and_the_connection_stays(
    shop: Shop, served: Served
) -> None:
    with initialised(served, "") as client:
        client.subscribe("1", "subscription { nonsense }")
        refused = client.receive()
        client.send("ping")
        assert client.receive() == {"type": "pong"}

    assert (refused["type"], refused["id"]) == ("error", "1")
    assert refused["payload"][0]["message"] == "Cannot query field 'nonsense' on type 'Subscription'."


# Who may connect, watch, and for how long.


@pytest.mark.feature("AC-1")
def test_a_token_that_opens_nothing_is_refused_with_4403(
    shop: Shop, other_shop: Shop, order: Order, served: Served
) -> None:
    old = key_of(order)
    rotate_order_key(viewer=shop.staff, order=order)
    for token in (old, token_of(other_shop.member), "cft_unknown", "nonsense"):
        with connected(served) as client:
            client.send("connection_init", payload={"authorization": f"Bearer {token}"})
            assert client.closed_with() == (4403, "Forbidden")
        with connected(served, authorization=f"Bearer {token}") as client:
            client.send("connection_init")
            assert client.closed_with() == (4403, "Forbidden")
    with connected(served) as client:
        client.send("connection_init", payload={"authorization": {"Bearer": 1}})
        assert client.closed_with() == (4403, "Forbidden")


def test_who_does_not_keep_to_the_protocol_is_told_by_the_close_code(shop: Shop, served: Served) -> None:
    with connected(served) as client:
        client.subscribe("1", "{ viewer { kind } }")
        assert client.closed_with() == (4401, "Unauthorized")
    with connected(served, protocol="graphql-ws") as client:
        assert client.closed_with()[0] == 4406
    with initialised(served, "") as client:
        client.send("connection_init")
        assert client.closed_with()[0] == 4429
    with connected(served) as client:
        client.connection.send("no JSON")
        assert client.closed_with()[0] == 4400
    with connected(served) as client:
        client.connection.send(b"\x00")
        assert client.closed_with()[0] == 4400
    with connected(served) as client:
        client.send("connection_init", payload=[])
        assert client.closed_with()[0] == 4400


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example", 403),
        ("http://fennel.test.evil.example", 403),
        ("null", 403),
        ("http://fennel.test:1", 403),
        ("{own}", 101),
        (None, 101),
    ],
)
def test_another_sites_page_can_not_connect(shop: Shop, served: Served, origin: str | None, status: int) -> None:
    origin = f"http://{served.host}:{served.port}" if origin == "{own}" else origin
    if status == 101:
        with connected(served, origin=origin) as client:
            client.send("connection_init")
            assert client.receive() == {"type": "connection_ack"}
    else:
        with pytest.raises(InvalidStatus) as refused, connected(served, origin=origin):
            pass
        assert refused.value.response.status_code == status


def test_no_other_path_takes_a_connection(shop: Shop, served: Served) -> None:
    for path in ("/", "/live", "/graphql/", "/admin/live"):
        with pytest.raises(InvalidStatus) as refused, connected(served, path=path):
            pass
        assert refused.value.response.status_code == 403


@pytest.mark.feature("AC-12")
def test_whoever_may_not_see_an_order_gets_nothing_of_it_and_the_operation_ends(
    shop: Shop, order: Order, served: Served
) -> None:
    send_message(viewer=shop.staff, order=order, text="For Harbour Café alone")
    for token in ("", key_of(shop.order())):
        with initialised(served, token) as client:
            for number, operation in enumerate((MESSAGES, CHANGES)):
                client.subscribe(str(number), operation, {"order": order.topic, "after": "0"})
                assert client.receive() == {"type": "complete", "id": str(number)}


@pytest.mark.feature("CN-8")
def test_regenerating_the_key_ends_what_was_begun_with_it_and_lets_nothing_new_begin(
    shop: Shop, order: Order, served: Served
) -> None:
    with initialised(served, key_of(order)) as client:
        client.subscribe("1", MESSAGES, {"order": order.topic, "after": str(last_position())})
        wait_for_followers(served, 1)
        began = time.monotonic()
        rotate_order_key(viewer=shop.staff, order=order)
        assert client.receive() == {"type": "complete", "id": "1"}
        took = time.monotonic() - began
        send_message(viewer=shop.staff, order=order, text="To the new key alone")
        client.subscribe("2", MESSAGES, {"order": order.topic, "after": "0"})
        assert client.receive() == {"type": "complete", "id": "2"}
        client.subscribe("3", "query ($id: ID!) { order(id: $id) { number } }", {"id": order.topic})
        assert client.receive() == UNAUTHENTICATED | {"id": "3"}

    assert took < 3  # far from the beat of ten seconds


@pytest.mark.feature("GQ-4")
@pytest.mark.feature("AC-1")
@pytest.mark.parametrize("how", ["revoked", "expired", "left the staff"])
def test_a_token_that_ended_does_nothing_any_more_on_a_connection_that_it_opened(
    shop: Shop, order: Order, served: Served, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.streams.BEAT", 0.1)
    with initialised(served, token_of(shop.member)) as client:
        client.subscribe("before", "{ viewer { name } }")
        assert client.receive()["payload"]["data"] == {"viewer": {"name": "Mara"}}
        assert client.receive()["type"] == "complete"
        client.subscribe("stream", CHANGES)
        wait_for_followers(served, 1)
        match how:
            case "revoked":
                AccessToken.objects.update(revoked_at=clock.now())
            case "expired":
                AccessToken.objects.update(expires_at=clock.now())
            case _:
                StaffMember.objects.update(is_active=False)
        ended = client.receive()
        client.subscribe("query", "{ orders(first: 1) { nodes { number } } }")
        query = client.receive()
        given = {"input": {"orderId": order.topic, "text": "Still here", "clientMutationKey": "k"}}
        client.subscribe("mutation", SEND, given)
        mutation = client.receive()

    assert ended == {"type": "complete", "id": "stream"}
    assert query == UNAUTHENTICATED | {"id": "query"}
    assert mutation == UNAUTHENTICATED | {"id": "mutation"}
    assert Message.objects.count() == 0


# Leaving.


def test_a_client_that_left_or_vanished_is_noticed_and_costs_nothing_any_more(
    shop: Shop, order: Order, served: Served
) -> None:
    with initialised(served, key_of(order)) as polite, initialised(served, key_of(order)) as rude:
        for client in (polite, rude):
            client.subscribe("1", MESSAGES, {"order": order.topic})
            client.subscribe("2", MESSAGES, {"order": order.topic})
        wait_for_followers(served, 4)
        polite.connection.close()
        wait_for_followers(served, 2)
        rude.connection.socket.shutdown(socket.SHUT_RDWR)
        wait_for_followers(served, 0)


def test_a_server_that_stops_closes_its_connections_without_completing_their_operations(
    shop: Shop, order: Order, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving() as served, initialised(served, key_of(order)) as client:
        client.subscribe("1", MESSAGES, {"order": order.topic})
        wait_for_followers(served, 1)
        served.stop()
        code, _ = client.closed_with()

    assert code in {1001, 1012}
    assert "Traceback" not in capfd.readouterr().err
