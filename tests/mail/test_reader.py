"""Which events become which mails: one for each message of the staff, none for anything else (CN-7)."""

import pytest
from kombu.exceptions import OperationalError

from counterfoil.conversations.actions import Receipt, report_receipt, send_message, write_internal_note
from counterfoil.events.models import Event, Reader
from counterfoil.events.record import record
from counterfoil.events.relay import drain
from counterfoil.mail import tasks
from counterfoil.mail.models import Mail, MailState
from counterfoil.mail.reader import read
from counterfoil.orders.actions import change_status, set_mail_preference
from counterfoil.orders.models import OrderStatus
from tests.factories import Shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.feature("CN-7")
def test_each_message_of_the_staff_queues_one_mail_to_the_contact(shop: Shop) -> None:
    order = shop.order(email="ana@harbour.example")
    first = send_message(viewer=shop.staff, order=order, text="one")
    second = send_message(viewer=shop.hire("Tom"), order=order, text="two")

    mails = Mail.objects.order_by("pk").values_list("message_id", "to", "state", "reason", "attempts", "event__kind")
    assert list(mails) == [
        (first.pk, "ana@harbour.example", MailState.QUEUED, "", 0, "message.sent"),
        (second.pk, "ana@harbour.example", MailState.QUEUED, "", 0, "message.sent"),
    ]


@pytest.mark.feature("CN-7")
@pytest.mark.feature("CN-2")
def test_nobody_is_mailed_about_their_own_message_an_internal_note_or_anything_else(shop: Shop) -> None:
    order = shop.order()
    message = send_message(viewer=shop.guest(order), order=order, text="Where is my order?")
    write_internal_note(viewer=shop.staff, order=order, text="For us alone")
    report_receipt(viewer=shop.staff, order=order, up_to=message.pk, receipt=Receipt.READ)
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)

    assert Mail.objects.count() == 0
    assert Reader.objects.get(name="mail").position == Event.objects.count()


@pytest.mark.feature("CN-2")
def test_an_internal_note_is_not_mailed_even_if_an_event_should_call_it_a_message(shop: Shop) -> None:
    order = shop.order()
    note = write_internal_note(viewer=shop.staff, order=order, text="For us alone")
    record(shop.staff, "message.sent", topic=order.topic, data={"message": note.pk})

    assert Mail.objects.count() == 0
    assert Reader.objects.get(name="mail").position == Event.objects.count()


@pytest.mark.feature("CN-6")
def test_where_the_order_wants_no_mail_the_mail_is_suppressed_and_says_why(shop: Shop) -> None:
    order = shop.order()
    set_mail_preference(viewer=shop.guest(order), order=order, enabled=False)
    send_message(viewer=shop.staff, order=order, text="quiet")
    set_mail_preference(viewer=shop.staff, order=order, enabled=True)
    send_message(viewer=shop.staff, order=order, text="loud")

    assert list(Mail.objects.order_by("pk").values_list("state", "reason")) == [
        (MailState.SUPPRESSED, "The customer has turned mails off."),
        (MailState.QUEUED, ""),
    ]


@pytest.mark.feature("CN-6")
def test_a_contact_with_an_account_decides_for_all_their_orders(shop: Shop) -> None:
    order = shop.order()
    order.contact.has_account = True
    order.contact.wants_mail = False
    order.contact.save()
    send_message(viewer=shop.staff, order=order, text="quiet")

    assert Mail.objects.get().state == MailState.SUPPRESSED


@pytest.mark.feature("CN-6")
def test_where_the_customer_has_no_address_the_mail_is_suppressed_and_says_why(shop: Shop) -> None:
    send_message(viewer=shop.staff, order=shop.order(email=""), text="To whom?")

    mail = Mail.objects.get()
    assert (mail.to, mail.state, mail.reason) == ("", MailState.SUPPRESSED, "The customer has no mail address.")


@pytest.mark.feature("CN-7")
def test_reading_an_event_again_makes_no_second_mail(shop: Shop) -> None:
    """As after a backup that put the reader back."""
    wanted, unwanted = shop.order(), shop.order(email="")
    for order in (wanted, unwanted):
        send_message(viewer=shop.staff, order=order, text="Hello")
    before = list(Mail.objects.order_by("pk").values())

    for event in Event.objects.order_by("position"):
        read(event)
    Reader.objects.update(position=0)
    drain()

    assert list(Mail.objects.order_by("pk").values()) == before
    assert Reader.objects.get(name="mail").position == Event.objects.count()


def test_each_queued_mail_and_no_other_is_handed_over_once_it_is_committed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[tuple[int, bool]] = []

    def hand_over(mail_id: int) -> None:
        handed.append((mail_id, Mail.objects.filter(pk=mail_id).exists()))

    monkeypatch.setattr(tasks, "hand_over", hand_over)
    send_message(viewer=shop.staff, order=shop.order(), text="Hello")
    send_message(viewer=shop.staff, order=shop.order(email=""), text="To nobody")
    Reader.objects.update(position=0)
    drain()

    assert handed == [(Mail.objects.get(state=MailState.QUEUED).pk, True)]


@pytest.mark.parametrize("trouble", [OperationalError("no broker"), ConnectionRefusedError(), TimeoutError()])
def test_a_broker_that_is_away_loses_neither_the_message_nor_its_mail(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trouble: Exception
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise trouble

    monkeypatch.setattr(tasks.deliver, "apply_async", refuse)
    message = send_message(viewer=shop.staff, order=shop.order(), text="Hello")

    mail = Mail.objects.get()
    assert (mail.message_id, mail.state) == (message.pk, MailState.QUEUED)
    assert Reader.objects.get(name="mail").position == Event.objects.count()
    assert f"the sweep will send mail {mail.pk}" in caplog.text
