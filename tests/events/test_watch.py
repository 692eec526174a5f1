"""How a process learns of what another one has written: SQLite's data_version, PostgreSQL's LISTEN/NOTIFY (CN-1)."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection

from counterfoil.events import relay, watch
from counterfoil.events.feed import EVERYTHING, Feed, Happened
from counterfoil.events.models import Event
from counterfoil.events.record import record
from counterfoil.events.threads import in_thread
from tests.factories import Shop
from tests.serving import PATIENCE, database_address, in_loop

pytestmark = pytest.mark.django_db(transaction=True)

NEW_EVENT = """
    INSERT INTO events_event (workspace_id, kind, topic, internal, actor, data, created_at, position)
    VALUES ({workspace}, '{kind}', 'order_1', false, 'staff:1', '{{}}', '2026-03-02 10:04:00+00:00', {position})
"""


def need_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL's notices: this run is on SQLite.")


@contextmanager
def another_connection() -> Iterator[Any]:
    """A connection that has nothing to do with Django."""
    if connection.vendor == "postgresql":
        with psycopg.connect(database_address(), autocommit=True) as other:
            yield other
    else:
        with closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=20)) as other:
            yield other


def write_elsewhere(shop: Shop, kind: str, position: int | None) -> None:
    """What a relay in another process does: commit an event with its position, and give notice."""
    row = NEW_EVENT.format(workspace=shop.workspace.pk, kind=kind, position="NULL" if position is None else position)
    with another_connection() as other:
        other.execute(row)
        if connection.vendor == "postgresql":
            other.execute("SELECT pg_notify(%s, '')", [relay.CHANNEL])
        other.commit()


@asynccontextmanager
async def following(shop: Shop) -> AsyncIterator[Any]:
    """A function that waits for the next batch with something in it: for much shorter than `beat`, or it fails."""
    feed = await Feed.here()
    batches = feed.follow(shop.workspace.pk, [EVERYTHING], internal=True, after=feed.position, beat=PATIENCE)
    async with aclosing(batches):
        assert await anext(batches) == []  # it has read the log; what comes now must come from the feed

        async def news() -> list[Happened]:
            async with asyncio.timeout(PATIENCE):
                while not (batch := await anext(batches)):
                    pass
                return batch

        yield news


def kinds_of(happened: list[Happened]) -> list[str]:
    return [event.kind for event in happened]


@pytest.mark.feature("CN-1")
def test_an_event_that_another_connection_committed_wakes_the_followers_here(shop: Shop) -> None:
    record(shop.staff, "here", topic="order_1")

    async def scenario() -> list[str]:
        async with following(shop) as news:
            await in_thread(write_elsewhere, shop, "elsewhere", 2)
            return kinds_of(await news())

    assert in_loop(scenario()) == ["elsewhere"]


@pytest.mark.feature("CN-1")
def test_what_another_process_does_through_the_product_wakes_the_followers_here(shop: Shop) -> None:
    order = shop.order()
    program = (
        "import django; django.setup()\n"
        "from counterfoil.orders.models import Order; from counterfoil.orders.queries import guest\n"
        "from counterfoil.conversations.actions import send_message\n"
        f"order = Order.objects.select_related('contact').get(pk={order.pk})\n"
        "send_message(viewer=guest(order), order=order, text='From another process')\n"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "counterfoil.site.settings"}
    environment["COUNTERFOIL_DATABASE"] = database_address()

    def run() -> None:
        subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=PATIENCE * 2)

    async def scenario() -> list[str]:
        async with following(shop) as news:
            await in_thread(run)
            return kinds_of(await news())

    assert in_loop(scenario()) == ["message.sent"]


def test_an_event_that_a_killed_process_committed_but_never_passed_on_is_passed_on_by_the_safety_net(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "DRAIN_EVERY", 0.1)

    async def scenario() -> list[Happened]:
        async with following(shop) as news:
            await in_thread(write_elsewhere, shop, "forgotten", None)
            return list(await news())

    got = in_loop(scenario())

    assert [(event.kind, event.position) for event in got] == [("forgotten", 1)]
    assert Event.objects.get().position == 1


def test_the_safety_net_outlives_a_drain_that_fails(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watch, "DRAIN_EVERY", 0.05)
    drain, failures = relay.drain, iter([True, True])

    def moody() -> None:
        if next(failures, False):
            raise OSError("the database is away")
        drain()

    monkeypatch.setattr(relay, "drain", moody)

    async def scenario() -> list[str]:
        async with following(shop) as news:
            await in_thread(write_elsewhere, shop, "forgotten", None)
            return kinds_of(await news())

    assert in_loop(scenario()) == ["forgotten"]
    assert caplog.text.count("The event log could not be drained") == 2


@pytest.mark.feature("CN-1")
def test_a_listener_that_lost_its_connection_listens_again_and_misses_nothing_of_the_time_between(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_postgresql()
    monkeypatch.setattr(watch, "_RECONNECT_AFTER", 0.2)

    def listeners() -> list[int]:
        with another_connection() as other:
            found = other.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"
            )
            return [pid for (pid,) in found]

    def kill(pid: int) -> None:
        with another_connection() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])

    async def listener() -> int:
        async with asyncio.timeout(PATIENCE):
            while not (found := await in_thread(listeners)):
                await asyncio.sleep(0.02)
        assert len(found) == 1
        return found[0]

    async def scenario() -> tuple[list[str], list[str], bool]:
        async with following(shop) as news:
            lost = await listener()
            await in_thread(kill, lost)
            await in_thread(write_elsewhere, shop, "while.nobody.listened", 1)
            between = kinds_of(await news())
            found = await listener()
            await in_thread(write_elsewhere, shop, "afterwards", 2)
            return between, kinds_of(await news()), found != lost

    assert in_loop(scenario()) == (["while.nobody.listened"], ["afterwards"], True)


def test_whoever_stops_watching_leaves_nothing_running_behind(shop: Shop) -> None:
    async def scenario() -> tuple[int, int, int]:
        before = asyncio.all_tasks()
        async with watch.watching(lambda: None):
            await asyncio.sleep(0.1)
            during = len(asyncio.all_tasks() - before)
            wakers = len(relay._wakers)
        return during, wakers, len(asyncio.all_tasks() - before) + len(relay._wakers)

    assert in_loop(scenario()) == (2, 1, 0)


def test_while_nothing_is_written_nobody_is_woken(shop: Shop) -> None:
    woken: list[float] = []

    async def scenario() -> tuple[int, int]:
        async with watch.watching(lambda: woken.append(time.monotonic())):
            async with asyncio.timeout(PATIENCE):
                while not woken:  # once, at the beginning, for what happened before
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            quiet = len(woken)
            await in_thread(write_elsewhere, shop, "elsewhere", 1)
            async with asyncio.timeout(PATIENCE):
                while len(woken) == quiet:
                    await asyncio.sleep(0.01)
            return quiet, len(woken) - quiet

    quiet, afterwards = in_loop(scenario())

    assert quiet == 1
    assert afterwards >= 1
