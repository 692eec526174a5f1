"""How much a partner's program asks: each call counted once, in memory, and written in one statement (AC-11)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from counterfoil.access import clock
from counterfoil.access.models import PartnerClient
from counterfoil.access.viewer import Viewer
from counterfoil.partners.actions import register_client
from counterfoil.partners.models import ClientUsage
from counterfoil.partners.usage import ANONYMOUS, MOST_NAMES, OTHERS, Usage
from tests.factories import Shop
from tests.together import together

pytestmark = pytest.mark.feature("AC-11")
NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


@pytest.fixture
def program(shop: Shop) -> Viewer:
    return acting(shop, "Till")


@pytest.fixture
def usage() -> Usage:
    return Usage()


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


def acting(shop: Shop, name: str) -> Viewer:
    client, _ = register_client(viewer=shop.staff, name=name, scopes=["orders:read"])
    return client.acting(client.scopes)


def written() -> set[tuple[Any, ...]]:
    return set(ClientUsage.objects.values_list("client_id", "operation", "calls", "cost"))


def test_calls_add_up_by_day_and_operation_over_any_number_of_writes(program: Viewer, usage: Usage) -> None:
    days = [NOON, NOON, NOON + timedelta(hours=11, minutes=59), NOON + timedelta(hours=12)]
    for turn, moment in enumerate(days):
        with clock.at(moment):
            usage.count(program, "Orders", 3)
            usage.count(program, "Orders", 1)
            usage.count(program, "Products", 1)
            if turn % 2:
                usage.flush()

    assert set(ClientUsage.objects.values_list("day", "operation", "calls", "cost")) == {
        (NOON.date(), "Orders", 6, 12),
        (NOON.date(), "Products", 3, 3),
        (NOON.date() + timedelta(days=1), "Orders", 2, 4),
        (NOON.date() + timedelta(days=1), "Products", 1, 1),
    }


def test_two_processes_add_to_the_same_rows(program: Viewer, usage: Usage) -> None:
    other = Usage()
    for one in (usage, other, other):
        one.count(program, "Orders", 1)

    usage.flush()
    other.flush()

    assert written() == {(program.client_id, "Orders", 3, 3)}


def test_counting_asks_the_database_nothing_and_without_a_call_nor_does_writing(program: Viewer, usage: Usage) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        usage.flush()
        for _ in range(100):
            usage.count(program, "Orders", 1)
    assert len(asked) == 0

    usage.flush()
    with CaptureQueriesContext(connection) as again:
        usage.flush()
    assert len(again) == 0
    assert written() == {(program.client_id, "Orders", 100, 100)}


def test_a_write_takes_as_many_statements_for_a_hundred_rows_as_for_one(
    shop: Shop, program: Viewer, usage: Usage, noon: None
) -> None:
    usage.count(program, "Orders", 1)
    usage.flush()  # the day's first one also forgets old rows
    programs = [program, *(acting(shop, f"Till {number}") for number in range(4))]
    counts = []

    for names in (1, 20):
        for one in programs:
            for name in range(names):
                usage.count(one, f"Operation{name}", 1)
        with CaptureQueriesContext(connection) as asked:
            usage.flush()
        counts.append(len(asked))

    assert counts == [2, 2]
    assert ClientUsage.objects.count() == 1 + 5 * 20


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        ("", ANONYMOUS),
        (None, ANONYMOUS),
        (7, ANONYMOUS),
        ("other operations", ANONYMOUS),
        ("Or\0ders", ANONYMOUS),
        ("\ud800", ANONYMOUS),
        ("Bestellungen\n", ANONYMOUS),
        ("'; DROP TABLE partners_clientusage; --", ANONYMOUS),
        ("Größe", ANONYMOUS),
        ("_Orders2", "_Orders2"),
        ("x" * 5000, "x" * 100),
    ],
)
def test_what_is_no_name_of_an_operation_is_counted_without_it(
    program: Viewer, usage: Usage, given: object, counted: str
) -> None:
    usage.count(program, given, 1)
    usage.flush()

    assert written() == {(program.client_id, counted, 1, 1)}


def test_a_program_that_invents_names_fills_neither_memory_nor_the_table(
    shop: Shop, program: Viewer, usage: Usage, noon: None
) -> None:
    other = acting(shop, "Stock")
    for number in range(MOST_NAMES * 3):
        usage.count(program, f"Operation{number}", 1)
        if number % 100 == 0:
            usage.flush()
    usage.count(program, "Operation0", 1)
    usage.count(other, "Operation9999", 1)
    usage.flush()

    rows = ClientUsage.objects.filter(client_id=program.client_id)
    assert rows.count() == MOST_NAMES + 1
    assert rows.get(operation=OTHERS).calls == MOST_NAMES * 2
    assert rows.get(operation="Operation0").calls == 2
    assert ClientUsage.objects.get(client_id=other.client_id).operation == "Operation9999"


def test_nobody_but_a_program_is_counted(shop: Shop, usage: Usage) -> None:
    order = shop.order()
    for viewer in (shop.staff, shop.guest(order)):
        usage.count(viewer, "Orders", 1)
    usage.flush()

    assert not ClientUsage.objects.exists()


def test_what_could_not_be_written_is_written_the_next_time_with_what_came_meanwhile(
    program: Viewer, usage: Usage
) -> None:
    def refuse(*_: object) -> None:
        usage.count(program, "Orders", 1)
        raise DatabaseError

    usage.count(program, "Orders", 1)
    with pytest.raises(DatabaseError), connection.execute_wrapper(refuse):
        usage.flush()
    assert written() == set()

    usage.flush()
    assert written() == {(program.client_id, "Orders", 2, 2)}


def test_calls_of_a_client_that_is_gone_keep_nobody_elses_from_being_written(
    shop: Shop, program: Viewer, usage: Usage
) -> None:
    gone = acting(shop, "Gone")
    for viewer in (gone, program):
        usage.count(viewer, "Orders", 1)
    PartnerClient.objects.filter(pk=gone.client_id).delete()

    usage.flush()

    assert written() == {(program.client_id, "Orders", 1, 1)}


def test_usage_is_forgotten_after_four_hundred_days(program: Viewer, usage: Usage) -> None:
    for age in (401, 400):
        with clock.at(NOON - timedelta(days=age)):
            usage.count(program, "Orders", 1)
            usage.flush()

    with clock.at(NOON):
        usage.count(program, "Orders", 1)
        usage.flush()

    kept = ClientUsage.objects.order_by("day").values_list("day", flat=True)
    assert list(kept) == [NOON.date() - timedelta(days=400), NOON.date()]


@pytest.mark.django_db(transaction=True)
def test_no_call_is_lost_or_doubled_while_threads_count_and_write(shop: Shop, program: Viewer, usage: Usage) -> None:
    second = Usage()

    def count_many() -> None:
        for number in range(300):
            usage.count(program, f"Operation{number % 3}", 1)
            if number % 50 == 0:
                usage.flush()

    def count_elsewhere() -> None:
        for number in range(60):
            second.count(program, f"Operation{number % 3}", 1)
            if number % 20 == 0:
                second.flush()

    assert together(count_many, count_many, count_elsewhere) == [None] * 3
    usage.flush()
    second.flush()

    assert written() == {(program.client_id, f"Operation{number}", 220, 220) for number in range(3)}
