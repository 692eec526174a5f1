"""How much one may ask a minute (GQ-6): a token bucket for each program and each address, one for all processes.

A bucket holds what may be spent in a minute, and fills up steadily. It lies in Redis where there is one, else in the
database. So that a request does not wait for either, a process takes out a twentieth at a time, and no more than
`MOST_RESERVED`, and spends that from memory; what it has not spent after ten seconds is forgotten. With n processes at
most n twentieths are spent later than they were taken.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from threading import Lock
from typing import NamedTuple, Protocol

from django.conf import settings
from django.db import DatabaseError, connection
from redis import Redis, RedisError

logger = logging.getLogger(__name__)

RESERVED_FOR = 10.0  # seconds
MOST_RESERVED = 50_000  # points
_PART = 20
_MOST_KEYS = 10_000  # kept in one process
_FORGOTTEN = 3600.0  # seconds after which a bucket is full whatever was taken


class Payer(NamedTuple):
    """Whose bucket is asked, and how many points flow into it in a minute."""

    key: str
    per_minute: int


class Spent(NamedTuple):
    """Whether points were there. `left` is what the bucket has yet, `wait` the seconds until there is enough."""

    granted: bool
    left: int
    wait: float = 0.0


class Taken(NamedTuple):
    """Points that came out of a bucket, none when there were too few; and those still in it."""

    given: float
    left: float


class Store(Protocol):
    """Where the buckets lie."""

    def take(self, payer: Payer, wanted: int, needed: int, now: float) -> Taken:
        """Take `wanted` points, or if there are fewer, `needed`; or none."""


# What is in the bucket now, and what of it is given.
_THERE = """CASE
    WHEN excluded.at < held.at THEN held.points
    WHEN held.points + (excluded.at - held.at) * %(rate)s > %(full)s THEN %(full)s
    ELSE held.points + (excluded.at - held.at) * %(rate)s END"""
_GIVEN = f"CASE WHEN {_THERE} >= %(wanted)s THEN %(wanted)s WHEN {_THERE} >= %(needed)s THEN %(needed)s ELSE 0.0 END"
_TAKE = f"""
    INSERT INTO partners_tokenbucket AS held (key, points, given, at)
    VALUES (%(key)s, %(full)s - %(wanted)s, %(wanted)s, %(now)s)
    ON CONFLICT (key) DO UPDATE SET
        given = {_GIVEN}, points = {_THERE} - {_GIVEN},
        at = CASE WHEN excluded.at > held.at THEN excluded.at ELSE held.at END
    RETURNING given, points
"""  # noqa: S608  (made of the constants above)


class DatabaseStore:
    """Buckets as rows, each taking one statement."""

    def __init__(self) -> None:
        self._tidied = 0.0

    def take(self, payer: Payer, wanted: int, needed: int, now: float) -> Taken:
        """Take points. A bucket that is not there is full."""
        with connection.cursor() as cursor:
            cursor.execute(
                _TAKE,
                {
                    "key": payer.key,
                    "now": now,
                    "rate": payer.per_minute / 60,
                    "full": float(payer.per_minute),
                    "wanted": float(wanted),
                    "needed": float(needed),
                },
            )
            row = cursor.fetchone()
            if now - self._tidied > _FORGOTTEN:
                self._tidied = now
                cursor.execute("DELETE FROM partners_tokenbucket WHERE at < %s", [now - _FORGOTTEN])
        return Taken(*row)


class RedisStore:
    """Buckets as hashes that Redis forgets once they are full again."""

    _TAKE = """
        local rate, full, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5])
        local wanted, needed = tonumber(ARGV[3]), tonumber(ARGV[4])
        local held = redis.call('HMGET', KEYS[1], 'points', 'at')
        local points, at = tonumber(held[1]) or full, tonumber(held[2]) or now
        points = math.min(full, points + math.max(0, now - at) * rate)
        local given = 0
        if points >= wanted then given = wanted elseif points >= needed then given = needed end
        redis.call('HSET', KEYS[1], 'points', points - given, 'at', math.max(at, now))
        redis.call('EXPIRE', KEYS[1], 120)
        return {tostring(given), tostring(points - given)}
    """

    def __init__(self, address: str) -> None:
        self.client = Redis.from_url(address, socket_timeout=0.5, socket_connect_timeout=0.5)
        self._take = self.client.register_script(self._TAKE)

    def take(self, payer: Payer, wanted: int, needed: int, now: float) -> Taken:
        """Take points."""
        key, rate = f"counterfoil:bucket:{payer.key}", payer.per_minute / 60
        given, left = self._take(keys=[key], args=[rate, payer.per_minute, wanted, needed, now])
        return Taken(float(given), float(left))


@dataclass(slots=True)
class _Reserve:
    """What this process took out for a payer, and what it knows of the rest."""

    points: float
    until: float
    behind: float  # in the bucket when it was last asked
    asked_at: float


class Budgets:
    """What this process may spend for whom. Where the store can't be asked nobody is held up, and the log says so."""

    def __init__(self, store: Callable[[], Store], now: Callable[[], float] = time.time) -> None:
        self._make_store = store
        self._store: Store | None = None
        self._now = now
        self._lock = Lock()
        self._reserves: dict[str, _Reserve] = {}
        self._complained = 0.0

    def spend(self, payer: Payer, points: int) -> Spent:
        """Spend points of a payer's bucket; no more than a full one holds, or they would wait for ever."""
        points = min(points, payer.per_minute)
        now = self._now()
        with self._lock:
            reserve = self._reserve(payer, now)
            if reserve.points >= points:
                reserve.points -= points
                return Spent(True, self._left(payer, reserve, now))
            missing = ceil(points - reserve.points)
            if (wait := self._wait(payer, reserve, missing, now)) > 0:
                return Spent(False, self._left(payer, reserve, now), wait)
        taken = self._take(payer, max(missing, min(payer.per_minute // _PART, MOST_RESERVED)), missing, now)
        with self._lock:
            reserve = self._reserve(payer, now)
            reserve.points += taken.given
            reserve.behind, reserve.asked_at, reserve.until = taken.left, now, now + RESERVED_FOR
            if reserve.points >= points:
                reserve.points -= points
                return Spent(True, self._left(payer, reserve, now))
            missing = ceil(points - reserve.points)
            wait = max(self._wait(payer, reserve, missing, now), 0.001)
            return Spent(False, self._left(payer, reserve, now), wait)

    def _reserve(self, payer: Payer, now: float) -> _Reserve:
        found = self._reserves.get(payer.key)
        if found is None or found.until <= now:
            if len(self._reserves) >= _MOST_KEYS:
                self._reserves = {key: kept for key, kept in self._reserves.items() if kept.until > now}
            if len(self._reserves) >= _MOST_KEYS:
                self._reserves.clear()
            found = self._reserves[payer.key] = _Reserve(0.0, now + RESERVED_FOR, float(payer.per_minute), now)
        return found

    def _take(self, payer: Payer, wanted: int, needed: int, now: float) -> Taken:
        try:
            self._store = self._store or self._make_store()
            return self._store.take(payer, wanted, needed, now)
        except (RedisError, DatabaseError):
            if now - self._complained > 60:
                self._complained = now
                logger.exception("Token buckets can't be asked: nobody is held up until they can")
            return Taken(wanted, payer.per_minute)

    @staticmethod
    def _left(payer: Payer, reserve: _Reserve, now: float) -> int:
        filled = reserve.behind + (now - reserve.asked_at) * payer.per_minute / 60
        return int(min(payer.per_minute, filled + reserve.points))

    @staticmethod
    def _wait(payer: Payer, reserve: _Reserve, missing: int, now: float) -> float:
        """Seconds until the bucket may have what is missing, for all that this process knows."""
        ready = reserve.asked_at + (missing - reserve.behind) / (payer.per_minute / 60)
        return ready - now


def _store() -> Store:
    return RedisStore(settings.REDIS_URL) if settings.REDIS_URL else DatabaseStore()


BUDGETS = Budgets(_store)
