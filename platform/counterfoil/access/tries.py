"""How often something may be guessed, exact however many guess at once (AC-10).

A guess is reserved before it is looked at, by one statement that counts and refuses in one, so that threads, processes
and servers which share the database never look at more guesses than were allowed. What was right is given back.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from django.db import connection
from django.db.models import F
from django.utils.crypto import salted_hmac

from counterfoil.access import clock
from counterfoil.access.models import Tries

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
_SALT = "counterfoil.tries"
# A window begins with its first guess that was not given back, and starts anew with the first one after its end.
_RESERVE = """
    INSERT INTO access_tries (key, count, began_at) VALUES (%s, 1, %s)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN access_tries.count = 0 OR access_tries.began_at <= %s THEN 1 ELSE access_tries.count + 1 END,
        began_at = CASE WHEN access_tries.count = 0 OR access_tries.began_at <= %s THEN excluded.began_at
            ELSE access_tries.began_at END
    WHERE access_tries.began_at <= %s OR access_tries.count < %s
    RETURNING count
"""
# The first turn is free, and so is one after a long rest; between two others stands a wait that depends on how many
# there were.
_TAKE_TURN = """
    INSERT INTO access_tries (key, count, began_at) VALUES (%s, 1, %s)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN access_tries.count = 0 OR access_tries.began_at <= %s THEN 1 ELSE access_tries.count + 1 END,
        began_at = excluded.began_at
    WHERE access_tries.count = 0 OR access_tries.began_at <= %s OR {turns}
    RETURNING count
"""


class TooManyTries(Exception):
    """No guess was looked at: so many were wrong lately that the next may come in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many tries; the next in {seconds} s.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` guesses in `window`, of what `purpose` and `parts` name: the account, and from where."""

    purpose: str
    parts: tuple[str, ...]
    most: int
    window: timedelta = QUARTER

    @property
    def key(self) -> str:
        """What the row is found by; a keyed hash, since it speaks of people and their addresses."""
        named = "\0".join((self.purpose, *self.parts))
        return salted_hmac(_SALT, named.encode(errors="replace"), algorithm="sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Waits:
    """Turns at what `purpose` and `parts` name, with a wait after each: the first of `waits` after the first turn, the
    last one after all later ones, until nobody took a turn for the time of `rest`.
    """

    purpose: str
    parts: tuple[str, ...]
    waits: tuple[timedelta, ...]
    rest: timedelta

    @property
    def key(self) -> str:
        """What the row is found by."""
        return Limit(self.purpose, self.parts, 0).key

    def after(self, turns: int) -> timedelta:
        """How long to wait after so many turns."""
        return self.waits[min(turns, len(self.waits)) - 1]


def take_turn(waits: Waits) -> int:
    """Take the next turn; gives the seconds until the one after it. Raises `TooManyTries` before its time: of any
    number at the same moment, one gets it.
    """
    now = clock.now()
    adapt = connection.ops.adapt_datetimefield_value
    rested = adapt(now - waits.rest)
    turns, given = [], []
    for count, wait in enumerate(waits.waits, start=1):
        comparison = ">=" if count == len(waits.waits) else "="
        turns.append(f"access_tries.count {comparison} {count} AND access_tries.began_at <= %s")
        given.append(adapt(now - wait))
    statement = _TAKE_TURN.format(turns=" OR ".join(turns))
    with connection.cursor() as cursor:
        cursor.execute(statement, [waits.key, adapt(now), rested, rested, *given])
        counted: list[tuple[int]] = cursor.fetchall()
    if not counted:
        raise TooManyTries(max(1, seconds_left(waits)))
    return ceil(waits.after(counted[0][0]).total_seconds())


def seconds_left(waits: Waits) -> int:
    """The seconds until the next turn; 0 when it may be taken now."""
    row = Tries.objects.filter(key=waits.key).values_list("count", "began_at").first()
    if row is None or row[0] == 0:
        return 0
    return max(0, ceil((row[1] + waits.after(row[0]) - clock.now()).total_seconds()))


def rest(waits: Waits) -> None:
    """Begin anew: the next turn is the first."""
    Tries.objects.filter(key=waits.key).delete()


def reserve(*limits: Limit) -> None:
    """Count one guess against each of these limits. Raises `TooManyTries`, and counts nothing, where one is reached."""
    for place, limit in enumerate(limits):
        if not _reserved(limit):
            give_back(*limits[:place])
            raise TooManyTries(_seconds_left(limit))


def give_back(*limits: Limit) -> None:
    """Count the guess no more: it was right, or nobody looked at it."""
    for limit in limits:
        Tries.objects.filter(key=limit.key, count__gt=0).update(count=F("count") - 1)


def forget_old() -> None:
    """Delete what no limit counts any more."""
    Tries.objects.filter(began_at__lte=clock.now() - DAY).delete()


def _reserved(limit: Limit) -> bool:
    now = clock.now()
    began, ended = (connection.ops.adapt_datetimefield_value(moment) for moment in (now, now - limit.window))
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, [limit.key, began, ended, ended, ended, limit.most])
        counted: list[tuple[int]] = cursor.fetchall()
    if counted == [(1,)]:
        forget_old()
    return bool(counted)


def _seconds_left(limit: Limit) -> int:
    began = Tries.objects.filter(key=limit.key).values_list("began_at", flat=True).first()
    return 1 if began is None else max(1, ceil((began + limit.window - clock.now()).total_seconds()))
