"""The relay: positions without gaps, in the order of the commits, and readers that read each event once (OP-3)."""

import threading
import time
from functools import partial

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from counterfoil.access import clock
from counterfoil.conversations.actions import send_message
from counterfoil.conversations.models import Message
from counterfoil.customers.models import Contact
from counterfoil.events import relay
from counterfoil.events.feed import read_after
from counterfoil.events.models import Event, Reader
from counterfoil.events.record import record
from tests.events.readers import BROKEN, notes, picky_notes
from tests.factories import Shop
from tests.together import together

NOTE = "tests.events.readers.note"
PICKY = "tests.events.readers.note_unless_broken"
FAIL = "tests.events.readers.fail"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_readers(settings: Settings) -> None:
    """Only the readers that a test names."""
    settings.EVENT_READERS = {}


def happen(shop: Shop, *kinds: str) -> None:
    """These things, each in a transaction of its own."""
    for kind in kinds:
        record(shop.staff, kind, topic="tin_7")


def happen_unseen(shop: Shop, count: int) -> None:
    """Events of a process that was killed between its commit and its drain."""
    Event.objects.bulk_create(
        Event(workspace=shop.workspace, kind=f"e{at}", topic="tin_7", actor="staff:1", created_at=clock.now())
        for at in range(1, count + 1)
    )


def log() -> list[tuple[int | None, str]]:
    return list(Event.objects.order_by("position", "id").values_list("position", "kind"))


def break_picky(shop: Shop) -> None:
    contact = shop.order().contact
    Contact.objects.filter(pk=contact.pk).update(name=BROKEN)
    Event.objects.all().delete()


def repair_picky() -> None:
    Contact.objects.filter(name=BROKEN).update(name="Ana Reis")


# Positions


def test_positions_count_from_one_without_gaps_over_all_workspaces(shop: Shop, other_shop: Shop) -> None:
    assert relay.last_position() == 0

    happen(shop, "a")
    happen(other_shop, "b")
    happen(shop, "c")

    assert log() == [(1, "a"), (2, "b"), (3, "c")]
    assert relay.last_position() == 3


def test_the_events_of_one_transaction_keep_their_order(shop: Shop) -> None:
    with transaction.atomic():
        happen(shop, "a", "b", "c")

    assert log() == [(1, "a"), (2, "b"), (3, "c")]


def test_an_action_that_was_rolled_back_leaves_no_gap(shop: Shop) -> None:
    happen(shop, "a")
    with transaction.atomic():
        happen(shop, "lost")
        transaction.set_rollback(True)
    happen(shop, "b")

    assert log() == [(1, "a"), (2, "b")]


@pytest.mark.feature("OP-3")
def test_what_a_killed_process_left_gets_its_position_with_the_next_event(shop: Shop) -> None:
    happen_unseen(shop, 2)
    assert [position for position, _ in log()] == [None, None]

    happen(shop, "next")

    assert log() == [(1, "e1"), (2, "e2"), (3, "next")]


def test_draining_an_empty_or_finished_log_changes_nothing(shop: Shop) -> None:
    relay.drain()
    happen(shop, "a")
    relay.drain()
    relay.drain()

    assert log() == [(1, "a")]


def test_several_writers_at_once_leave_no_gap_and_no_double(shop: Shop, other_shop: Shop) -> None:
    def act(writer: int) -> None:
        for at in range(5):
            with transaction.atomic():
                happen(shop if writer % 2 else other_shop, f"{writer}.{at}", f"{writer}.{at}+")

    results = together(*(partial(act, writer) for writer in range(8)))

    assert results == [None] * 8
    positions = [position for position, _ in log()]
    assert positions == list(range(1, 81))
    kinds = [kind for _, kind in log()]
    for writer in range(8):  # each writer's own events stand in the order in which it committed them
        own = [kind for kind in kinds if kind.startswith(f"{writer}.")]
        assert own == [f"{writer}.{at}{second}" for at in range(5) for second in ("", "+")]


def test_several_relays_at_once_number_each_event_once(shop: Shop) -> None:
    happen_unseen(shop, 60)

    results = together(*8 * [relay.drain])

    assert results == [None] * 8
    assert log() == [(at, f"e{at}") for at in range(1, 61)]


@pytest.mark.feature("OP-3")
def test_an_event_that_was_written_first_and_committed_last_is_not_skipped(shop: Shop, settings: Settings) -> None:
    settings.EVENT_READERS = {"test": NOTE}
    written, other_committed = threading.Event(), threading.Event()
    # SQLite has one writer at a time: there the other one waits until this one has committed.
    others_can_commit = connection.vendor == "postgresql"

    def slow() -> int:
        with transaction.atomic():
            event = record(shop.staff, "slow", topic="tin_7")
            written.set()
            assert other_committed.wait(20 if others_can_commit else 0.2) is others_can_commit
        return event.pk

    def quick() -> int:
        assert written.wait(20)
        event = record(shop.staff, "quick", topic="tin_7")
        seen = [happened.kind for happened in read_after(0)]
        other_committed.set()
        assert seen == (["quick"] if others_can_commit else ["slow", "quick"])
        return event.pk

    slow_id, quick_id = together(slow, quick)

    assert isinstance(slow_id, int), slow_id
    assert isinstance(quick_id, int), quick_id
    assert slow_id < quick_id
    order = ["quick", "slow"] if others_can_commit else ["slow", "quick"]
    assert log() == [(1, order[0]), (2, order[1])]
    assert [happened.kind for happened in read_after(0)] == order
    assert notes() == [f"1 {order[0]}", f"2 {order[1]}"]


def test_a_relay_that_has_not_committed_keeps_the_others_waiting(shop: Shop) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time, so there are no two relays.")
    written, numbered = threading.Event(), threading.Event()

    def act() -> None:
        with transaction.atomic():
            happen(shop, "slow")
            written.set()
            assert numbered.wait(20)

    def pass_on() -> None:
        assert written.wait(20)
        happen_unseen(shop, 1)
        with transaction.atomic():
            relay.drain()
            numbered.set()
            time.sleep(0.2)  # time enough for the other to commit, and to want to number its event

    assert together(act, pass_on) == [None, None]
    assert log() == [(1, "e1"), (2, "slow")]


# Waking


def test_live_streams_are_woken_by_new_positions_alone(shop: Shop) -> None:
    woken: list[str] = []
    forget = relay.on_wake(lambda: woken.append("woken"))

    relay.drain()
    assert woken == []
    happen(shop, "a")
    assert woken == ["woken"]
    with transaction.atomic():
        happen(shop, "b", "c")
    assert woken == ["woken"] * 2

    forget()
    forget()
    happen(shop, "d")
    assert woken == ["woken"] * 2


# Readers


@pytest.mark.feature("OP-3")
def test_a_reader_reads_each_event_once_in_order(shop: Shop, settings: Settings) -> None:
    settings.EVENT_READERS = {"test": NOTE}

    happen(shop, "a", "b")
    with transaction.atomic():
        happen(shop, "c", "d")
    relay.drain()

    assert notes() == ["1 a", "2 b", "3 c", "4 d"]
    assert Reader.objects.get(name="test").position == 4


@pytest.mark.feature("OP-3")
def test_a_reader_reads_once_however_many_relays_run(shop: Shop, settings: Settings) -> None:
    settings.EVENT_READERS = {"test": NOTE, "picky": PICKY}
    happen_unseen(shop, 40)

    results = together(*6 * [relay.drain], partial(happen, shop, "x"), partial(happen, shop, "y"))

    assert results == [None] * 8
    expected = [f"{position} {kind}" for position, kind in log()]
    assert len(expected) == 42
    assert notes() == expected
    assert picky_notes() == expected


def test_a_reader_reads_more_than_one_batch_at_once(shop: Shop, settings: Settings) -> None:
    settings.EVENT_READERS = {"test": NOTE}
    happen_unseen(shop, 450)

    relay.drain()

    assert notes() == [f"{at} e{at}" for at in range(1, 451)]


def test_a_new_reader_begins_at_the_beginning(shop: Shop, settings: Settings) -> None:
    happen(shop, "a", "b")
    settings.EVENT_READERS = {"test": NOTE}

    relay.drain()

    assert notes() == ["1 a", "2 b"]


@pytest.mark.feature("OP-3")
def test_a_failing_reader_reaches_neither_the_action_nor_the_other_readers(
    shop: Shop, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EVENT_READERS = {"broken": FAIL, "gone": "tests.events.readers.nowhere", "test": NOTE}
    order = shop.order()

    message = send_message(viewer=shop.staff, order=order, text="Your tins leave today.")

    assert Message.objects.get().pk == message.pk
    told = [note.partition(" ")[2] for note in notes()]
    assert told == ["customer.created", "customer.ordered", "order.placed", "message.sent"]
    assert Reader.objects.get(name="broken").position == 0
    assert "Reader broken could not read on" in caplog.text
    assert "The reader is broken" in caplog.text
    assert "Reader gone could not read on" in caplog.text


@pytest.mark.feature("OP-3")
def test_a_reader_that_works_again_catches_up_with_all_that_it_missed(shop: Shop, settings: Settings) -> None:
    break_picky(shop)
    settings.EVENT_READERS = {"picky": PICKY}

    happen(shop, "a", "b")
    happen(shop, "poison")
    happen(shop, "c")
    assert picky_notes() == ["1 a", "2 b"]

    repair_picky()
    happen(shop, "d")

    assert picky_notes() == ["1 a", "2 b", "3 poison", "4 c", "5 d"]


@pytest.mark.feature("OP-3")
def test_what_a_reader_did_before_it_failed_is_undone_and_done_once_later(shop: Shop, settings: Settings) -> None:
    break_picky(shop)
    settings.EVENT_READERS = {"picky": PICKY}

    with transaction.atomic():
        happen(shop, "a", "poison", "b")
    assert picky_notes() == []
    assert Reader.objects.get(name="picky").position == 0

    repair_picky()
    relay.drain()

    assert picky_notes() == ["1 a", "2 poison", "3 b"]
    assert Reader.objects.get(name="picky").position == 3
