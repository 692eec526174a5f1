"""Token buckets: so much a minute for each payer, over all processes, from either store (GQ-6)."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.partners.budgets import RESERVED_FOR, Budgets, DatabaseStore, Payer, RedisStore, Store, Taken
from counterfoil.partners.models import TokenBucket
from tests.services import need_redis
from tests.serving import database_address
from tests.settings import REDIS
from tests.site.processes import started

pytestmark = [pytest.mark.feature("GQ-6"), pytest.mark.django_db]


class Clock:
    """Time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["database", "redis"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "database":
        yield DatabaseStore()
        return
    need_redis()
    with in_redis() as found:
        yield found


@contextmanager
def in_redis() -> Iterator[RedisStore]:
    need_redis()
    store = RedisStore(REDIS)
    try:
        yield store
    finally:
        for key in store.client.scan_iter("counterfoil:bucket:test-*"):
            store.client.delete(key)
        store.client.close()


@pytest.fixture
def payer() -> Payer:
    return Payer(f"test-{uuid4()}", 600)  # ten a second


def test_a_bucket_holds_a_minute_and_fills_up_steadily(store: Store, clock: Clock, payer: Payer) -> None:
    budgets = Budgets(lambda: store, clock)

    assert budgets.spend(payer, 500) == (True, 100, 0.0)
    refused = budgets.spend(payer, 150)
    assert (refused.granted, refused.left, round(refused.wait, 3)) == (False, 100, 5.0)
    clock.now += 4.9
    assert not budgets.spend(payer, 150).granted
    clock.now += 0.25
    assert budgets.spend(payer, 150) == (True, 1, 0.0)
    clock.now += 3600
    assert budgets.spend(payer, 600) == (True, 0, 0.0)


def test_what_is_refused_is_not_taken(store: Store, clock: Clock, payer: Payer) -> None:
    budgets = Budgets(lambda: store, clock)
    budgets.spend(payer, 595)

    for _ in range(10):
        assert not budgets.spend(payer, 6).granted

    assert budgets.spend(payer, 5).granted


def test_two_who_reserve_share_a_bucket(store: Store, clock: Clock, payer: Payer) -> None:
    one, other = Budgets(lambda: store, clock), Budgets(lambda: store, clock)

    granted = [budgets.spend(payer, 10).granted for _ in range(50) for budgets in (one, other)]

    assert granted == [True] * 60 + [False] * 40


SPENDER = """
import sys, django
django.setup()
from counterfoil.partners.budgets import Budgets, DatabaseStore, Payer, RedisStore
store = RedisStore(sys.argv[2]) if sys.argv[2:] else DatabaseStore()
budgets = Budgets(lambda: store, lambda: 1_000_000.0)
print("ready", flush=True)
sys.stdin.readline()
print(sum(budgets.spend(Payer(sys.argv[1], 600), 10).granted for _ in range(50)), flush=True)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("redis", [(), (REDIS,)], ids=["database", "redis"])
def test_processes_that_spend_at_the_same_moment_spend_no_more_than_there_is(payer: Payer, redis: tuple[str]) -> None:
    if redis:
        need_redis()
    environment = {"DJANGO_SETTINGS_MODULE": "counterfoil.site.settings", "COUNTERFOIL_DATABASE": database_address()}
    with ExitStack() as stack:
        command = (sys.executable, "-c", SPENDER, payer.key, *redis)
        spenders = [stack.enter_context(started(*command, stdin=subprocess.PIPE, **environment)) for _ in range(2)]
        for spender in spenders:
            assert spender.stdout is not None
            assert spender.stdout.readline() == "ready\n"
        for spender in spenders:
            assert spender.stdin is not None
            spender.stdin.write("\n")
            spender.stdin.flush()
        spent = [int(spender.communicate()[0]) for spender in spenders]

    # What one has reserved when the other asks may stay with it: less than a reserve of three each.
    assert 56 <= sum(spent) <= 60


def test_payers_have_buckets_of_their_own(store: Store, clock: Clock, payer: Payer) -> None:
    budgets = Budgets(lambda: store, clock)
    budgets.spend(payer, 600)

    assert budgets.spend(payer._replace(key=payer.key + "2"), 600).granted


def test_a_clock_that_goes_back_gives_nothing(store: Store, clock: Clock, payer: Payer) -> None:
    Budgets(lambda: store, clock).spend(payer, 600)
    clock.now -= 100

    assert not Budgets(lambda: store, clock).spend(payer, 1).granted
    clock.now += 101
    assert Budgets(lambda: store, clock).spend(payer, 10).granted
    assert not Budgets(lambda: store, clock).spend(payer, 1).granted


def test_more_than_a_minute_holds_costs_a_whole_minute(store: Store, clock: Clock, payer: Payer) -> None:
    budgets = Budgets(lambda: store, clock)

    assert budgets.spend(payer, 10_000) == (True, 0, 0.0)
    assert budgets.spend(payer, 10_000).wait == pytest.approx(60)


def test_many_threads_at_once_spend_no_more_than_there_is(clock: Clock, payer: Payer) -> None:
    barrier, granted = Barrier(8), []

    def spend(mine: Budgets) -> None:
        barrier.wait()
        granted.extend(mine.spend(payer, 7).granted for _ in range(30))

    with in_redis() as store:
        budgets = [Budgets(lambda: store, clock) for _ in range(2)]
        threads = [Thread(target=spend, args=(budgets[number % 2],)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(granted) == 240
    assert 600 // 7 - 8 <= granted.count(True) <= 600 // 7


def test_a_process_asks_the_store_once_for_many_requests(clock: Clock, payer: Payer) -> None:
    budgets = Budgets(DatabaseStore, clock)
    budgets.spend(payer, 1)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        for _ in range(29):
            budgets.spend(payer, 1)
    assert len(asked) == 0

    with CaptureQueriesContext(connection) as asked:
        budgets.spend(payer, 1)
    assert len([query for query in asked if "INSERT" in query["sql"]]) == 1


def test_who_is_refused_again_and_again_does_not_reach_the_store(clock: Clock, payer: Payer) -> None:
    budgets = Budgets(DatabaseStore, clock)
    budgets.spend(payer, 600)
    budgets.spend(payer, 1)

    with CaptureQueriesContext(connection) as asked:
        assert not any(budgets.spend(payer, 1).granted for _ in range(100))

    assert len(asked) == 0


def test_what_was_taken_out_and_not_spent_is_forgotten_after_ten_seconds(clock: Clock, payer: Payer) -> None:
    one, other = Budgets(DatabaseStore, clock), Budgets(DatabaseStore, clock)
    one.spend(payer, 1)  # takes 30
    other.spend(payer, 570)

    clock.now += RESERVED_FOR
    assert other.spend(payer, 100).granted  # what has flowed in since
    assert not one.spend(payer, 1).granted


class Broken:
    """A store that can't be asked."""

    def take(self, payer: Payer, wanted: int, needed: int, now: float) -> Taken:
        from django.db import OperationalError

        raise OperationalError("the disk is on fire")


def test_nobody_is_held_up_by_a_store_that_does_not_answer(
    clock: Clock, payer: Payer, caplog: pytest.LogCaptureFixture
) -> None:
    budgets = Budgets(Broken, clock)

    assert all(budgets.spend(payer, 600).granted for _ in range(20))
    assert [record.message for record in caplog.records] == [
        "Token buckets can't be asked: nobody is held up until they can"
    ]


def test_a_redis_that_is_not_there_holds_nobody_up(clock: Clock, payer: Payer) -> None:
    budgets = Budgets(lambda: RedisStore("redis://127.0.0.1:1/0"), clock)

    assert budgets.spend(payer, 600).granted


def test_buckets_that_are_full_again_are_forgotten(clock: Clock, payer: Payer) -> None:
    Budgets(DatabaseStore, clock).spend(payer, 1)
    clock.now += 4000

    Budgets(DatabaseStore, clock).spend(payer._replace(key="test-later"), 1)

    assert list(TokenBucket.objects.values_list("key", flat=True)) == ["test-later"]
