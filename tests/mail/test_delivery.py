"""Sending mails: each once however often it is tried, and until it is sent (CN-7, OP-3)."""

import threading
import time
from datetime import UTC, datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused

import pytest
from pytest_django import Settings

from counterfoil.access import clock
from counterfoil.conversations.actions import send_message
from counterfoil.events.models import Event
from counterfoil.mail import delivery, tasks
from counterfoil.mail.models import Mail, MailState
from counterfoil.orders.actions import set_mail_preference
from tests.factories import Shop
from tests.mail.backends import Refusing, Slow, outbox
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def queued_mail(shop: Shop, text: str = "Hello") -> Mail:
    send_message(viewer=shop.staff, order=shop.order(), text=text)
    return Mail.objects.latest("pk")


def use(settings: Settings, backend: type[Slow | Refusing]) -> None:
    settings.MAILERS = {"default": {"BACKEND": f"{backend.__module__}.{backend.__name__}"}}


@pytest.mark.feature("CN-7")
def test_a_mail_that_is_due_is_sent_and_says_when(shop: Shop) -> None:
    with clock.at(NOON):
        mail = queued_mail(shop)
    with clock.at(NOON + timedelta(seconds=3)):
        delivery.deliver(mail.pk)

    mail.refresh_from_db()
    assert [sent.to for sent in outbox()] == [["ana@harbour.example"]]
    assert (mail.state, mail.attempts, mail.reason) == (MailState.SENT, 1, "")
    assert mail.sent_at == NOON + timedelta(seconds=3)
    event = Event.objects.get(kind="mail.sent")
    assert (event.topic, event.internal, event.data) == (
        mail.message.conversation.order.topic,
        True,
        {"mail": mail.pk},
    )
    assert event.position is not None


@pytest.mark.feature("CN-7")
def test_a_mail_that_waited_while_mails_were_turned_off_is_not_sent(shop: Shop) -> None:
    mail = queued_mail(shop)
    set_mail_preference(viewer=shop.staff, order=mail.message.conversation.order, enabled=False)
    delivery.deliver(mail.pk)

    mail.refresh_from_db()
    assert outbox() == []
    assert (mail.state, mail.reason) == (MailState.SUPPRESSED, "The customer has turned mails off.")


@pytest.mark.feature("CN-7")
def test_however_often_the_task_runs_the_mail_is_sent_once(shop: Shop) -> None:
    mail = queued_mail(shop)
    for _ in range(3):
        tasks.deliver(mail.pk)
        tasks.sweep()

    assert len(outbox()) == 1
    assert Event.objects.filter(kind="mail.sent").count() == 1


@pytest.mark.feature("CN-7")
@pytest.mark.feature("OP-3")
def test_workers_that_take_the_same_mail_at_the_same_moment_send_it_once(shop: Shop, settings: Settings) -> None:
    use(settings, Slow)
    mail = queued_mail(shop)
    results = together(*[lambda: delivery.deliver(mail.pk)] * 4, tasks.sweep, tasks.sweep)

    mail.refresh_from_db()
    assert results == [None] * 6
    assert len(outbox()) == 1
    assert (mail.state, mail.attempts) == (MailState.SENT, 1)
    assert Event.objects.filter(kind="mail.sent").count() == 1


def test_a_mail_that_is_not_due_suppressed_or_unknown_is_left_alone(shop: Shop) -> None:
    later, suppressed = queued_mail(shop), queued_mail(shop)
    Mail.objects.filter(pk=later.pk).update(due_at=clock.now() + timedelta(minutes=1))
    Mail.objects.filter(pk=suppressed.pk).update(state=MailState.SUPPRESSED)
    before = list(Mail.objects.order_by("pk").values())
    for mail_id in (later.pk, suppressed.pk, 999_999):
        delivery.deliver(mail_id)
    tasks.sweep()

    assert outbox() == []
    assert list(Mail.objects.order_by("pk").values()) == before


def test_the_sweep_sends_what_is_due_the_oldest_first(shop: Shop) -> None:
    mails = [queued_mail(shop, text) for text in ("newest", "oldest", "later")]
    now = clock.now()
    for mail, due_at in zip(mails, (now, now - timedelta(hours=1), now + timedelta(hours=1)), strict=True):
        Mail.objects.filter(pk=mail.pk).update(due_at=due_at)

    assert delivery.due() == [mails[1].pk, mails[0].pk]
    assert delivery.due(1) == [mails[1].pk]
    tasks.sweep()
    assert ["oldest" in str(sent.body) for sent in outbox()] == [True, False]
    assert Mail.objects.get(pk=mails[2].pk).state == MailState.QUEUED


# When it does not work.


def test_a_mail_that_was_refused_is_tried_again_later_and_later_and_then_given_up(
    shop: Shop, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(settings, Refusing)
    monkeypatch.setattr(Refusing, "times", 100)
    with clock.at(NOON):
        mail = queued_mail(shop)
    moment, waits = NOON, []
    while mail.state == MailState.QUEUED:
        with clock.at(moment - timedelta(seconds=1)):
            delivery.deliver(mail.pk)  # too early: does nothing
        with clock.at(moment):
            delivery.deliver(mail.pk)
        mail.refresh_from_db()
        waits.append((mail.due_at - moment).total_seconds())
        moment = mail.due_at

    assert waits[:-1] == [20, 80, 320, 1280, 5120, 20480, 21600, 21600, 21600]
    assert (mail.state, mail.attempts) == (MailState.FAILED, 10)
    assert mail.reason == "ConnectionRefusedError: no mail server here"
    assert mail.sent_at is None
    assert outbox() == []
    assert Event.objects.filter(kind__startswith="mail.").values_list("kind", "internal").get() == ("mail.failed", True)
    with clock.at(moment + timedelta(days=30)):
        tasks.sweep()
    assert Mail.objects.get().attempts == 10


def test_a_mail_that_was_refused_once_is_sent_the_next_time(
    shop: Shop, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(settings, Refusing)
    monkeypatch.setattr(Refusing, "times", 1)
    mail = queued_mail(shop)
    delivery.deliver(mail.pk)
    refused = Mail.objects.get(pk=mail.pk)
    with clock.at(refused.due_at):
        tasks.sweep()

    mail.refresh_from_db()
    assert (refused.state, refused.attempts) == (MailState.QUEUED, 1)
    assert refused.reason == "ConnectionRefusedError: no mail server here"
    assert (mail.state, mail.attempts, mail.reason) == (MailState.SENT, 2, "")
    assert len(outbox()) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            SMTPRecipientsRefused({"ana@harbour.example": (550, b"5.1.1 <Ana@Harbour.example>: no such user")}),
            "The mail server refuses the address: 550 5.1.1 <…>: no such user",
        ),
        (SMTPDataError(554, b"ana@harbour.example is blocked"), "SMTPDataError: (554, b'… is blocked')"),
    ],
)
def test_why_a_mail_could_not_be_sent_is_told_without_the_address(
    shop: Shop, settings: Settings, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def refuse(*_: object) -> None:
        raise error

    use(settings, Refusing)
    monkeypatch.setattr(Refusing, "send_messages", refuse)
    mail = queued_mail(shop)
    delivery.deliver(mail.pk)

    mail.refresh_from_db()
    assert (mail.to, mail.reason) == ("ana@harbour.example", words)


def test_one_mail_that_can_not_be_sent_does_not_hold_up_the_others(
    shop: Shop, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(settings, Refusing)
    monkeypatch.setattr(Refusing, "times", 1)
    mails = [queued_mail(shop) for _ in range(3)]
    tasks.sweep()

    assert [Mail.objects.get(pk=mail.pk).state for mail in mails] == [MailState.QUEUED, MailState.SENT, MailState.SENT]


# The lease.


@pytest.mark.feature("OP-3")
def test_while_a_slow_worker_lives_nobody_else_takes_its_mail(
    shop: Shop, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(settings, Slow)
    monkeypatch.setattr(Slow, "seconds", 2.0)
    monkeypatch.setattr(delivery, "LEASE", timedelta(seconds=0.8))
    monkeypatch.setattr(delivery, "RENEW_EVERY", 0.1)
    mail = queued_mail(shop)
    seen: list[int] = []
    finished = threading.Event()

    def send() -> None:
        try:
            delivery.deliver(mail.pk)
        finally:
            finished.set()

    def look() -> None:
        time.sleep(0.2)
        while not finished.wait(0.1):
            seen.extend(delivery.due())
            delivery.deliver(mail.pk)

    results = together(send, look)

    mail.refresh_from_db()
    assert results == [None, None]
    assert seen == []
    assert len(outbox()) == 1
    assert (mail.state, mail.attempts) == (MailState.SENT, 1)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lease of mail")]


@pytest.mark.feature("OP-3")
def test_a_mail_whose_worker_vanished_falls_due_again_by_itself(shop: Shop) -> None:
    with clock.at(NOON):
        mail = queued_mail(shop)
    Mail.objects.filter(pk=mail.pk).update(due_at=NOON + delivery.LEASE)  # taken, and never finished
    with clock.at(NOON + delivery.LEASE - timedelta(seconds=1)):
        too_early = delivery.due()
    with clock.at(NOON + delivery.LEASE):
        tasks.sweep()

    assert too_early == []
    assert Mail.objects.get().state == MailState.SENT
    assert len(outbox()) == 1
