"""A limit on guesses holds however many come at once (AC-10)."""

from datetime import UTC, datetime, timedelta

import pytest

from counterfoil.access import clock
from counterfoil.access.models import Tries
from counterfoil.access.tries import (
    DAY,
    QUARTER,
    Limit,
    TooManyTries,
    Waits,
    give_back,
    reserve,
    rest,
    seconds_left,
    take_turn,
)
from tests.together import overlapping, together

pytestmark = pytest.mark.feature("AC-10")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def limit(*parts: str, most: int = 3, purpose: str = "password", window: timedelta = QUARTER) -> Limit:
    return Limit(purpose, parts or ("ana",), most, window)


def granted(*limits: Limit, tries: int) -> int:
    """How many of so many tries are allowed."""
    return sum(allowed(*limits) for _ in range(tries))


def allowed(*limits: Limit) -> bool:
    try:
        reserve(*limits)
    except TooManyTries:
        return False
    return True


def test_so_many_are_allowed_and_no_more(db: None) -> None:
    assert granted(limit(), tries=9) == 3
    assert granted(limit(), tries=1) == 0


def test_what_is_guessed_by_whom_and_for_what_counts_apart(db: None) -> None:
    assert granted(limit("a", "bc"), tries=9) == 3

    for other in (limit("ab", "c"), limit("a"), limit("a", "bc", purpose="code"), limit(""), limit("\ud800é\0")):
        assert granted(other, tries=9) == 3


def test_a_window_begins_with_its_first_try_and_says_how_long_is_left(db: None) -> None:
    with clock.at(NOON):
        assert granted(limit(), tries=1) == 1
    with clock.at(NOON + QUARTER - timedelta(seconds=1.5)):
        assert granted(limit(), tries=9) == 2
        with pytest.raises(TooManyTries) as refused:
            reserve(limit())
    assert refused.value.seconds == 2
    with clock.at(NOON + QUARTER):
        assert granted(limit(), tries=9) == 3
    with clock.at(NOON + QUARTER * 2 - timedelta(seconds=1)):
        assert granted(limit(), tries=9) == 0


def test_a_try_that_was_given_back_never_was(db: None) -> None:
    for _ in range(9):
        reserve(limit())
        give_back(limit())
    give_back(limit(), limit("nobody"))

    assert granted(limit(), tries=9) == 3


def test_a_window_begins_with_the_first_try_that_was_wrong(db: None) -> None:
    with clock.at(NOON):
        reserve(limit())
        give_back(limit())
    with clock.at(NOON + QUARTER - timedelta(seconds=1)):
        assert granted(limit(), tries=9) == 3
    with clock.at(NOON + QUARTER * 2 - timedelta(seconds=2)):
        assert granted(limit(), tries=9) == 0


def test_where_one_of_several_limits_is_reached_none_counts(db: None) -> None:
    assert granted(limit("wide", most=1), tries=1) == 1

    assert granted(limit("own"), limit("wide", most=1), tries=9) == 0

    assert granted(limit("own"), tries=9) == 3


def test_a_row_tells_nothing_of_whom_it_counts(db: None) -> None:
    reserve(limit("ana@harbour.example", "192.0.2.7"))

    row = Tries.objects.get()
    assert (len(row.key), row.count) == (64, 1)
    assert limit("ana@harbour.example", "192.0.2.7").key == row.key


def test_what_no_limit_counts_any_more_is_deleted(db: None) -> None:
    with clock.at(NOON):
        assert granted(limit("old"), limit("older"), tries=2) == 2
    with clock.at(NOON + DAY - timedelta(seconds=1)):
        reserve(limit("new", window=DAY))
        assert Tries.objects.count() == 3
    with clock.at(NOON + DAY):
        reserve(limit("newest"))

    assert Tries.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_so_many_are_allowed_also_when_they_come_at_the_same_moment() -> None:
    counted = together(*8 * [lambda: granted(limit(most=10), tries=5)])

    assert sum(count for count in counted if isinstance(count, int)) == 10
    assert Tries.objects.get().count == 10
    assert granted(limit(most=10), tries=1) == 0


@pytest.mark.django_db(transaction=True)
def test_a_try_counts_before_it_has_committed() -> None:
    reserve(limit(most=2))

    assert overlapping(*2 * [lambda: allowed(limit(most=2))]) == [True, False]


@pytest.mark.django_db(transaction=True)
def test_one_window_follows_another_once_also_when_tries_come_at_the_same_moment() -> None:
    with clock.at(NOON):
        assert granted(limit(most=4), tries=9) == 4

    def later() -> int:
        with clock.at(NOON + QUARTER):
            return granted(limit(most=4), tries=3)

    counted = together(*6 * [later])
    assert sum(count for count in counted if isinstance(count, int)) == 4


# Turns with waits between them.


def turns(*parts: str) -> Waits:
    waits = (timedelta(seconds=10), timedelta(seconds=60))
    return Waits("code", parts or ("ana",), waits, rest=timedelta(minutes=5))


def taken(waits: Waits, second: float) -> int | None:
    """The seconds until the next turn, where one may be taken at this second."""
    with clock.at(NOON + timedelta(seconds=second)):
        try:
            return take_turn(waits)
        except TooManyTries:
            return None


def test_the_waits_between_turns_grow_up_to_the_last_one(db: None) -> None:
    seconds = [0, 9, 10, 69, 70, 129, 130]

    assert [taken(turns(), second) for second in seconds] == [10, None, 60, None, 60, None, 60]
    assert taken(turns("ben"), 130) == 10


def test_after_a_rest_the_first_turn_comes_again(db: None) -> None:
    assert taken(turns(), 0) == 10
    assert taken(turns(), 10) == 60
    assert taken(turns(), 310) == 10
    rest(turns())
    assert taken(turns(), 311) == 10


def test_it_is_known_how_long_the_wait_is(db: None) -> None:
    assert seconds_left(turns()) == 0
    taken(turns(), 0)
    for second, left in ((0, 10), (3.5, 7), (10, 0), (99, 0)):
        with clock.at(NOON + timedelta(seconds=second)):
            assert seconds_left(turns()) == left


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_takes_the_turn() -> None:
    for wait in (10, 60):
        results = together(*[lambda: take_turn(turns())] * 8)
        assert [result for result in results if not isinstance(result, TooManyTries)] == [wait]
        Tries.objects.update(began_at=clock.now() - timedelta(seconds=60))
