"""What followers of one event share, and what nobody shares."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from threading import Semaphore
from time import sleep
from typing import Any

import pytest

from counterfoil.access.viewer import Viewer
from counterfoil.conversations.actions import send_message
from counterfoil.events.relay import last_position
from counterfoil.orders.actions import rotate_order_key
from schema import identity, sharing
from schema.conversations import subscriptions
from schema.execution import RowExecution
from schema.sharing import frozen, once, once_in_threads
from tests.factories import Shop
from tests.serving import Served, key_of, serving, subscribed, token_of, wait_for_followers
from tests.together import together

WATCH = """subscription Watch($order: ID!, $after: Position, $names: Boolean = false) {
  messageAdded(orderId: $order, after: $after) { message { text isMine authorName @include(if: $names) } }
}"""


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow_on_postgresql
@pytest.mark.feature("GQ-4")
def test_those_who_see_the_same_share_a_read_and_a_selection_and_others_get_their_own(
    shop: Shop, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = shop.order()
    read: list[str] = []
    selected: list[object] = []
    message_by_key, execute = subscriptions.message_by_key, RowExecution.execute_operation

    def reading(viewer: Viewer, pk: int | None) -> object:
        read.append(viewer.reference)
        return message_by_key(viewer, pk)

    def selecting(self: RowExecution, serially: bool | None = None) -> Any:
        selected.append(self)
        return execute(self, serially)

    monkeypatch.setattr(subscriptions, "message_by_key", reading)
    monkeypatch.setattr(RowExecution, "execute_operation", selecting)
    guest, staff = key_of(order), token_of(shop.member)
    asked = {"order": order.topic, "after": str(last_position())}
    with ExitStack() as stack:
        streams = [
            stack.enter_context(subscribed(served, WATCH, asked | more, token=token))
            for token, more in ((guest, {}),) * 5 + ((staff, {}), (guest, {"names": True}))
        ]
        wait_for_followers(served, len(streams))
        send_message(viewer=shop.guest(order), order=order, text="Hello")
        told = [stream.take(1)[0].data["data"]["messageAdded"]["message"] for stream in streams]

    assert told[:5] == [{"text": "Hello", "isMine": True}] * 5
    assert told[5:] == [
        {"text": "Hello", "isMine": False},
        {"text": "Hello", "isMine": True, "authorName": "Ana Reis"},
    ]
    assert sorted(read) == sorted([shop.guest(order).reference, shop.staff.reference])
    assert len(selected) == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow_on_postgresql
@pytest.mark.feature("GQ-4")
@pytest.mark.feature("AC-1")
def test_streams_of_one_credential_look_at_it_once_and_anew_when_it_may_be_revoked(
    shop: Shop, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = shop.order()
    looked: list[str] = []
    look = identity._token_viewer

    def looking(token: str, workspace_id: int) -> Viewer | None:
        looked.append(token)
        return look(token, workspace_id)

    monkeypatch.setattr("schema.streams.BEAT", 0.1)
    monkeypatch.setattr(sharing, "KEPT", 600)
    monkeypatch.setattr(identity, "_token_viewer", looking)
    guest, staff = key_of(order), token_of(shop.member)
    asked = {"order": order.topic, "after": str(last_position())}
    with ExitStack() as stack:
        streams = [
            stack.enter_context(subscribed(served, WATCH, asked, token=token))
            for token in (guest, guest, guest, staff, staff)
        ]
        lines = [stream.response.iter_lines() for stream in streams]
        for beats in lines:
            assert [line for line in islice(beats, 6) if line] == [": beat"] * 3
        assert looked.count(guest) == 3 * 2 + 1  # two looks open a stream
        assert looked.count(staff) == 2 * 2 + 1

        rotate_order_key(viewer=shop.staff, order=order)
        for beats in lines[:3]:
            assert "event: complete" in beats
        assert looked.count(guest) == 3 * 2 + 2
        send_message(viewer=shop.staff, order=order, text="Still here")
        for beats in lines[3:]:
            assert any("Still here" in line for line in beats)


def test_it_is_made_once_for_all_who_wait_and_for_those_who_come_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "KEPT", 0.05)
    made: list[object] = []

    async def make() -> object:
        mine = object()
        made.append(mine)
        await asyncio.sleep(0)
        return mine

    async def scenario() -> None:
        first = await asyncio.gather(*(once("key", make) for _ in range(9)), once("other", make))
        assert len(set(map(id, first))) == 2
        assert await once("key", make) is first[0]
        await asyncio.sleep(0.2)
        assert await once("key", make) is not first[0]

    asyncio.run(scenario())
    assert len(made) == 3


def test_the_first_one_may_leave() -> None:
    async def scenario() -> None:
        going = asyncio.Event()

        async def make() -> str:
            await going.wait()
            return "there"

        first, second = asyncio.create_task(once("key", make)), asyncio.create_task(once("key", make))
        await asyncio.sleep(0)
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first
        going.set()
        assert await second == "there"

    asyncio.run(scenario())


def test_a_failure_is_told_to_all_who_wait_and_then_forgotten() -> None:
    async def scenario() -> None:
        async def fail() -> str:
            await asyncio.sleep(0)
            raise LookupError

        async def work() -> str:
            return "there"

        failed = await asyncio.gather(once("key", fail), once("key", fail), return_exceptions=True)
        assert [type(error) for error in failed] == [LookupError, LookupError]
        assert await once("key", work) == "there"

    asyncio.run(scenario())


# In threads.


@pytest.mark.once
def test_threads_that_come_meanwhile_wait_for_the_first_and_those_who_come_later_make_it_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sharing, "KEPT", 0.3)
    asked, made = Semaphore(0), []

    def make() -> tuple[object, bool]:
        made.append(object())
        for _ in range(5):
            asked.acquire()
        return made[-1], True

    def ask() -> object:
        asked.release()
        return once_in_threads("key", make)

    assert {id(found) for found in together(*[ask] * 6)} == {id(made[0])}
    assert len(made) == 1
    assert once_in_threads("other", lambda: ("another", True)) == "another"
    sleep(0.4)
    assert once_in_threads("key", lambda: ("anew", True)) == "anew"


@pytest.mark.once
def test_what_is_not_for_all_is_made_by_each_thread_for_itself() -> None:
    asked, made = Semaphore(0), []

    def make() -> tuple[object, bool]:
        if not made:
            made.append(object())
            asked.acquire(timeout=10)
            sleep(0.1)  # the other one waits by now
        else:
            made.append(object())
        return made[-1], False

    def second() -> object:
        asked.release()
        return once_in_threads("key", make)

    found = together(lambda: once_in_threads("key", make), second)
    assert len(made) == 2
    assert {id(one) for one in found} == set(map(id, made))
    assert once_in_threads("key", lambda: ("a third", True)) == "a third"


@pytest.mark.once
def test_a_failure_in_a_thread_is_raised_and_forgotten() -> None:
    def fail() -> tuple[str, bool]:
        raise LookupError

    with pytest.raises(LookupError):
        once_in_threads("key", fail)
    assert once_in_threads("key", lambda: ("there", True)) == "there"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": [1, {"c": None}]}, {"b": [1, {"c": None}], "a": 1}, True),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
        ({"a": None}, {}, False),
        ({"a": {1}}, {"a": {1}}, False),  # what can't be a key is never shared
    ],
)
def test_variables_are_the_same_when_they_say_the_same(one: object, other: object, same: bool) -> None:
    assert (frozen(one) == frozen(other)) is same
    hash(frozen(one))
