"""Mails to staff: invitations and links for a new password, sent while they are good for something (AC-10)."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from counterfoil.access import clock
from counterfoil.access.models import Invitation, StaffMember, User
from counterfoil.access.viewer import Role
from counterfoil.conversations.actions import send_message
from counterfoil.events.models import Event
from counterfoil.events.relay import drain
from counterfoil.mail import delivery, tasks
from counterfoil.mail.models import Mail, MailKind, MailState
from counterfoil.mail.queries import visible_to
from counterfoil.mail.reader import read
from counterfoil.mail.rendering import rendered
from counterfoil.staff.invitations import accept, invite, link_token, opened, resend, withdraw
from counterfoil.staff.passwords import ask_reset, reset_password, who_may_reset
from tests.factories import PASSWORD, Shop
from tests.mail.backends import Refusing, outbox
from tests.mail.test_rendering import HOSTILE, Page, part

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.feature("AC-10")]

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def received(mail: Mail) -> EmailMessage:
    return message_from_bytes(rendered(mail).message().as_bytes(), _class=EmailMessage, policy=default)


def link_in(mail: EmailMessage) -> str:
    """The one address that both bodies hold."""
    ((address, _),) = Page(part(mail, "html")).links
    assert address in part(mail, "plain").splitlines()
    assert part(mail, "plain").count("http://") == 1
    return address


def invited(shop: Shop, name: str = "Pia") -> Invitation:
    return invite(viewer=shop.staff, email="pia@fennel.test", name=name, role=Role.SHOP_MANAGER)


def ask(shop: Shop, email: str | None = None) -> None:
    assert ask_reset(workspace_id=shop.workspace.pk, email=email or shop.user.email, address="203.0.113.7")


def states() -> list[tuple[str, str]]:
    return list(Mail.objects.order_by("pk").values_list("state", "reason"))


def test_an_invitation_is_mailed_with_a_link_that_opens_it(shop: Shop) -> None:
    invitation = invited(shop)
    mail = Mail.objects.get()
    delivery.deliver(mail.pk)

    letter = received(mail)
    assert [sent.to for sent in outbox()] == [["pia@fennel.test"]]
    assert letter["Subject"] == "You are invited to the staff of Fennel & Twine"
    assert letter["From"] == "Fennel & Twine <orders@fennel.test>"
    assert "Hello Pia," in part(letter, "plain")
    assert link_in(letter) == f"http://fennel.test/admin/invitation/{link_token(invitation)}"
    mail.refresh_from_db()
    assert (mail.state, mail.kind, mail.message) == (MailState.SENT, MailKind.INVITATION, None)
    assert Event.objects.get(kind="mail.sent").topic == "staff"


def test_no_name_can_write_markup_headers_or_a_second_link_into_a_mail(shop: Shop) -> None:
    invited(shop, HOSTILE.replace("\n", " ")[:110])
    letter = received(Mail.objects.get())

    page = Page(part(letter, "html"))
    assert len(page.links) == 1
    assert "script" not in page.elements
    assert "<script>alert('ä')</script>" in page.text


def test_a_link_for_a_new_password_is_mailed_to_who_works_here_and_to_nobody_else(shop: Shop, other_shop: Shop) -> None:
    ask(shop)
    ask(shop, "nobody@fennel.test")
    ask(shop, other_shop.user.email)
    tasks.sweep()

    assert [sent.to for sent in outbox()] == [[shop.user.email]]
    unknown = (MailState.SUPPRESSED, "No staff member has this address.")
    assert states() == [(MailState.SENT, ""), unknown, unknown]
    letter = received(Mail.objects.get(state=MailState.SENT))
    address, _, token = link_in(letter).rpartition("/")
    assert address == "http://fennel.test/admin/reset"
    assert who_may_reset(token, workspace_id=shop.workspace.pk) == shop.user
    assert letter["Subject"] == "Choose a new password for Fennel & Twine"


def test_both_answers_hand_over_a_mail_so_that_they_take_the_same_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[int] = []
    monkeypatch.setattr(tasks, "hand_over", handed.append)
    ask(shop)
    ask(shop, "nobody@fennel.test")

    assert handed == list(Mail.objects.order_by("pk").values_list("pk", flat=True))
    for mail in handed:
        delivery.deliver(mail)
    assert len(outbox()) == 1


def test_no_secret_of_a_link_stands_in_the_database(shop: Shop) -> None:
    invited(shop)
    ask(shop)
    rows = repr([*Mail.objects.values(), *Event.objects.values(), *Invitation.objects.values()])

    for mail in Mail.objects.all():
        assert link_in(received(mail)).rpartition("/")[2][-20:] not in rows


def test_an_invitation_that_changed_before_its_mail_went_out_is_not_sent(shop: Shop) -> None:
    sent_again, withdrawn, accepted = (
        invite(viewer=shop.staff, email=f"{name}@fennel.test", name=name, role=Role.ADMIN) for name in ("a", "b", "c")
    )
    resend(viewer=shop.staff, invitation=sent_again)
    withdraw(viewer=shop.staff, invitation=withdrawn)
    accept(workspace_id=shop.workspace.pk, token=link_token(accepted), name="C", password=PASSWORD)
    tasks.sweep()

    assert states() == [
        (MailState.SUPPRESSED, "The invitation was sent again."),
        (MailState.SUPPRESSED, "The invitation was withdrawn."),
        (MailState.SUPPRESSED, "The invitation is not open any more."),
        (MailState.SENT, ""),
    ]
    assert [sent.to for sent in outbox()] == [["a@fennel.test"]]
    token = link_in(received(Mail.objects.get(state=MailState.SENT))).rpartition("/")[2]
    assert opened(token, workspace_id=shop.workspace.pk) is not None


def test_a_mail_that_waited_until_its_link_ended_is_not_sent(shop: Shop) -> None:
    with clock.at(NOON):
        invited(shop)
        ask(shop)
    with clock.at(NOON + timedelta(days=7)):
        tasks.sweep()

    assert states() == [
        (MailState.SUPPRESSED, "The invitation is not open any more."),
        (MailState.SUPPRESSED, "The link would have ended."),
    ]
    assert outbox() == []


def test_a_user_who_was_turned_off_meanwhile_gets_no_link(shop: Shop) -> None:
    ask(shop)
    User.objects.update(is_active=False)
    tasks.sweep()

    assert outbox() == []
    assert states() == [(MailState.SUPPRESSED, "No staff member has this address.")]


def test_a_mail_that_was_refused_is_tried_again_under_the_same_name_with_the_same_link(
    shop: Shop, settings: Settings
) -> None:
    settings.MAILERS = {"default": {"BACKEND": "tests.mail.backends.Refusing"}}
    Refusing.times = 1
    with clock.at(NOON):
        ask(shop)
        tasks.sweep()
        first = received(Mail.objects.get())
    with clock.at(NOON + timedelta(minutes=1)):
        tasks.sweep()
        second = received(Mail.objects.get())

    assert states() == [(MailState.SENT, "")]
    assert len(outbox()) == 1
    assert (first["Message-ID"], link_in(first)) == (second["Message-ID"], link_in(second))


def test_reading_an_event_again_makes_no_second_mail(shop: Shop) -> None:
    invited(shop)
    ask(shop)
    ask(shop, "nobody@fennel.test")
    before = list(Mail.objects.order_by("pk").values())
    with transaction.atomic():
        for event in Event.objects.order_by("position"):
            read(event)
    drain()

    assert list(Mail.objects.order_by("pk").values()) == before
    assert len(before) == 3


def test_who_reads_messages_is_shown_the_mails_of_messages_alone(shop: Shop) -> None:
    invited(shop)
    ask(shop)
    message = send_message(viewer=shop.staff, order=shop.order(), text="Hello")

    assert [mail.message for mail in visible_to(shop.staff)] == [message]


def test_the_database_refuses_a_mail_about_nothing_or_about_two_things(shop: Shop) -> None:
    invitation = invited(shop)
    message = send_message(viewer=shop.staff, order=shop.order(), text="Hello")
    letter = Mail.objects.get(kind=MailKind.MESSAGE)
    for wrong in (
        {"message": None},
        {"kind": MailKind.RESET},
        {"kind": MailKind.INVITATION},
        {"invitation": invitation},
        {"user": shop.user},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Mail.objects.filter(pk=letter.pk).update(**wrong)
    assert Mail.objects.get(pk=letter.pk).message == message


def test_a_link_from_a_mail_sets_a_password_and_another_mail_sets_none_after_that(shop: Shop) -> None:
    ask(shop)
    ask(shop)
    first, second = (link_in(received(mail)).rpartition("/")[2] for mail in Mail.objects.order_by("pk"))
    reset_password(workspace_id=shop.workspace.pk, token=first, password="another-battery-staple")

    assert who_may_reset(second, workspace_id=shop.workspace.pk) is None
    assert StaffMember.objects.get().user.check_password(PASSWORD) is False
