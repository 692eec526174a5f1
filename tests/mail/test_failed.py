"""A mail that was given up: sent again, or left at that, once, and by who may write to customers."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from counterfoil.access import clock
from counterfoil.access.models import CustomRole
from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.conversations.actions import send_message
from counterfoil.events.models import Event
from counterfoil.mail import delivery
from counterfoil.mail.actions import dismiss_mail, retry_mail
from counterfoil.mail.models import Mail, MailState
from counterfoil.mail.queries import failed_visible_to, visible_to
from counterfoil.orders.actions import set_mail_preference
from counterfoil.orders.models import Order
from counterfoil.staff.passwords import ask_reset
from tests.factories import Shop
from tests.mail.backends import Refusing, outbox
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def failed(shop: Shop, settings: Settings) -> Mail:
    """A mail that no server would take, ten times."""
    settings.MAILERS = {"default": {"BACKEND": f"{Refusing.__module__}.{Refusing.__name__}"}}
    send_message(viewer=shop.staff, order=shop.order(), text="Hello")
    mail = Mail.objects.latest("pk")
    Mail.objects.filter(pk=mail.pk).update(attempts=delivery.ATTEMPTS - 1)
    Refusing.times = 1
    with clock.at(NOON):
        delivery.deliver(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.due_at) == (MailState.FAILED, NOON)  # when it was tried last
    return mail


def order_of(mail: Mail) -> Order:
    assert mail.message is not None
    return mail.message.conversation.order


@pytest.fixture
def mail(shop: Shop, settings: Settings) -> Mail:
    settings.CELERY_TASK_ALWAYS_EAGER = False
    with clock.at(NOON - timedelta(hours=1)):
        return failed(shop, settings)


def news(kind: str) -> list[tuple[str, int | None, bool, str, dict[str, int]]]:
    events = Event.objects.filter(kind=kind)
    return [(one.topic, one.customer_id, one.internal, one.actor, one.data) for one in events]


def test_sent_again_it_has_all_its_tries_and_goes_out(shop: Shop, mail: Mail) -> None:
    order = order_of(mail)
    with clock.at(NOON):
        retry_mail(viewer=shop.staff, mail=mail)

    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.reason, mail.due_at) == (MailState.QUEUED, 0, "", NOON)
    told = (order.topic, order.customer_id, True, shop.staff.reference, {"mail": mail.pk})
    assert news("mail.retried") == [told]
    with clock.at(NOON):
        delivery.deliver(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, len(outbox())) == (MailState.SENT, 1)


def test_asked_for_by_two_at_once_it_is_sent_once(shop: Shop, mail: Mail) -> None:
    kim = shop.hire("Kim")

    together(
        lambda: retry_mail(viewer=shop.staff, mail=mail),
        lambda: retry_mail(viewer=kim, mail=mail),
        lambda: retry_mail(viewer=shop.staff, mail=mail),
    )
    delivery.deliver(mail.pk)
    delivery.deliver(mail.pk)

    assert len(news("mail.retried")) == 1
    assert len(outbox()) == 1


def test_a_customer_who_turned_mails_off_meanwhile_gets_none(shop: Shop, mail: Mail) -> None:
    set_mail_preference(viewer=shop.staff, order=order_of(mail), enabled=False)
    retry_mail(viewer=shop.staff, mail=mail)
    delivery.deliver(mail.pk)

    mail.refresh_from_db()
    assert (mail.state, mail.reason, outbox()) == (
        MailState.SUPPRESSED,
        "The customer has turned mails off.",
        [],
    )


def test_left_at_that_it_is_no_more_among_the_failed_ones_and_not_sent(shop: Shop, mail: Mail) -> None:
    assert list(failed_visible_to(shop.staff)) == [mail]
    with clock.at(NOON):
        dismiss_mail(viewer=shop.staff, mail=mail)
        dismiss_mail(viewer=shop.staff, mail=mail)

    mail.refresh_from_db()
    assert (mail.state, mail.dismissed_at) == (MailState.FAILED, NOON)
    assert list(failed_visible_to(shop.staff)) == []
    assert len(news("mail.dismissed")) == 1
    with pytest.raises(Invalid, match="sent or put aside meanwhile"):
        retry_mail(viewer=shop.staff, mail=mail)
    mail.refresh_from_db()
    assert (mail.state, news("mail.retried"), outbox()) == (MailState.FAILED, [], [])


@pytest.mark.parametrize("state", [MailState.SENT, MailState.SUPPRESSED])
def test_what_did_not_fail_is_neither_sent_again_nor_left(shop: Shop, mail: Mail, state: MailState) -> None:
    Mail.objects.filter(pk=mail.pk).update(state=state)
    before = Mail.objects.values().get(pk=mail.pk)

    for act in (retry_mail, dismiss_mail):
        with pytest.raises(Invalid, match="nothing is left to do"):
            act(viewer=shop.staff, mail=mail)

    assert Mail.objects.values().get(pk=mail.pk) == before


def without(shop: Shop, *permissions: str) -> Viewer:
    role = CustomRole.objects.create(workspace=shop.workspace, name="Some", permissions=list(permissions))
    return shop.hire("Pia", role)


@pytest.mark.feature("AC-12")
def test_who_may_not_write_to_customers_changes_nothing(shop: Shop, other_shop: Shop, mail: Mail) -> None:
    reader = without(shop, "orders:read", "messages:read")
    before = Mail.objects.values().get(pk=mail.pk)

    for act in (retry_mail, dismiss_mail):
        with pytest.raises(Forbidden, match="messages:write"):
            act(viewer=reader, mail=mail)
        with pytest.raises(NotFound):
            act(viewer=other_shop.staff, mail=mail)

    assert list(failed_visible_to(reader)) == [mail]
    assert Mail.objects.values().get(pk=mail.pk) == before
    assert (news("mail.retried"), news("mail.dismissed")) == ([], [])


@pytest.mark.feature("AC-12")
def test_nobody_but_who_reads_orders_and_messages_for_the_shop_sees_a_mail(shop: Shop, mail: Mail) -> None:
    order = order_of(mail)

    assert list(visible_to(shop.guest(order))) == []
    assert list(visible_to(without(shop, "orders:read", "customers:read"))) == []


def test_a_link_that_staff_asked_for_is_no_mail_to_a_customer(shop: Shop) -> None:
    ask_reset(workspace_id=shop.workspace.pk, email=shop.user.email, address="192.0.2.1")
    Mail.objects.update(state=MailState.FAILED)

    assert Mail.objects.count() == 1
    assert list(visible_to(shop.staff)) == []
