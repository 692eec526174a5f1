"""Subscriptions over server-sent events at `/graphql`: resumable without loss or repeats, and never too much (GQ-4)."""

import random
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest
from django.db import connections

from counterfoil.access import clock
from counterfoil.access.models import AccessToken, StaffMember
from counterfoil.access.viewer import Viewer
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.events.record import record
from counterfoil.events.relay import last_position
from counterfoil.orders.actions import change_status, rotate_all_order_keys, rotate_order_key, set_mail_preference
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.partners.actions import issue_token, register_client, revoke_client, revoke_token, set_scopes
from tests.factories import Shop
from tests.serving import PATIENCE, Frame, Served, Stream, key_of, serving, subscribed, token_of, wait_for_followers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow_on_postgresql]

MESSAGES = """
subscription Messages($order: ID!, $after: Position) {
  messageAdded(orderId: $order, after: $after) { position message { text author authorName isMine } }
}
"""
CHANGES = """
subscription Changes($order: ID, $after: Position) {
  orderChanged(orderId: $order, after: $after) { position kind order { number status } }
}
"""


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order()


def write(viewer: Viewer, order: Order, *texts: str) -> None:
    for text in texts:
        send_message(viewer=viewer, order=order, text=text)


def texts_of(frames: list[Frame]) -> list[str]:
    return [frame.data["data"]["messageAdded"]["message"]["text"] for frame in frames]


def from_now(order: Order) -> dict[str, object]:
    """Variables of a subscription that begins here, whatever happens before the server has it."""
    return {"order": order.topic, "after": str(last_position())}


# What arrives.


@pytest.mark.feature("GQ-4")
@pytest.mark.feature("CN-8")
def test_a_guest_gets_the_messages_of_both_sides_as_they_are_sent(shop: Shop, order: Order, served: Served) -> None:
    begin = last_position()
    with subscribed(served, MESSAGES, from_now(order), token=key_of(order)) as stream:
        write(shop.staff, order, "Good morning")
        first = stream.take(1)
        write(shop.guest(order), order, "Hello")
        second = stream.take(1)

    assert stream.response.headers["content-type"].startswith("text/event-stream")
    assert stream.response.headers["cache-control"] == "no-cache, no-transform"
    assert stream.response.headers["x-accel-buffering"] == "no"
    assert [*first, *second] == [
        Frame(
            "next",
            {
                "data": {
                    "messageAdded": {
                        "position": str(begin + 1),
                        "message": {
                            "text": "Good morning",
                            "author": "STAFF",
                            "authorName": "Fennel & Twine",
                            "isMine": False,
                        },
                    }
                },
                "extensions": {"position": str(begin + 1)},
            },
            str(begin + 1),
        ),
        Frame(
            "next",
            {
                "data": {
                    "messageAdded": {
                        "position": str(begin + 2),
                        "message": {
                            "text": "Hello",
                            "author": "CUSTOMER",
                            "authorName": "Ana Reis",
                            "isMine": True,
                        },
                    }
                },
                "extensions": {"position": str(begin + 2)},
            },
            str(begin + 2),
        ),
    ]


@pytest.mark.feature("GQ-4")
def test_staff_watch_every_order_of_their_workspace_by_token(
    shop: Shop, other_shop: Shop, order: Order, served: Served
) -> None:
    second, foreign = shop.order(), other_shop.order()
    token, begin = token_of(shop.member), last_position()
    with subscribed(served, CHANGES, {"after": str(begin)}, token=token) as stream:
        change_status(viewer=other_shop.staff, order=foreign, status=OrderStatus.CONFIRMED)
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        write(shop.staff, order, "Not a change of the order")
        set_mail_preference(viewer=shop.staff, order=second, enabled=False)
        rotate_order_key(viewer=shop.staff, order=second)
        change_status(viewer=shop.staff, order=second, status=OrderStatus.CANCELLED)
        changes = [frame.data["data"]["orderChanged"] for frame in stream.take(4)]

    assert [(change["kind"], change["order"]["number"]) for change in changes] == [
        ("order.status_changed", order.number),
        ("mail_preference.changed", second.number),
        ("order_key.rotated", second.number),
        ("order.status_changed", second.number),
    ]
    assert changes[0]["order"]["status"] == "CONFIRMED"


@pytest.mark.feature("GQ-4")
def test_a_guest_watches_the_changes_of_their_order(shop: Shop, order: Order, served: Served) -> None:
    other = shop.order()
    with subscribed(served, CHANGES, from_now(order), token=key_of(order)) as stream:
        change_status(viewer=shop.staff, order=other, status=OrderStatus.CONFIRMED)
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        set_mail_preference(viewer=shop.guest(order), order=order, enabled=False)
        changes = [frame.data["data"]["orderChanged"] for frame in stream.take(2)]

    assert [(change["kind"], change["order"]["number"]) for change in changes] == [
        ("order.status_changed", order.number),
        ("mail_preference.changed", order.number),
    ]


@pytest.mark.feature("CN-2")
@pytest.mark.parametrize("operation", [MESSAGES, CHANGES])
def test_an_internal_note_reaches_no_guest_by_a_stream_live_or_resumed(
    shop: Shop, order: Order, served: Served, operation: str
) -> None:
    write_internal_note(viewer=shop.staff, order=order, text="Never extend credit to this one")
    with subscribed(served, operation, {"order": order.topic, "after": "0"}, token=key_of(order)) as stream:
        write_internal_note(viewer=shop.staff, order=order, text="Nor to their sister")
        write(shop.staff, order, "The last")
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        rotate_order_key(viewer=shop.staff, order=order)
        everything = stream.rest()

    assert everything
    assert "credit" not in str(everything)
    assert "sister" not in str(everything)
    assert "note" not in str(everything)


@pytest.mark.feature("CN-2")
def test_a_change_that_concerns_staff_alone_reaches_staff_and_no_guest(
    shop: Shop, order: Order, served: Served
) -> None:
    with (
        subscribed(served, CHANGES, from_now(order), token=key_of(order)) as guest,
        subscribed(served, CHANGES, from_now(order), token=token_of(shop.member)) as staff,
    ):
        record(shop.staff, "order.margin_changed", topic=order.topic, internal=True)
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        seen = [
            [frame.data["data"]["orderChanged"]["kind"] for frame in stream.take(count)]
            for stream, count in ((guest, 1), (staff, 2))
        ]

    assert seen == [["order.status_changed"], ["order.margin_changed", "order.status_changed"]]


def test_a_selection_reaches_through_the_graph_as_in_a_query(shop: Shop, order: Order, served: Served) -> None:
    text = """
    subscription ($order: ID!, $after: Position) {
      orderChanged(orderId: $order, after: $after) {
        order {
          number total { amount currency } customer { name } contact { name }
          lines(first: 5) { nodes { name quantity total { amount } } pageInfo { hasNextPage } }
          messages(first: 1) { edges { node { text mail { state } } } }
          internalNotes(first: 1) { nodes { text } }
        }
      }
    }
    """
    write(shop.staff, order, "Earlier")
    write_internal_note(viewer=shop.staff, order=order, text="For us")
    with subscribed(served, text, from_now(order), token=token_of(shop.member)) as stream:
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        (frame,) = stream.take(1)

    assert frame.data["data"]["orderChanged"]["order"] == {
        "number": order.number,
        "total": {"amount": "166.20", "currency": "GBP"},
        "customer": {"name": "Harbour Café"},
        "contact": {"name": "Ana Reis"},
        "lines": {
            "nodes": [
                {"name": "Tea tin, retro spot", "quantity": 4, "total": {"amount": "96.00"}},
                {"name": "Biscuit cutters, set of 3", "quantity": 12, "total": {"amount": "70.20"}},
            ],
            "pageInfo": {"hasNextPage": False},
        },
        "messages": {"edges": [{"node": {"text": "Earlier", "mail": {"state": "QUEUED"}}}]},
        "internalNotes": {"nodes": [{"text": "For us"}]},
    }


def test_a_query_and_a_mutation_are_answered_by_a_stream_of_one(shop: Shop, order: Order, served: Served) -> None:
    mutation = """
    mutation ($input: SendMessageInput!) {
      sendMessage(input: $input) { ... on SendMessageSuccess { sent { text } } ... on Problem { code } }
    }
    """
    given = {"input": {"orderId": order.topic, "text": "Over a stream", "clientMutationKey": "k1"}}

    with subscribed(served, "{ viewer { kind } }", token=key_of(order)) as stream:
        answers = stream.rest()
    with subscribed(served, mutation, given, token=key_of(order)) as stream:
        changed = stream.rest()

    assert [frame.event for frame in answers] == ["next", "complete"]
    assert answers[0].data["data"] == {"viewer": {"kind": "GUEST"}}
    assert [frame.event for frame in changed] == ["next", "complete"]
    assert changed[0].data["data"] == {"sendMessage": {"sent": {"text": "Over a stream"}}}


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_an_operation_that_can_not_be_run_is_refused_in_words(
    shop: Shop, served: Served, method: str, capfd: pytest.CaptureFixture[str]
) -> None:
    refusals: dict[str, dict[str, object]] = {
        "Syntax Error: Expected Name, found <EOF>.": {"query": "subscription {"},
        "Cannot query field 'nonsense' on type 'Subscription'.": {"query": "subscription { nonsense }"},
        "A Position is a string of up to 18 digits": {"query": 'subscription { orderChanged(after: "x") { kind } }'},
        "The text has no operation B.": {"query": "subscription A { orderChanged { kind } }", "operationName": "B"},
        'Send an operation: {"query": "…"}': {"query": ""},
    }
    if method == "GET":
        refusals["Changes are sent by POST."] = {
            "query": 'mutation { rotateOrderKey(input: {clientMutationKey: "1", orderId: "order_1"}) { __typename } }'
        }

    for message, body in refusals.items():
        with served.client() as client:
            sent = {"params": body} if method == "GET" else {"json": body}
            answer = client.request(method, "/graphql", headers={"Accept": "text/event-stream"}, **sent)
        assert message.replace('"', r"\"") in answer.text
    assert "Traceback" not in capfd.readouterr().err


# Coming back.


@pytest.mark.feature("GQ-4")
def test_who_comes_back_gets_what_they_missed_and_nothing_twice(shop: Shop, order: Order, served: Served) -> None:
    key = key_of(order)
    with subscribed(served, MESSAGES, from_now(order), token=key) as stream:
        write(shop.staff, order, "one", "two")
        before = stream.take(2)
    write(shop.staff, order, "three")
    write(shop.guest(order), order, "four")
    reached = before[-1].id

    afterwards = []
    for after, last_event_id in ((reached, None), (None, reached), ("0", reached)):  # the header wins
        variables = {"order": order.topic, "after": after}
        with subscribed(served, MESSAGES, variables, token=key, last_event_id=last_event_id) as stream:
            afterwards.append(stream.take(2))

    assert texts_of(before) == ["one", "two"]
    assert [texts_of(frames) for frames in afterwards] == [["three", "four"]] * 3


def test_a_last_event_id_that_is_no_position_counts_as_none(shop: Shop, order: Order, served: Served) -> None:
    write(shop.staff, order, "one")
    key = key_of(order)
    for nonsense in ("", "abc", "-1", "1" * 30, "1; drop", "١"):
        headers = {
            b"Accept": b"text/event-stream",
            b"Authorization": f"Bearer {key}".encode(),
            b"Last-Event-ID": nonsense.encode(),
        }
        body = {"query": MESSAGES, "variables": {"order": order.topic, "after": "0"}}
        with served.client() as client, client.stream("POST", "/graphql", json=body, headers=headers) as response:
            assert texts_of(Stream(response).take(1)) == ["one"]


@pytest.mark.feature("GQ-4")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_client_that_keeps_losing_its_connection_still_gets_each_message_once_in_order(
    shop: Shop, order: Order, served: Served, seed: int
) -> None:
    chance, key = random.Random(seed), key_of(order)
    expected = [f"message {number}" for number in range(30)]
    begin = str(last_position())

    def talk() -> None:
        try:
            for number, text in enumerate(expected):
                write(shop.staff if number % 3 else shop.guest(order), order, text)
                write_internal_note(viewer=shop.staff, order=order, text=f"note {number}")
        finally:
            connections.close_all()

    talking = threading.Thread(target=talk)
    talking.start()
    got: list[Frame] = []
    while len(got) < len(expected):
        by_header = chance.random() < 0.5
        reached = got[-1].id if got else begin
        variables = {"order": order.topic, "after": begin if by_header else reached}
        with subscribed(served, MESSAGES, variables, token=key, last_event_id=reached if by_header else None) as stream:
            got += stream.take(min(chance.randint(0, 6), len(expected) - len(got)))
    talking.join(PATIENCE)

    assert texts_of(got) == expected


# Who may watch, and for how long.


@pytest.mark.feature("AC-12")
@pytest.mark.parametrize("operation", [MESSAGES, CHANGES])
def test_whoever_may_not_see_an_order_gets_nothing_of_it_and_the_stream_ends(
    shop: Shop, other_shop: Shop, order: Order, served: Served, operation: str
) -> None:
    write(shop.staff, order, "For Harbour Café alone")
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    guest_of_another = ("fennel.test", key_of(shop.order()))
    nobody = ("fennel.test", "")
    staff_of_another_workspace = ("other.test", token_of(other_shop.member))

    for served.host, token in (guest_of_another, nobody, staff_of_another_workspace):
        for topic in (order.topic, "order_999999"):
            with subscribed(served, operation, {"order": topic, "after": "0"}, token=token) as stream:
                assert stream.rest() == [Frame("complete", None, None)]


def test_what_is_no_order_can_not_be_watched(shop: Shop, order: Order, served: Served) -> None:
    write(shop.staff, order, "Hello")
    token = token_of(shop.member)
    for topic in ("message_1", "order_", f"order_{order.pk}x", "", "*", "order_１"):
        with subscribed(served, MESSAGES, {"order": topic, "after": "0"}, token=token) as stream:
            assert stream.rest() == [Frame("complete", None, None)]


def test_only_staff_may_watch_every_order(shop: Shop, order: Order, served: Served) -> None:
    with subscribed(served, CHANGES, {"after": "0"}, token=key_of(order)) as stream:
        frames = stream.rest()

    assert frames[0].data["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert str(frames).count("errors") == 1
    assert frames[-1].event == "complete"


@pytest.mark.feature("AC-1")
def test_a_token_that_opens_nothing_is_refused_before_the_stream_begins(
    shop: Shop, other_shop: Shop, order: Order, served: Served
) -> None:
    expired, revoked, rotated = token_of(shop.member), token_of(shop.member), key_of(order)
    AccessToken.objects.filter(digest=AccessToken.digest_of(expired)).update(expires_at=clock.now())
    AccessToken.objects.filter(digest=AccessToken.digest_of(revoked)).update(revoked_at=clock.now())
    rotate_order_key(viewer=shop.staff, order=order)
    refused = ["Bearer cft_unknown", "Bearer nonsense", "Bearer", "Basic dXNlcjpwYXNz", "Bearer ä"]
    refused += [f"Bearer {token}" for token in (expired, revoked, rotated, token_of(other_shop.member))]

    for authorization in refused:
        with served.client() as client:
            headers = {b"Accept": b"text/event-stream", b"Authorization": authorization.encode()}
            body = {"query": MESSAGES, "variables": {"order": order.topic, "after": "0"}}
            response = client.post("/graphql", json=body, headers=headers)

        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer"), authorization
        assert response.json()["errors"][0]["message"].startswith("This token opens nothing here")
    assert served.followers() == 0


@pytest.mark.feature("CN-8")
@pytest.mark.parametrize("operation", [MESSAGES, CHANGES])
def test_regenerating_the_key_ends_the_open_streams_of_the_old_one_at_once(
    shop: Shop, order: Order, served: Served, operation: str
) -> None:
    with (
        subscribed(served, operation, from_now(order), token=key_of(order)) as guest,
        subscribed(served, CHANGES, from_now(order), token=token_of(shop.member)) as staff,
    ):
        wait_for_followers(served, 2)
        began = time.monotonic()
        rotate_order_key(viewer=shop.staff, order=order)
        rest = guest.rest()
        took = time.monotonic() - began
        write(shop.staff, order, "To the new key alone")
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        seen = [frame.data["data"]["orderChanged"]["kind"] for frame in staff.take(2)]

    assert [frame.event for frame in rest] == ["complete"]
    assert took < 3  # far from the beat of ten seconds
    assert seen == ["order_key.rotated", "order.status_changed"]


@pytest.mark.feature("CN-8")
@pytest.mark.parametrize("operation", [MESSAGES, CHANGES])
def test_ending_all_links_ends_the_open_streams_that_came_from_one_at_once(
    shop: Shop, order: Order, served: Served, operation: str
) -> None:
    with (
        subscribed(served, operation, from_now(order), token=key_of(order)) as guest,
        subscribed(served, CHANGES, from_now(order), token=token_of(shop.member)) as staff,
    ):
        wait_for_followers(served, 2)
        began = time.monotonic()
        rotate_all_order_keys(viewer=shop.staff)
        rest = guest.rest()
        took = time.monotonic() - began
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        seen = [frame.data["data"]["orderChanged"]["kind"] for frame in staff.take(1)]

    assert [frame.event for frame in rest] == ["complete"]
    assert took < 3  # far from the beat of ten seconds
    assert seen == ["order.status_changed"]


@pytest.mark.feature("AC-11")
@pytest.mark.parametrize("way", ["its token", "its client", "its scope"])
def test_a_programs_streams_end_at_once_when_it_loses_what_they_need(
    shop: Shop, order: Order, served: Served, way: str
) -> None:
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=["orders:read", "messages:write"])
    who = {"workspace_id": shop.workspace.pk, "client_id": client.client_id, "secret": secret}
    token = issue_token(**who).token
    with (
        subscribed(served, CHANGES, {**from_now(order), "order": None}, token=token) as all_orders,
        subscribed(served, MESSAGES, from_now(order), token=token) as program,
        subscribed(served, MESSAGES, from_now(order), token=token_of(shop.member)) as staff,
        subscribed(served, MESSAGES, from_now(order), token=key_of(order)) as guest,
    ):
        wait_for_followers(served, 4)
        write(client.acting(client.scopes), order, "Sent by itself")
        first = [texts_of(stream.take(1)) for stream in (program, staff, guest)]
        began = time.monotonic()
        match way:
            case "its token":
                revoke_token(**who, token=token)
            case "its client":
                revoke_client(viewer=shop.staff, client=client)
            case "its scope":
                set_scopes(viewer=shop.staff, client=client, scopes=["orders:read"])
        rest = [*program.rest(), *all_orders.rest()]
        took = time.monotonic() - began
        write(shop.staff, order, "Still here")
        others = [texts_of(stream.take(1)) for stream in (staff, guest)]

    assert first == [["Sent by itself"]] * 3
    assert [frame.event for frame in rest] == ["complete"] * 2
    assert took < 3  # far from the beat of ten seconds
    assert others == [["Still here"]] * 2


@pytest.mark.feature("GQ-4")
def test_a_stream_ends_soon_after_its_token_does(
    shop: Shop, order: Order, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.streams.BEAT", 0.1)
    ends = (
        lambda: AccessToken.objects.update(revoked_at=clock.now()),
        lambda: AccessToken.objects.update(expires_at=clock.now()),
        lambda: StaffMember.objects.update(is_active=False),
    )
    for end in ends:
        with subscribed(served, CHANGES, from_now(order), token=token_of(shop.member)) as stream:
            set_mail_preference(viewer=shop.staff, order=order, enabled=False)
            set_mail_preference(viewer=shop.staff, order=order, enabled=True)
            assert [frame.event for frame in stream.take(2)] == ["next", "next"]
            end()
            assert stream.rest() == [Frame("complete", None, None)]


@pytest.mark.feature("GQ-4")
def test_a_stream_on_which_much_happens_ends_with_its_token_too(
    shop: Shop, order: Order, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.streams.BEAT", 1.0)
    with subscribed(served, CHANGES, from_now(order), token=token_of(shop.member)) as stream:
        AccessToken.objects.update(expires_at=clock.now())
        for change in range(20):
            set_mail_preference(viewer=shop.staff, order=order, enabled=bool(change % 2))
            time.sleep(0.2)
        told = [frame.event for frame in stream.rest()]

    assert told[-1] == "complete"
    assert len(told) < 15


# Leaving, and stopping.


def test_a_client_that_left_is_noticed_and_costs_nothing_any_more(shop: Shop, order: Order, served: Served) -> None:
    follow = partial(subscribed, served, MESSAGES, from_now(order), token=key_of(order))
    with follow(), follow() as stream:
        wait_for_followers(served, 2)
        write(shop.staff, order, "Hello")
        stream.take(1)

    wait_for_followers(served, 0)


def test_a_server_that_stops_cuts_its_streams_without_completing_them_and_without_a_fuss(
    shop: Shop, order: Order, capfd: pytest.CaptureFixture[str]
) -> None:
    """`complete` would tell a client not to come back."""
    with serving() as served:
        client, variables = subscribed(served, MESSAGES, from_now(order), token=key_of(order)), from_now(order)
        with client as stream, subscribed(served, MESSAGES, variables, token=key_of(order)) as another:
            write(shop.staff, order, "Hello")
            assert texts_of([*stream.take(1), *another.take(1)]) == ["Hello", "Hello"]
            served.stop()
            rest = [*stream.rest(), *another.rest()]

    assert rest == []
    assert "Traceback" not in capfd.readouterr().err
