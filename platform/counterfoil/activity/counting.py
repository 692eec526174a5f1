"""Adding to the sums of days: one statement for any number of them, which adds to what stands there."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import batched
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from counterfoil.activity.models import NO_CURRENCY
from counterfoil.workspaces.queries import stores_of

_ROWS_A_STATEMENT = 100
_ADD = """
    INSERT INTO activity_dayofactivity AS held (workspace_id, day, currency, orders, ordered, messages, parcels)
    VALUES (rows)
    ON CONFLICT (workspace_id, day, currency) DO UPDATE SET
        orders = held.orders + excluded.orders, ordered = held.ordered + excluded.ordered,
        messages = held.messages + excluded.messages, parcels = held.parcels + excluded.parcels
"""
_LOCK = 0x44617973  # "Days": with the workspace, the advisory lock of its sums


class Place(NamedTuple):
    """Where is counted."""

    day: date
    currency: str = NO_CURRENCY


class Counted(NamedTuple):
    """How much is added."""

    orders: int = 0
    ordered: Decimal = Decimal(0)
    messages: int = 0
    parcels: int = 0

    def plus(self, other: "Counted") -> "Counted":
        """Both together."""
        return Counted(
            self.orders + other.orders,
            self.ordered + other.ordered,
            self.messages + other.messages,
            self.parcels + other.parcels,
        )


class Days:
    """What is to be added to the days of a workspace, on the calendar of its first store."""

    def __init__(self, workspace_id: int) -> None:
        self._workspace_id = workspace_id
        self._zone = calendar_of(workspace_id)
        self._sums: dict[Place, Counted] = defaultdict(Counted)

    def add(self, counted: Counted, at: datetime, currency: str = NO_CURRENCY) -> None:
        """Count something that happened at a moment."""
        place = Place(at.astimezone(self._zone).date(), currency)
        self._sums[place] = self._sums[place].plus(counted)

    def write(self) -> None:
        """Add it all to what stands there."""
        write(self._workspace_id, self._sums)


def calendar_of(workspace_id: int) -> ZoneInfo:
    """The time zone by which a workspace's days begin: its first store's."""
    zone = stores_of(workspace_id).order_by("pk").values_list("time_zone", flat=True).first()
    return ZoneInfo(zone or "UTC")


def write(workspace_id: int, sums: Mapping[Place, Counted]) -> None:
    """Add these sums to those of the workspace, in a transaction of the caller's.

    The reader of the log adds day by day as things happened, an import all of its days at once: on PostgreSQL each
    would wait for a day that the other has. So who adds anything has the workspace's days until the transaction ends.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, workspace_id % 2**31])
        for batch in batched(sorted(sums.items()), _ROWS_A_STATEMENT):
            cursor.execute(
                _ADD.replace("(rows)", ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(batch))),
                [
                    value
                    for place, added in batch
                    for value in (
                        *(workspace_id, place.day.isoformat(), place.currency),
                        *(added.orders, str(added.ordered), added.messages, added.parcels),
                    )
                ],
            )
