"""Delivered and read: true when they are shown, and never of one's own messages (CN-3)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from counterfoil.access import clock
from counterfoil.access.problems import Forbidden, NotFound
from counterfoil.access.viewer import Viewer, anonymous
from counterfoil.conversations.actions import Receipt, report_receipt, send_message, write_internal_note
from counterfoil.conversations.models import Message
from counterfoil.events.models import Event
from counterfoil.orders.actions import rotate_order_key
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.together import overlapping, together

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
DELIVERED, READ = Receipt.DELIVERED, Receipt.READ

type Report = Callable[..., None]


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order()


@pytest.fixture
def guest(shop: Shop, order: Order) -> Viewer:
    return shop.guest(order)


def say(viewer: Viewer, order: Order, *texts: str) -> list[Message]:
    return [send_message(viewer=viewer, order=order, text=text) for text in texts]


def report(viewer: Viewer, order: Order, up_to: int, receipt: Receipt, at: datetime = NOON) -> None:
    with clock.at(at):
        report_receipt(viewer=viewer, order=order, up_to=up_to, receipt=receipt)


def receipts() -> dict[str, tuple[datetime | None, datetime | None]]:
    """When each message was delivered and read, by its text."""
    return {message.text: (message.delivered_at, message.read_at) for message in Message.objects.order_by("pk")}


def noted() -> list[tuple[str, str, dict[str, int]]]:
    events = Event.objects.filter(kind__in=["receipt.delivered", "receipt.read"]).order_by("id")
    return list(events.values_list("kind", "actor", "data"))


@pytest.mark.feature("CN-3")
def test_a_message_is_not_delivered_until_the_other_side_says_so(shop: Shop, order: Order, guest: Viewer) -> None:
    [message] = say(shop.staff, order, "Leaves today.")
    assert receipts() == {"Leaves today.": (None, None)}

    report(guest, order, message.pk, DELIVERED)

    assert receipts() == {"Leaves today.": (NOON, None)}
    assert noted() == [("receipt.delivered", guest.reference, {"up_to": message.pk})]


@pytest.mark.feature("CN-3")
def test_the_first_report_stands(shop: Shop, order: Order, guest: Viewer) -> None:
    [message] = say(shop.staff, order, "Leaves today.")

    report(guest, order, message.pk, DELIVERED)
    report(guest, order, message.pk, DELIVERED, at=LATER)
    report(guest, order, message.pk, READ, at=LATER)
    report(guest, order, message.pk, READ, at=LATER + timedelta(hours=1))
    report(guest, order, message.pk, DELIVERED, at=LATER + timedelta(hours=1))

    assert receipts() == {"Leaves today.": (NOON, LATER)}
    assert [kind for kind, _, _ in noted()] == ["receipt.delivered", "receipt.read"]


@pytest.mark.feature("CN-3")
def test_what_was_read_was_delivered(shop: Shop, order: Order, guest: Viewer) -> None:
    [message] = say(shop.staff, order, "Leaves today.")

    report(guest, order, message.pk, READ)

    assert receipts() == {"Leaves today.": (NOON, NOON)}


@pytest.mark.feature("CN-3")
def test_a_report_is_about_the_other_sides_messages_alone(shop: Shop, order: Order, guest: Viewer) -> None:
    say(shop.staff, order, "Leaves today.")
    [thanks] = say(guest, order, "Thanks!")

    report(guest, order, thanks.pk, READ)
    assert receipts() == {"Leaves today.": (NOON, NOON), "Thanks!": (None, None)}

    report(shop.hire("Tom"), order, thanks.pk, READ, at=LATER)
    assert receipts() == {"Leaves today.": (NOON, NOON), "Thanks!": (LATER, LATER)}


def test_ones_own_messages_are_never_delivered_by_oneself(shop: Shop, order: Order) -> None:
    [message] = say(shop.staff, order, "Leaves today.")

    report(shop.staff, order, message.pk, DELIVERED)
    report(shop.hire("Tom"), order, message.pk, READ)

    assert receipts() == {"Leaves today.": (None, None)}
    assert noted() == []


@pytest.mark.feature("CN-3")
@pytest.mark.parametrize("receipt", Receipt)
def test_up_to_means_this_message_and_those_before_it(
    shop: Shop, order: Order, guest: Viewer, receipt: Receipt
) -> None:
    _first, second, _third = say(shop.staff, order, "one", "two", "three")

    report(guest, order, second.pk, receipt)

    after = (NOON, NOON if receipt is READ else None)
    assert receipts() == {"one": after, "two": after, "three": (None, None)}


def test_a_later_report_reaches_what_came_since(shop: Shop, order: Order, guest: Viewer) -> None:
    first, _, third = say(shop.staff, order, "one", "two", "three")

    report(guest, order, third.pk, DELIVERED)
    report(guest, order, first.pk, READ, at=LATER)
    report(guest, order, third.pk, READ, at=LATER + timedelta(hours=1))

    assert receipts() == {
        "one": (NOON, LATER),
        "two": (NOON, LATER + timedelta(hours=1)),
        "three": (NOON, LATER + timedelta(hours=1)),
    }


def test_other_orders_and_notes_stay_as_they_are(shop: Shop, order: Order, guest: Viewer) -> None:
    other = shop.order()
    say(shop.staff, other, "to another")
    write_internal_note(viewer=shop.staff, order=order, text="note")
    [message] = say(shop.staff, order, "to you")

    report(guest, order, message.pk, READ)

    assert receipts() == {"to another": (None, None), "note": (None, None), "to you": (NOON, NOON)}


@pytest.mark.parametrize("receipt", Receipt)
def test_a_message_that_is_not_on_the_order_is_refused(
    shop: Shop, other_shop: Shop, order: Order, guest: Viewer, receipt: Receipt
) -> None:
    other, theirs = shop.order(), other_shop.order()
    [message] = say(shop.staff, order, "to you")
    [to_another] = say(shop.staff, other, "to another")
    [elsewhere] = say(other_shop.staff, theirs, "elsewhere")
    note = write_internal_note(viewer=shop.staff, order=order, text="note")
    nowhere = note.pk + 1000

    for viewer, about, up_to in (
        (guest, order, to_another.pk),
        (guest, order, elsewhere.pk),
        (guest, order, note.pk),
        (guest, order, nowhere),
        (guest, order, 0),
        (guest, other, to_another.pk),
        (guest, other, message.pk),
        (other_shop.staff, order, message.pk),
        (other_shop.staff, theirs, message.pk),
        (shop.staff, order, note.pk),
    ):
        with pytest.raises(NotFound, match="There is no such message on this order"):
            report(viewer, about, up_to, receipt)

    assert set(receipts().values()) == {(None, None)}
    assert noted() == []


def test_nobody_without_a_key_reports(shop: Shop, order: Order, guest: Viewer) -> None:
    [message] = say(shop.staff, order, "to you")

    with pytest.raises(Forbidden, match="receipts:write"):
        report(anonymous(shop.workspace.pk), order, message.pk, READ)
    rotate_order_key(viewer=shop.staff, order=order)
    with pytest.raises(NotFound):
        report(guest, order, message.pk, READ)

    assert receipts() == {"to you": (None, None)}


@pytest.mark.feature("CN-3")
@pytest.mark.django_db(transaction=True)
def test_eight_windows_that_report_at_once_are_one_report(shop: Shop, order: Order, guest: Viewer) -> None:
    [message] = say(shop.staff, order, "Leaves today.")

    results = together(
        *8 * [partial(report_receipt, viewer=guest, order=order, up_to=message.pk, receipt=Receipt.READ)]
    )

    assert results == [None] * 8
    [(delivered, read)] = receipts().values()
    assert delivered == read is not None
    assert [kind for kind, _, _ in noted()] == ["receipt.delivered", "receipt.read"]


@pytest.mark.feature("CN-3")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("receipt", Receipt)
def test_of_two_reports_at_the_same_moment_the_first_stands(
    shop: Shop, order: Order, guest: Viewer, receipt: Receipt
) -> None:
    [message] = say(shop.staff, order, "Leaves today.")

    results = overlapping(
        partial(report, guest, order, message.pk, receipt, NOON),
        partial(report, guest, order, message.pk, receipt, LATER),
    )

    assert results == [None, None]
    assert receipts() == {"Leaves today.": (NOON, NOON if receipt is READ else None)}
    assert [kind for kind, _, _ in noted()] == ["receipt.delivered", "receipt.read"][: 1 + (receipt is READ)]


@pytest.mark.feature("CN-3")
def test_customers_are_not_told_that_staff_read(shop: Shop, order: Order, guest: Viewer) -> None:
    [message] = say(guest, order, "Has it left?")

    report(shop.staff, order, message.pk, READ)

    events = Event.objects.filter(kind__startswith="receipt.").order_by("id")
    assert list(events.values_list("kind", "internal")) == [("receipt.delivered", False), ("receipt.read", True)]
