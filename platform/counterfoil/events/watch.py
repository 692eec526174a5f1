"""How a process learns that another one has positioned events.

PostgreSQL tells by LISTEN/NOTIFY. SQLite's `PRAGMA data_version` changes with every commit of another connection and
costs microseconds to ask. Both are only wake-ups: what happened stands in the log.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from functools import partial

import psycopg
from django.db import connection

from counterfoil.events import relay
from counterfoil.events.threads import in_thread

logger = logging.getLogger(__name__)

SQLITE_EVERY = 0.05
DRAIN_EVERY = 5.0
_RECONNECT_AFTER = 1.0


@contextlib.asynccontextmanager
async def watching(wake: Callable[[], None]) -> AsyncIterator[None]:
    """Call `wake` in this event loop whenever there may be new events, from this process or any other."""
    loop = asyncio.get_running_loop()
    forget = relay.on_wake(partial(_wake_in, loop, wake))
    other_processes = _listen_postgresql if connection.vendor == "postgresql" else _poll_sqlite
    tasks = [asyncio.create_task(other_processes(wake)), asyncio.create_task(_drain_now_and_then())]
    try:
        yield
    finally:
        forget()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _wake_in(loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has just been closed
        loop.call_soon_threadsafe(wake)


async def _drain_now_and_then() -> None:
    """The safety net for a process that was killed between its commit and its drain."""
    while True:
        await asyncio.sleep(DRAIN_EVERY)
        try:
            await in_thread(relay.drain)
        except Exception:
            logger.exception("The event log could not be drained")


async def _poll_sqlite(wake: Callable[[], None]) -> None:
    # A connection of our own: data_version counts the commits of all *other* connections. Each question takes about
    # ten microseconds, so it needs no thread.
    database = sqlite3.connect(f"file:{connection.settings_dict['NAME']}?mode=ro", uri=True, check_same_thread=False)
    with contextlib.closing(database):
        seen = None
        while True:
            with contextlib.suppress(sqlite3.OperationalError):
                version = database.execute("PRAGMA data_version").fetchone()
                if version != seen:
                    seen = version
                    wake()
            await asyncio.sleep(SQLITE_EVERY)


async def _listen_postgresql(wake: Callable[[], None]) -> None:
    parameters = connection.get_connection_params()
    parameters.pop("pool", None)
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    while True:
        try:
            listener = await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
            async with listener:
                await listener.execute(f"LISTEN {relay.CHANNEL}")
                wake()  # for what happened while nobody listened
                async for _ in listener.notifies():
                    wake()
        except (psycopg.Error, OSError):
            logger.warning("Lost the database's notices; listening again in %s s", _RECONNECT_AFTER)
        await asyncio.sleep(_RECONNECT_AFTER)
