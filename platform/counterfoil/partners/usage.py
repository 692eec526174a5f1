"""Who asked how much (AC-11): counted in memory at each call, written in one statement every few seconds.

No call waits for a write, and a call that only reads writes nothing. A process that is killed loses what it counted
since its last write, `FLUSH_EVERY` seconds at most; one that is stopped writes first. Costs are in the API's points; a
subscription is one call.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, timedelta
from itertools import batched
from threading import Lock
from typing import NamedTuple

from django.db import connection

from counterfoil.access import clock
from counterfoil.access.models import PartnerClient
from counterfoil.access.viewer import Viewer
from counterfoil.events.threads import in_thread
from counterfoil.partners.models import LONGEST_OPERATION, ClientUsage

logger = logging.getLogger(__name__)

# Neither can be an operation's own name: names have no spaces.
ANONYMOUS = "anonymous operation"
OTHERS = "other operations"
FLUSH_EVERY = 5.0
KEPT = timedelta(days=400)
MOST_NAMES = 200  # of one program, in one process, on one day: whatever it calls its operations, the table stays small
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_ROWS_A_STATEMENT = 500
_UPSERT = """
    INSERT INTO partners_clientusage AS held (workspace_id, client_id, day, operation, calls, cost) VALUES (rows)
    ON CONFLICT (client_id, day, operation)
    DO UPDATE SET calls = held.calls + excluded.calls, cost = held.cost + excluded.cost
"""


class _Place(NamedTuple):
    """Where calls are added up; places sort alike in every process, so that two of them never wait for each other."""

    client_id: int
    day: date
    operation: str
    workspace_id: int


class _Sum(NamedTuple):
    calls: int = 0
    cost: int = 0


class Usage:
    """What was counted and is not written yet."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sums: dict[_Place, _Sum] = {}
        self._names: dict[int, set[str]] = {}
        self._day = date.min  # of the names
        self._tidied = date.min

    def count(self, viewer: Viewer, operation: object, points: int) -> None:
        """Note a call; calls of anyone but a partner's program are nobody's usage."""
        if viewer.client_id is None:
            return
        name = _name_of(operation)
        today = clock.now().date()
        with self._lock:
            if today != self._day:
                self._names, self._day = {}, today
            names = self._names.setdefault(viewer.client_id, set())
            if name not in names:
                if len(names) >= MOST_NAMES:
                    name = OTHERS
                else:
                    names.add(name)
            self._add(_Place(viewer.client_id, today, name, viewer.workspace_id), 1, points)

    def flush(self) -> None:
        """Write what was counted; once a day forget what is too old. What can't be written is kept for the next time.

        Calls of a client that is not there any more are let go.
        """
        with self._lock:
            taken, self._sums = self._sums, {}
        try:
            self._write(taken)
        except BaseException:
            with self._lock:
                for place, (calls, cost) in taken.items():
                    self._add(place, calls, cost)
            raise

    def _add(self, place: _Place, calls: int, cost: int) -> None:
        before = self._sums.get(place, _Sum())
        self._sums[place] = _Sum(before.calls + calls, before.cost + cost)

    def _write(self, taken: dict[_Place, _Sum]) -> None:
        """Write these, and take away of them what is written."""
        if not taken:
            return
        clients = PartnerClient.objects.filter(pk__in={place.client_id for place in taken})
        there = set(clients.values_list("pk", "workspace_id"))
        places = sorted(place for place in taken if (place.client_id, place.workspace_id) in there)
        for batch in batched(places, _ROWS_A_STATEMENT):
            _upsert({place: taken[place] for place in batch})
            for place in batch:
                del taken[place]
        today = clock.now().date()
        if self._tidied != today:
            ClientUsage.objects.filter(day__lt=today - KEPT).delete()
            self._tidied = today


USAGE = Usage()


@asynccontextmanager
async def written_now_and_then(usage: Usage = USAGE) -> AsyncIterator[None]:
    """Write what is counted while a web process runs, and once more at its end."""
    task = asyncio.create_task(_flush_now_and_then(usage), name="partners' usage")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await _flush(usage)


async def _flush_now_and_then(usage: Usage) -> None:
    while True:
        await asyncio.sleep(FLUSH_EVERY)
        await _flush(usage)


async def _flush(usage: Usage) -> None:
    try:
        await in_thread(usage.flush)
    except Exception:
        logger.exception("The usage of partners' programs could not be written")


def _name_of(operation: object) -> str:
    """What a call is counted under; what is no name of GraphQL's names no operation."""
    if not isinstance(operation, str) or _NAME.fullmatch(operation) is None:
        return ANONYMOUS
    return operation[:LONGEST_OPERATION]


def _upsert(sums: Mapping[_Place, _Sum]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT.replace("(rows)", ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(sums))),
            [
                value
                for place, counted in sums.items()
                for value in (place.workspace_id, place.client_id, place.day.isoformat(), place.operation, *counted)
            ],
        )
