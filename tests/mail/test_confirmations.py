"""The mail that confirms an order (OR-1): one for each, where the store wants it, and a way to see the order."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from counterfoil.access import clock
from counterfoil.access.viewer import Role
from counterfoil.events.models import Event, Reader
from counterfoil.events.relay import drain
from counterfoil.mail import delivery, tasks
from counterfoil.mail.models import Mail, MailKind, MailState
from counterfoil.mail.queries import visible_to
from counterfoil.mail.reader import read
from counterfoil.mail.rendering import rendered
from counterfoil.orders.actions import (
    NewLine,
    change_status,
    place_order,
    revise_order,
    rotate_order_key,
    set_mail_preference,
)
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.workspaces.models import Store
from tests.factories import LINES, Shop
from tests.mail.backends import HANG, HANGING, Slow, outbox, sent_log
from tests.mail.test_rendering import HOSTILE, Page, part
from tests.mail.workers import Surroundings, eventually, kill, working
from tests.together import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.feature("OR-1")]


@pytest.fixture
def confirming(shop: Shop) -> Shop:
    """A shop whose store confirms orders."""
    Store.objects.filter(pk=shop.store.pk).update(confirms_orders=True)
    return shop


def received(mail: Mail) -> EmailMessage:
    return message_from_bytes(rendered(mail).message().as_bytes(), _class=EmailMessage, policy=default)


def states() -> list[tuple[str, str]]:
    return list(Mail.objects.order_by("pk").values_list("state", "reason"))


def test_a_store_that_confirms_orders_sends_one_mail_for_each_and_another_store_none(
    confirming: Shop, other_shop: Shop
) -> None:
    order = confirming.order(email="ana@harbour.example")
    other_shop.order()

    mail = Mail.objects.get()
    assert (mail.order, mail.kind, mail.to) == (order, MailKind.CONFIRMATION, "ana@harbour.example")
    assert (mail.state, mail.event.kind, mail.event.topic) == (MailState.QUEUED, "order.placed", order.topic)


def test_what_was_placed_before_the_store_confirmed_orders_is_never_confirmed(shop: Shop) -> None:
    shop.order()
    Store.objects.update(confirms_orders=True)
    Reader.objects.update(position=0)
    drain()

    assert Mail.objects.count() == 0


def test_both_bodies_say_what_was_ordered_and_have_one_way_to_the_order(confirming: Shop) -> None:
    with clock.at(datetime(2026, 3, 2, 10, 4, tzinfo=UTC)):
        order = confirming.order(number="4137")
        letter = received(Mail.objects.get())
    text, page = part(letter, "plain"), Page(part(letter, "html"))

    assert letter["Subject"] == "Your order 4137 with Fennel & Twine"
    assert letter["From"] == "Fennel & Twine <orders@fennel.test>"
    assert (letter["To"], letter["Auto-Submitted"]) == ("ana@harbour.example", "auto-generated")
    assert "4 × Tea tin, retro spot, case of 12: £96.00\n12 × Biscuit cutters, set of 3: £70.20\n" in text
    assert "Total: £166.20" in text
    assert order.guest_url in text.splitlines()
    assert text.count("http://") == 1
    assert page.links == [(order.guest_url, "View order")]
    for said in ("Hello Ana Reis,", "4 × Tea tin, retro spot", "case of 12", "£96.00", "£70.20", "£166.20"):
        assert said in page.text
    assert "more" not in page.text


@pytest.mark.feature("AC-2")
def test_view_order_opens_that_order_without_a_login(confirming: Shop) -> None:
    confirming.order(number="A&B+1")
    ((address, _),) = Page(part(received(Mail.objects.get()), "html")).links
    browser = Client(headers={"Host": "fennel.test"})
    first = browser.get(address.removeprefix("http://fennel.test"))

    assert first.status_code == 303
    page = browser.get(first.headers["Location"])
    assert page.status_code == 200
    assert "Tea tin, retro spot" in page.content.decode()


@pytest.mark.parametrize(("count", "shown", "more"), [(20, 20, ""), (21, 20, "and 1 more"), (90, 20, "and 70 more")])
def test_of_a_long_order_the_first_twenty_lines_are_shown(confirming: Shop, count: int, shown: int, more: str) -> None:
    confirming.order(lines=tuple(NewLine(f"Tin {ordinal:02}", 1, Decimal(1)) for ordinal in range(1, count + 1)))
    letter = received(Mail.objects.get())

    for body in (part(letter, "plain"), Page(part(letter, "html")).text):
        assert body.count("× Tin") == shown
        assert ("Tin 20" in body, "Tin 21" in body) == (True, False)
        assert more in body
        assert ("more" in body) == bool(more)


def test_what_people_typed_is_text_in_it(confirming: Shop) -> None:
    name = " ".join(HOSTILE.split())
    confirming.order(contact="<i>Ana</i>", lines=(replace(LINES[0], name=name, unit="<b>case</b>"),), currency="JPY")
    letter = received(Mail.objects.get())
    page = Page(part(letter, "html"))

    assert f"4 × {name}, <b>case</b>: JP¥96" in part(letter, "plain")
    assert name in page.text
    assert not page.elements & {"i", "b", "script", "img"}
    assert len(page.links) == 1


@pytest.mark.feature("CN-8")
def test_a_mail_that_waited_while_the_key_was_regenerated_carries_the_new_key(confirming: Shop) -> None:
    order = confirming.order()
    old = order.guest_url
    rotate_order_key(viewer=confirming.staff, order=order)
    delivery.deliver(Mail.objects.get().pk)
    order.refresh_from_db()

    assert order.guest_url != old
    assert order.guest_url in str(outbox()[0].body).splitlines()
    assert old not in str(outbox()[0].body)


def test_without_an_address_it_is_suppressed_and_says_why(confirming: Shop) -> None:
    confirming.order(email="")

    assert states() == [(MailState.SUPPRESSED, "The customer has no mail address.")]


def test_an_order_that_was_cancelled_before_it_went_out_is_not_confirmed(confirming: Shop) -> None:
    change_status(viewer=confirming.staff, order=confirming.order(), status=OrderStatus.CANCELLED)
    tasks.sweep()

    assert outbox() == []
    assert states() == [(MailState.SUPPRESSED, "The order was cancelled.")]


@pytest.mark.feature("CN-6")
def test_turning_off_mails_about_messages_does_not_concern_it(confirming: Shop) -> None:
    order = confirming.order()
    set_mail_preference(viewer=confirming.guest(order), order=order, enabled=False)
    tasks.sweep()

    assert states() == [(MailState.SENT, "")]
    assert len(outbox()) == 1


@pytest.mark.feature("OR-8")
def test_an_order_that_is_sent_again_or_revised_is_confirmed_once(confirming: Shop) -> None:
    contact = confirming.order().contact
    tasks.sweep()
    for quantity in (4, 4, 5):
        order = place_order(
            viewer=confirming.staff,
            store=confirming.store,
            contact=contact,
            currency="GBP",
            lines=[replace(LINES[0], quantity=quantity)],
            external_id="o7",
        )
    revise_order(viewer=confirming.staff, order=order, lines=LINES)

    assert Mail.objects.filter(order=order).count() == 1


@pytest.mark.feature("OP-3")
def test_reading_an_event_again_makes_no_second_mail(confirming: Shop) -> None:
    confirming.order()
    confirming.order(email="")
    before = list(Mail.objects.order_by("pk").values())

    for event in Event.objects.order_by("position"):
        read(event)
    Reader.objects.update(position=0)
    drain()

    assert list(Mail.objects.order_by("pk").values()) == before


@pytest.mark.feature("OP-3")
def test_workers_that_take_the_same_mail_at_the_same_moment_send_it_once(confirming: Shop, settings: Settings) -> None:
    settings.MAILERS = {"default": {"BACKEND": f"{Slow.__module__}.{Slow.__name__}"}}
    confirming.order()
    mail = Mail.objects.get()

    assert together(*[lambda: delivery.deliver(mail.pk)] * 3, tasks.sweep) == [None] * 4
    assert len(outbox()) == 1
    assert states() == [(MailState.SENT, "")]


@pytest.mark.feature("OP-3")
@pytest.mark.slow_on_postgresql
def test_what_a_killed_worker_left_the_next_one_sends_and_a_mailbox_keeps_one(confirming: Shop, tmp_path: Path) -> None:
    surroundings = Surroundings(tmp_path)
    (tmp_path / HANG).touch()
    confirming.order()
    with working(surroundings) as worker:
        eventually((tmp_path / HANGING).exists, "the worker is in the middle of it")
        kill(worker)
    (tmp_path / HANG).unlink()

    with working(surroundings):
        eventually(lambda: Mail.objects.filter(state=MailState.SENT).exists(), "the mail is sent")

    assert len({message_id for _, message_id in sent_log(tmp_path)}) == 1
    assert len(list((tmp_path / "mailbox").glob("*.eml"))) == 1
    assert list(Mail.objects.values_list("state", "attempts")) == [(MailState.SENT, 1)]


@pytest.mark.feature("AC-12")
def test_the_shop_is_shown_these_mails_and_no_customer_is(confirming: Shop) -> None:
    order: Order = confirming.order()

    for viewer in (confirming.staff, confirming.hire("Tom", Role.SHOP_MANAGER)):
        assert [(mail.kind, mail.order) for mail in visible_to(viewer)] == [(MailKind.CONFIRMATION, order)]
    assert not visible_to(confirming.guest(order)).exists()
