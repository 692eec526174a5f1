"""The relay gives committed events their positions and wakes the readers.

Every process drains after its own commits, so a killed one delays nobody; the loop in `counterfoil.events.watch` is
only the safety net. One drains at a time: PostgreSQL takes an advisory lock, SQLite's transactions begin IMMEDIATE
and so hold the one write lock.
"""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from counterfoil.events.models import Event, Reader

logger = logging.getLogger(__name__)

CHANNEL = "counterfoil_events"
_LOCK = 0x436F756E  # "Coun": the advisory lock's number, ours alone in this database
_BATCH = 200

_wakers: set[Callable[[], None]] = set()


def drain() -> None:
    """Position what waits, wake the live streams, then let every reader catch up."""
    if _position_waiting():
        for wake in tuple(_wakers):
            wake()
    for name, path in settings.EVENT_READERS.items():
        try:
            while _advance(name, import_string(path)):
                pass
        except Exception:
            # One reader's trouble must not reach the action that caused the event, or the other readers. Its
            # position stays where it was, and the next drain tries again.
            logger.exception("Reader %s could not read on", name)


def on_wake(wake: Callable[[], None]) -> Callable[[], None]:
    """Call `wake` (from any thread) whenever this process has positioned events. Gives the undo."""
    _wakers.add(wake)
    return lambda: _wakers.discard(wake)


def last_position() -> int:
    """The position of the newest event, 0 for an empty log."""
    return Event.objects.order_by("-position").values_list("position", flat=True).exclude(position=None).first() or 0


def _position_waiting() -> int:
    """Number the waiting events in the order of their ids; how many there were."""
    if not Event.objects.filter(position=None).exists():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(
            """
            UPDATE events_event SET position = numbered.position
            FROM (
                SELECT id, (SELECT coalesce(max(position), 0) FROM events_event)
                           + row_number() OVER (ORDER BY id) AS position
                FROM events_event WHERE position IS NULL
            ) AS numbered
            WHERE events_event.id = numbered.id
            """
        )
        positioned = int(cursor.rowcount)
        if positioned and connection.vendor == "postgresql":
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return positioned


def _advance(name: str, read: Callable[[Event], None]) -> bool:
    """Let one reader read a batch, exactly once: what it does to the database commits with its new position."""
    reached = Reader.objects.filter(name=name).values_list("position", flat=True).first()
    if reached is None:
        Reader.objects.get_or_create(name=name)
    elif reached >= last_position():
        return False
    with transaction.atomic():
        reader = Reader.objects.select_for_update().get(name=name)
        events = list(Event.objects.filter(position__gt=reader.position).order_by("position")[:_BATCH])
        for event in events:
            read(event)
        if events:
            Reader.objects.filter(name=name).update(position=events[-1].position)
    return len(events) == _BATCH
