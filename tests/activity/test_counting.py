"""What is counted on which day: each thing once, whatever the log or the file it came by (the home page's plots)."""

import threading
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import transaction

from counterfoil.access import clock
from counterfoil.activity import reader
from counterfoil.activity.counting import Counted, Place, write
from counterfoil.activity.models import DayOfActivity
from counterfoil.activity.queries import BusyDay, last_days
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.events.models import Event, Reader
from counterfoil.events.relay import drain
from counterfoil.orders.actions import NewLine, change_status, place_order, revise_order
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import OrderStatus
from counterfoil.workspaces.models import Store
from tests.factories import LINES, Shop
from tests.imports.files import load, written
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)
MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TOTAL = Decimal("166.20")  # of LINES


def rows(shop: Shop) -> list[tuple[date, str, int, Decimal, int, int]]:
    facts = ("day", "currency", "orders", "ordered", "messages", "parcels")
    return list(DayOfActivity.objects.filter(workspace=shop.workspace).order_by("day", "currency").values_list(*facts))


def test_orders_are_counted_by_currency_on_the_day_on_which_they_were_placed(shop: Shop, other_shop: Shop) -> None:
    with clock.at(MONDAY):
        first = shop.order()
        shop.order()
        shop.order(lines=(NewLine("Cloth", 60, Decimal(780)),), currency="JPY")
        other_shop.order()
        place_order(
            viewer=shop.staff,
            store=shop.store,
            contact=first.contact,
            currency="GBP",
            lines=LINES[:1],
            placed_at=MONDAY - timedelta(days=4),
        )

    assert rows(shop) == [
        (date(2026, 2, 26), "GBP", 1, Decimal(96), 0, 0),
        (date(2026, 3, 2), "GBP", 2, 2 * TOTAL, 0, 0),
        (date(2026, 3, 2), "JPY", 1, Decimal(46800), 0, 0),
    ]


def test_other_lines_change_the_sum_of_the_day_of_the_order(shop: Shop) -> None:
    with clock.at(MONDAY):
        order = shop.order()
    with clock.at(MONDAY + timedelta(days=1)):
        revise_order(viewer=shop.staff, order=order, lines=LINES[1:])
        revise_order(viewer=shop.staff, order=order, lines=LINES[1:])  # no change

    assert rows(shop) == [(date(2026, 3, 2), "GBP", 1, Decimal("70.20"), 0, 0)]


def test_a_customers_messages_and_parcels_are_counted_when_they_happen(shop: Shop) -> None:
    with clock.at(MONDAY):
        order = shop.order()
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    with clock.at(MONDAY + timedelta(days=1)):
        send_message(viewer=shop.guest(order), order=order, text="Where is it?")
        send_message(viewer=shop.staff, order=order, text="On its way.")
        write_internal_note(viewer=shop.staff, order=order, text="Late.")
        fulfil(viewer=shop.staff, order=order)
        send_message(viewer=shop.guest(order), order=order, text="Thank you!")

    assert rows(shop)[1:] == [(date(2026, 3, 3), "", 0, Decimal(0), 2, 1)]


def test_days_begin_when_they_do_in_the_first_store(shop: Shop) -> None:
    Store.objects.create(
        workspace=shop.workspace, name="Two", host="two.test", base_url="http://two.test", mail_from="o@two.test"
    )
    Store.objects.filter(pk=shop.store.pk).update(time_zone="Pacific/Auckland")
    with clock.at(datetime(2026, 3, 2, 11, 30, tzinfo=UTC)):  # half past midnight there
        shop.order()

    assert [day for day, *_ in rows(shop)] == [date(2026, 3, 3)]


def test_what_an_import_brings_is_counted_once(shop: Shop, tmp_path: Path) -> None:
    tins = "536365,tt22,TEA TIN,6,2010-12-01 08:26:00,2.55,17850,United Kingdom"
    postage = "536365,POST,POSTAGE,1,2010-12-01 08:26:00,18,17850,United Kingdom"
    load(shop, written(tmp_path, tins), tmp_path)
    assert rows(shop) == [(date(2010, 12, 1), "GBP", 1, Decimal("15.30"), 0, 0)]

    for _ in range(2):  # the second time nothing is new
        load(shop, written(tmp_path, tins, postage), tmp_path)

    assert rows(shop) == [(date(2010, 12, 1), "GBP", 1, Decimal("33.30"), 0, 0)]
    assert not Event.objects.filter(kind="order.placed").exists()  # the sums come with the rows


def test_an_order_of_before_orders_told_what_they_come_to_is_not_counted(shop: Shop) -> None:
    reader.read(Event(workspace=shop.workspace, kind="order.placed", topic="order_1", data={}, created_at=MONDAY))

    assert rows(shop) == []


def test_processes_that_count_at_once_count_everything_once(shop: Shop) -> None:
    order = shop.order()
    guest = shop.guest(order)
    with clock.at(MONDAY):
        together(*[lambda: send_message(viewer=guest, order=order, text="Hello?")] * 6)
        drain()

    assert sum(messages for *_, messages, _ in rows(shop)) == 6


def test_the_last_days_end_today_and_quiet_ones_are_among_them(shop: Shop) -> None:
    with clock.at(MONDAY - timedelta(days=2)):
        order = shop.order()
        send_message(viewer=shop.guest(order), order=order, text="Hello")
    with clock.at(MONDAY - timedelta(days=3)):
        shop.order()

    with clock.at(MONDAY):
        assert last_days(shop.workspace.pk, 3) == [
            BusyDay(date(2026, 2, 28), 1, {"GBP": TOTAL}, 1, 0),
            BusyDay(date(2026, 3, 1), 0, {}, 0, 0),
            BusyDay(date(2026, 3, 2), 0, {}, 0, 0),
        ]


def test_what_was_there_before_is_counted_when_the_sums_begin(shop: Shop, tmp_path: Path) -> None:
    order = shop.order()
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    send_message(viewer=shop.guest(order), order=order, text="Hello")
    send_message(viewer=shop.staff, order=order, text="Hello")
    fulfil(viewer=shop.staff, order=order)
    with clock.at(clock.now() - timedelta(days=100)):
        shop.order()
    before = rows(shop)[1:]
    DayOfActivity.objects.all().delete()
    Reader.objects.filter(name="activity").delete()

    import_module("counterfoil.activity.migrations.0002_days_before").count(apps, None)
    drain()  # the reader begins behind what was counted

    assert rows(shop) == before
    assert len(before) == 2


def test_the_reader_and_an_import_never_wait_for_each_other(shop: Shop) -> None:
    one, two = Place(date(2026, 3, 2)), Place(date(2026, 3, 3))
    parcel, begun = Counted(parcels=1), threading.Event()

    def read() -> None:
        with transaction.atomic():
            write(shop.workspace.pk, {two: parcel})
            begun.set()
            time.sleep(0.2)  # in which the import comes upon it
            write(shop.workspace.pk, {one: parcel})

    def bring_in() -> None:
        begun.wait(timeout=20)
        with transaction.atomic():
            write(shop.workspace.pk, {one: parcel, two: parcel})

    assert together(read, bring_in) == [None, None]
    assert [(day, parcels) for day, *_, parcels in rows(shop)] == [(one.day, 2), (two.day, 2)]
