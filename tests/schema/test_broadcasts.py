"""Connections that would be told the same share one subscription, and each hears everything once (GQ-4)."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack

import pytest

from counterfoil.conversations.actions import send_message
from counterfoil.events.relay import last_position
from counterfoil.orders.actions import rotate_order_key
from counterfoil.orders.models import Order
from schema import broadcasts
from schema.broadcasts import Broadcast, TooSlow
from tests.factories import Shop
from tests.serving import Frame, Served, Stream, in_loop, key_of, serving, subscribed, token_of, wait_for_followers

MESSAGES = """subscription ($order: ID!, $after: Position) {
  messageAdded(orderId: $order, after: $after) { message { text authorName } } }"""


async def told_by(*frames: tuple[int | None, str]) -> AsyncGenerator[tuple[int | None, str]]:
    for frame in frames:
        await asyncio.sleep(0)
        yield frame


@pytest.mark.once
def test_who_joins_later_gets_what_lies_behind_their_position_and_no_more() -> None:
    async def scenario() -> list[str]:
        broadcast = Broadcast.begin("key", 10)
        assert broadcast is not None
        assert Broadcast.begin("key", 10) is None
        members = [broadcast.join(10)]
        broadcast.run(told_by((11, "a"), (12, "b"), (13, "c")))
        for _ in range(2):
            await asyncio.sleep(0)
        assert Broadcast.find("key", 9) is None  # what lies between 9 and 10 it has never had
        assert Broadcast.find("other", 10) is None
        for after in (10, 11, 12, 20):
            found = Broadcast.find("key", after)
            assert found is broadcast
            members.append(found.join(after))
        return ["".join([told async for told in member.frames()]) for member in members]

    assert in_loop(scenario()) == ["abc", "abc", "bc", "c", ""]


@pytest.mark.once
def test_what_is_too_long_ago_is_not_to_be_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasts, "_KEPT", 2)

    async def scenario() -> None:
        broadcast = Broadcast.begin("key", 10)
        assert broadcast is not None
        member = broadcast.join(10)

        async def open_end() -> AsyncGenerator[tuple[int | None, str]]:
            for position in range(11, 16):
                yield position, "x"
            await asyncio.Event().wait()

        broadcast.run(open_end())
        frames = member.frames()
        assert await anext(frames) == "xxxxx"
        assert [Broadcast.find("key", position) is broadcast for position in (12, 13, 14)] == [False, True, True]
        await frames.aclose()

    in_loop(scenario())


@pytest.mark.once
def test_who_does_not_take_their_frames_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasts, "_MOST_WAITING", 3)

    async def scenario() -> None:
        broadcast = Broadcast.begin("key", 0)
        assert broadcast is not None
        member = broadcast.join(0)
        broadcast.run(told_by(*((position, "x") for position in range(1, 9))))
        for _ in range(20):
            await asyncio.sleep(0)
        with pytest.raises(TooSlow):
            await anext(member.frames())

    in_loop(scenario())


@pytest.mark.once
def test_with_the_last_member_the_subscription_ends() -> None:
    async def scenario() -> list[str]:
        ended = []

        async def endless() -> AsyncGenerator[tuple[int | None, str]]:
            try:
                for position in range(1, 10**9):
                    yield position, f"{position} "
                    await asyncio.sleep(0.001)
            finally:
                ended.append("ended")

        broadcast = Broadcast.begin("key", 0)
        assert broadcast is not None
        first, second = broadcast.join(0), broadcast.join(0)
        broadcast.run(endless())
        frames = first.frames(), second.frames()
        assert (await anext(frames[0])).startswith("1 ")
        assert (await anext(frames[1])).startswith("1 ")
        await frames[0].aclose()
        await asyncio.sleep(0.01)
        assert ended == []
        await anext(frames[1])
        await frames[1].aclose()
        await asyncio.sleep(0.01)
        assert Broadcast.find("key", 10**9) is None
        return ended

    assert in_loop(scenario()) == ["ended"]
    gc.collect()


# On a server.


@pytest.fixture
def served(shop: Shop) -> Iterator[Served]:
    with serving() as running:
        yield running


def texts(frames: list[Frame]) -> list[str]:
    return [frame.data["data"]["messageAdded"]["message"]["text"] for frame in frames]


def say(shop: Shop, order: Order, *texts: str) -> None:
    for text in texts:
        send_message(viewer=shop.staff, order=order, text=text)


def watching(served: Served, order: Order, token: str, **more: str) -> ExitStack:
    return subscribed(served, MESSAGES, {"order": order.topic}, token=token, **more)  # type: ignore[return-value]


@pytest.mark.feature("GQ-4")
@pytest.mark.slow_on_postgresql
@pytest.mark.django_db(transaction=True)
def test_streams_of_one_credential_run_one_subscription_and_each_hears_everything_once(
    shop: Shop, served: Served
) -> None:
    order = shop.order()
    token = token_of(shop.member)
    begin = str(last_position())
    with ExitStack() as streams:

        def join(position: str = begin) -> Stream:
            return streams.enter_context(watching(served, order, token, last_event_id=position))

        first, second = join(), join()
        wait_for_followers(served, 2)
        say(shop, order, "one")
        one = first.take(1)
        assert texts([*one, *second.take(1)]) == ["one", "one"]
        wait_for_followers(served, 1)
        say(shop, order, "two")
        late, resumed = join(), join(str(one[0].id))
        say(shop, order, "three")

        assert texts(first.take(2)) == ["two", "three"]
        assert texts(second.take(2)) == ["two", "three"]
        assert texts(late.take(3)) == ["one", "two", "three"]
        assert texts(resumed.take(2)) == ["two", "three"]
        wait_for_followers(served, 1)
        first.response.close()  # the one that began it
        say(shop, order, "four", "five")
        for stream in (second, late, resumed):
            assert texts(stream.take(2)) == ["four", "five"]
    wait_for_followers(served, 0)


@pytest.mark.feature("GQ-4")
@pytest.mark.feature("AC-2")
@pytest.mark.slow_on_postgresql
@pytest.mark.django_db(transaction=True)
def test_another_credential_is_told_by_a_subscription_of_its_own_and_ends_alone(shop: Shop, served: Served) -> None:
    order = shop.order()
    guest, staff = key_of(order), token_of(shop.member)
    with ExitStack() as streams:
        by_key = [streams.enter_context(watching(served, order, guest)) for _ in range(2)]
        by_token = [streams.enter_context(watching(served, order, staff)) for _ in range(2)]
        wait_for_followers(served, 4)
        say(shop, order, "one")
        heard = [stream.take(1)[0].data["data"]["messageAdded"]["message"] for stream in (*by_key, *by_token)]
        assert (
            heard == [{"text": "one", "authorName": shop.store.name}] * 2 + [{"text": "one", "authorName": "Mara"}] * 2
        )
        wait_for_followers(served, 2)

        rotate_order_key(viewer=shop.staff, order=order)

        assert [[frame.event for frame in stream.rest()] for stream in by_key] == [["complete"]] * 2
        say(shop, order, "two")
        assert [texts(stream.take(1)) for stream in by_token] == [["two"]] * 2
    wait_for_followers(served, 0)
