"""The feed: a follower misses nothing and gets nothing twice, whatever happens around it (CN-1, GQ-4)."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from functools import partial
from typing import Any

import pytest
from django.db import connections, transaction

from counterfoil.access.viewer import Viewer
from counterfoil.events import feed as feed_module
from counterfoil.events.feed import EVERYTHING, Feed, Follower, Happened, read_after
from counterfoil.events.models import Event
from counterfoil.events.record import record
from counterfoil.events.relay import last_position
from counterfoil.events.threads import in_thread
from tests.factories import Shop
from tests.serving import PATIENCE, in_loop

pytestmark = pytest.mark.django_db(transaction=True)

BEAT = 0.05


def happen(viewer: Viewer, *kinds: str, topic: str = "order_1", internal: bool = False) -> None:
    """Events, each committed by itself, as actions do."""
    for kind in kinds:
        record(viewer, kind, topic=topic, internal=internal)


async def collect(batches: AsyncGenerator[list[Happened]], until: str) -> list[Happened]:
    """Everything that a follower gets up to the event `until`."""
    got: list[Happened] = []
    async with asyncio.timeout(PATIENCE), aclosing(batches):
        async for batch in batches:
            got += batch
            if any(happened.kind == until for happened in batch):
                return got
    raise AssertionError("the follower's stream ended")


def kinds_of(happened: Collection[Happened]) -> list[str]:
    return [event.kind for event in happened]


@pytest.mark.feature("GQ-4")
def test_a_follower_gets_what_it_missed_and_then_what_happens_in_order_each_once(shop: Shop) -> None:
    happen(shop.staff, "before")
    begin = last_position()
    happen(shop.staff, "missed.1", "missed.2")

    async def scenario() -> list[Happened]:
        feed = await Feed.here()
        batches = feed.follow(shop.workspace.pk, ["order_1"], internal=False, after=begin, beat=PATIENCE)
        first = await anext(batches)
        await in_thread(happen, shop.staff, "live.1", "live.2", "end")
        return [*first, *await collect(batches, "end")]

    got = in_loop(scenario())

    assert kinds_of(got) == ["missed.1", "missed.2", "live.1", "live.2", "end"]
    assert [event.position for event in got] == list(range(begin + 1, begin + 6))


def test_without_a_position_a_follower_begins_now(shop: Shop) -> None:
    happen(shop.staff, "before.1", "before.2")

    async def scenario() -> list[Happened]:
        feed = await Feed.here()
        batches = feed.follow(shop.workspace.pk, ["order_1"], internal=False, after=None, beat=BEAT)
        assert await anext(batches) == []
        await in_thread(happen, shop.staff, "after", "end")
        return await collect(batches, "end")

    assert kinds_of(in_loop(scenario())) == ["after", "end"]


def test_behind_a_position_that_the_log_has_not_reached_a_follower_begins_now(shop: Shop) -> None:
    """As after a backup was restored; a client that knows more than this process is not told it again."""
    happen(shop.staff, "before.1", "before.2")

    async def scenario() -> list[str]:
        feed = await Feed.here()
        batches = feed.follow(shop.workspace.pk, ["order_1"], internal=False, after=1_000, beat=BEAT)
        assert await anext(batches) == []
        await in_thread(happen, shop.staff, "after", "end")
        return kinds_of(await collect(batches, "end"))

    assert in_loop(scenario()) == ["after", "end"]


def test_while_nothing_happens_a_follower_gets_an_empty_batch_at_every_beat(shop: Shop) -> None:
    async def scenario() -> list[list[Happened]]:
        feed = await Feed.here()
        async with aclosing(feed.follow(shop.workspace.pk, ["order_1"], internal=True, after=0, beat=BEAT)) as batches:
            return [await anext(batches) for _ in range(3)]

    assert in_loop(scenario()) == [[], [], []]


@pytest.mark.feature("CN-2")
def test_internal_events_reach_internal_followers_alone_missed_or_live(shop: Shop) -> None:
    happen(shop.staff, "note.1", internal=True)
    happen(shop.staff, "message.1")

    async def scenario() -> tuple[list[Happened], list[Happened]]:
        feed = await Feed.here()
        follow = partial(feed.follow, shop.workspace.pk, ["order_1"], after=0, beat=BEAT)
        customer, staff = follow(internal=False), follow(internal=True)
        missed = await anext(customer), await anext(staff)
        await in_thread(happen, shop.staff, "note.2", internal=True)
        await in_thread(happen, shop.staff, "end")
        return (
            [*missed[0], *await collect(customer, "end")],
            [*missed[1], *await collect(staff, "end")],
        )

    customer, staff = in_loop(scenario())

    assert kinds_of(customer) == ["message.1", "end"]
    assert kinds_of(staff) == ["note.1", "message.1", "note.2", "end"]


def test_another_workspaces_events_reach_nobody_here_even_under_the_same_topic(shop: Shop, other_shop: Shop) -> None:
    happen(other_shop.staff, "theirs.1")

    async def scenario() -> list[list[Happened]]:
        feed = await Feed.here()
        followers = [
            feed.follow(shop.workspace.pk, topics, internal=True, after=0, beat=BEAT)
            for topics in (["order_1"], [EVERYTHING])
        ]
        assert [await anext(follower) for follower in followers] == [[], []]
        await in_thread(happen, other_shop.staff, "theirs.2")
        await in_thread(happen, shop.staff, "end")
        return [await collect(follower, "end") for follower in followers]

    assert [kinds_of(got) for got in in_loop(scenario())] == [["end"], ["end"]]


def test_a_follower_of_everything_gets_every_topic_and_one_of_two_topics_gets_those(shop: Shop) -> None:
    def both() -> None:
        for topic in ("order_1", "order_2", "order_3"):
            happen(shop.staff, topic, topic=topic)
        happen(shop.staff, "end", topic="order_2")

    async def scenario() -> list[list[Happened]]:
        feed = await Feed.here()
        followers = [
            feed.follow(shop.workspace.pk, topics, internal=False, after=0, beat=BEAT)
            for topics in ([EVERYTHING], ["order_1", "order_2"])
        ]
        assert [await anext(follower) for follower in followers] == [[], []]
        await in_thread(both)
        return [await collect(follower, "end") for follower in followers]

    everything, two = in_loop(scenario())

    assert kinds_of(everything) == ["order_1", "order_2", "order_3", "end"]
    assert kinds_of(two) == ["order_1", "order_2", "end"]


# Slow followers.


@pytest.mark.parametrize("missed", [4, 5, 6, 17])
def test_a_follower_far_behind_reads_the_log_in_batches_and_loses_nothing_at_their_edges(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, missed: int
) -> None:
    monkeypatch.setattr(feed_module, "_BATCH", 5)
    happen(shop.staff, *[f"missed.{number}" for number in range(missed)])

    async def scenario() -> list[Happened]:
        feed = await Feed.here()
        batches = feed.follow(shop.workspace.pk, ["order_1"], internal=False, after=0, beat=BEAT)
        first = await anext(batches)
        assert len(first) == min(missed, 5)
        await in_thread(happen, shop.staff, "live", "end")
        return [*first, *await collect(batches, "end")]

    got = in_loop(scenario())

    assert [event.position for event in got] == list(range(1, missed + 3))


def test_many_events_at_once_are_all_handed_out_though_the_feed_is_woken_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "_BATCH", 2)

    def at_once() -> None:
        with transaction.atomic():
            happen(shop.staff, *[f"fact.{number}" for number in range(40)], "end")

    async def scenario() -> list[str]:
        feed = await Feed.here()
        batches = feed.follow(shop.workspace.pk, ["order_1"], internal=False, after=0, beat=PATIENCE)
        assert await anext(batches) == []
        await in_thread(at_once)
        return kinds_of(await collect(batches, "end"))

    assert in_loop(scenario()) == [*[f"fact.{number}" for number in range(40)], "end"]


def test_a_follower_that_does_not_keep_up_costs_bounded_memory_and_reads_the_rest_from_the_log(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "_MOST_WAITING", 3)

    async def scenario() -> tuple[list[int], list[Happened], list[Happened]]:
        follower = Follower(shop.workspace.pk, ["order_1"], internal=False, after=0)
        assert await follower.next(BEAT) == []
        await in_thread(happen, shop.staff, *[f"fact.{number}" for number in range(10)])
        waiting = []
        for happened in await in_thread(read_after, 0):
            follower.offer(happened)
            waiting.append(len(follower.waiting))
        caught_up = await follower.next(BEAT)
        await in_thread(happen, shop.staff, "later")
        for happened in await in_thread(read_after, 10):
            follower.offer(happened)
        return waiting, caught_up, await follower.next(BEAT)

    waiting, caught_up, afterwards = in_loop(scenario())

    assert max(waiting) == 3
    assert kinds_of(caught_up) == [f"fact.{number}" for number in range(10)]
    assert kinds_of(afterwards) == ["later"]


# Whatever the timing.


@pytest.mark.feature("GQ-4")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_the_timing_each_follower_gets_each_event_behind_its_position_once_in_order(
    shop: Shop, other_shop: Shop, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Threads write at once; followers begin at random moments and positions; some are slow; limits are low."""
    chance = random.Random(seed)
    monkeypatch.setattr(feed_module, "_BATCH", chance.choice([3, 7]))
    monkeypatch.setattr(feed_module, "_MOST_WAITING", chance.choice([2, 5]))
    topics = ["order_1", "order_2", "order_3"]

    def write(seed: int) -> None:
        mine = random.Random(seed)
        try:
            for number in range(25):
                viewer = mine.choice([shop.staff, shop.staff, shop.staff, other_shop.staff])
                happen(viewer, f"w{seed}.{number}", topic=mine.choice(topics), internal=mine.random() < 0.3)
        finally:
            connections.close_all()

    begun = asyncio.Semaphore(0)

    async def follow(feed: Feed, seed: int) -> tuple[Callable[[Happened], bool], list[Happened]]:
        mine = random.Random(seed)
        await asyncio.sleep(mine.random() * 0.3)
        wanted = mine.choice([[EVERYTHING], ["order_1", "end"], ["order_2", "order_3", "end"]])
        internal = mine.random() < 0.5
        begin = mine.choice([None, 0, mine.randint(0, await in_thread(last_position))])
        pause = mine.choice([0, 0, 0.02])
        batches = feed.follow(shop.workspace.pk, wanted, internal=internal, after=begin, beat=BEAT)
        begin = feed.position if begin is None else begin  # nothing is awaited between this line and the first step
        begun.release()
        got: list[Happened] = []
        async with asyncio.timeout(PATIENCE), aclosing(batches):
            while "end" not in kinds_of(got):
                got += await anext(batches)
                await asyncio.sleep(pause)

        def is_due(event: Happened) -> bool:
            in_sight = EVERYTHING in wanted or event.topic in wanted
            return event.position > begin and in_sight and (internal or not event.internal)

        return is_due, got

    async def scenario() -> list[tuple[Callable[[Happened], bool], list[Happened]]]:
        feed = await Feed.here()
        followers = [asyncio.create_task(follow(feed, 100 * seed + number)) for number in range(12)]
        async with asyncio.TaskGroup() as writers:
            for number in range(3):
                writers.create_task(asyncio.to_thread(write, 10 * seed + number))
        for _ in followers:
            await begun.acquire()
        await in_thread(happen, shop.staff, "end", topic="end")
        return await asyncio.gather(*followers)

    followers = in_loop(scenario())

    log = [Happened(*row) for row in read_everything(shop.workspace.pk)]
    assert len({event.position for event in log}) == len(log)
    for is_due, got in followers:
        assert got == [event for event in log if is_due(event)]


def read_everything(workspace_id: int) -> list[Any]:
    """The workspace's log, read without the feed."""
    log = Event.objects.filter(workspace_id=workspace_id).order_by("position")
    return list(log.values_list("position", "workspace_id", "kind", "topic", "internal", "data"))


# Coming, going, and trouble.


@pytest.mark.parametrize("how", ["closed", "cancelled", "failed"])
def test_a_follower_that_leaves_is_forgotten(shop: Shop, how: str) -> None:
    async def stay(feed: Feed, go: asyncio.Event) -> None:
        topics = ["order_1", "order_2"]
        async with aclosing(feed.follow(shop.workspace.pk, topics, internal=False, after=0, beat=BEAT)) as batches:
            async for _ in batches:
                if go.is_set() and how == "closed":
                    return
                if go.is_set() and how == "failed":
                    raise ValueError

    async def scenario() -> tuple[int, int, int]:
        feed, go = await Feed.here(), asyncio.Event()
        staying = feed.follow(shop.workspace.pk, ["order_2"], internal=False, after=0, beat=BEAT)
        await anext(staying)
        leaving = [asyncio.create_task(stay(feed, go)) for _ in range(2)]
        async with asyncio.timeout(PATIENCE):
            while feed.followers < 3:
                await asyncio.sleep(0.01)
            together = feed.followers
            go.set()
            if how == "cancelled":
                for task in leaving:
                    task.cancel()
            await asyncio.gather(*leaving, return_exceptions=True)
        one_left = feed.followers
        await staying.aclose()
        assert feed._followers == {}
        return together, one_left, feed.followers

    assert in_loop(scenario()) == (3, 1, 0)


def test_a_feed_that_could_not_read_the_log_reads_it_a_little_later(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(feed_module, "_AGAIN_AFTER", 0.05)
    away = asyncio.Event()
    failures: list[int] = []

    def moody(*args: Any, **kwargs: Any) -> list[Happened]:
        if len(args) == 1 and away.is_set():  # the feed's own reading
            failures.append(args[0])
            raise OSError("the database is away")
        return read_after(*args, **kwargs)

    monkeypatch.setattr(feed_module, "read_after", moody)

    async def scenario() -> list[Happened]:
        feed = await Feed.here()
        batches = feed.follow(shop.workspace.pk, ["order_1"], internal=False, after=0, beat=PATIENCE)
        assert await anext(batches) == []
        away.set()
        await in_thread(happen, shop.staff, "end")
        async with asyncio.timeout(PATIENCE):
            while len(failures) < 2:
                await asyncio.sleep(0.01)
        away.clear()
        return await collect(batches, "end")

    got = in_loop(scenario())

    assert kinds_of(got) == ["end"]
    assert "The feed could not read the log" in caplog.text


def test_each_event_loop_has_one_feed_and_a_stopped_one_begins_anew(shop: Shop) -> None:
    async def scenario() -> tuple[bool, bool, bool]:
        first, second = await asyncio.gather(Feed.here(), Feed.here())
        await Feed.stop_here()
        third = await Feed.here()
        return first is second, third is first, third.position == await in_thread(last_position)

    happen(shop.staff, "before")

    assert in_loop(scenario()) == (True, False, True)


def test_a_feed_that_can_not_begin_says_why_to_everyone_and_begins_when_it_can(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise OSError("the database is away")

    async def scenario() -> tuple[list[str], bool]:
        with monkeypatch.context() as broken:
            broken.setattr(feed_module, "last_position", fail)
            async with asyncio.timeout(PATIENCE):
                failed = await asyncio.gather(Feed.here(), Feed.here(), return_exceptions=True)
        feed = await Feed.here()
        return [str(error) for error in failed], feed.position == last_position_now

    happen(shop.staff, "before")
    last_position_now = last_position()

    assert in_loop(scenario()) == (["the database is away"] * 2, True)
