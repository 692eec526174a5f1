"""The mail that tells of a parcel (OR-3): one for each that left, however often it is corrected or the log is read."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

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
from counterfoil.orders.actions import NewLine, change_status, rotate_order_key, set_mail_preference
from counterfoil.orders.fulfilment import correct_parcel, fulfil, move_parcel
from counterfoil.orders.models import Fulfilment, FulfilmentStatus, Order, OrderStatus
from counterfoil.workspaces.models import Store
from tests.factories import LINES, Shop
from tests.mail.backends import Slow, outbox
from tests.mail.test_rendering import HOSTILE, Page, part
from tests.together import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.feature("OR-3")]

TRACKING: dict[str, Any] = {
    "carrier": "Royal Mail",
    "tracking_number": "AB 7",
    "tracking_url": "https://track.example/AB7?x=1&y=2",
}


def confirmed(shop: Shop, **facts: Any) -> Order:
    """An order that may be sent."""
    order = shop.order(**facts)
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    return order


def sent(shop: Shop, order: Order | None = None, **tracking: Any) -> Fulfilment:
    """A parcel with everything that is left of an order."""
    return fulfil(viewer=shop.staff, order=order or confirmed(shop), **tracking)


def received(mail: Mail) -> EmailMessage:
    return message_from_bytes(rendered(mail).message().as_bytes(), _class=EmailMessage, policy=default)


def states() -> list[tuple[str, str]]:
    return list(Mail.objects.order_by("pk").values_list("state", "reason"))


def test_each_parcel_is_told_of_once(shop: Shop) -> None:
    order = confirmed(shop, email="ana@harbour.example")
    first = fulfil(viewer=shop.staff, order=order, quantities={order.lines.get(ordinal=1).pk: 1})
    second = sent(shop, order)

    mails = list(Mail.objects.order_by("pk"))
    assert [(mail.fulfilment, mail.order, mail.kind, mail.to) for mail in mails] == [
        (parcel, order, MailKind.PARCEL, "ana@harbour.example") for parcel in (first, second)
    ]
    assert {(mail.state, mail.event.kind) for mail in mails} == {(MailState.QUEUED, "order.parcel_sent")}


def test_both_bodies_say_what_is_in_it_and_have_one_way_to_the_order(shop: Shop) -> None:
    with clock.at(datetime(2026, 3, 2, 10, 4, tzinfo=UTC)):
        order = confirmed(shop, number="4137")
        tins = order.lines.get(ordinal=1)
        fulfil(viewer=shop.staff, order=order, quantities={tins.pk: 3}, **TRACKING)
        letter = received(Mail.objects.get())
    text, page = part(letter, "plain"), Page(part(letter, "html"))

    assert letter["Subject"] == "Your parcel is on its way: order 4137 with Fennel & Twine"
    assert letter["From"] == "Fennel & Twine <orders@fennel.test>"
    assert (letter["To"], letter["Auto-Submitted"]) == ("ana@harbour.example", "auto-generated")
    assert (
        "parcel 1 of your order 4137 with Fennel & Twine is on its way with Royal Mail. In it:\n\n3 × Tea tin" in text
    )
    assert "3 × Tea tin, retro spot, case of 12\n" in text
    assert "Tracking number: AB 7\n" in text
    assert {"https://track.example/AB7?x=1&y=2", order.guest_url} <= set(text.splitlines())
    assert page.links == [(TRACKING["tracking_url"], "Follow the parcel"), (order.guest_url, "View order")]
    for said in ("Hello Ana Reis,", "Order 4137 · Parcel 1", "3 × Tea tin, retro spot", "With Royal Mail, number AB 7"):
        assert said in " ".join(page.text.split())
    for body in (text, page.text):
        assert "Biscuit cutters" not in body
        assert "£" not in body
        assert "more" not in body


@pytest.mark.parametrize(
    ("tracking", "said", "links"),
    [
        ({}, "", 1),
        ({"carrier": "Our own van"}, "With Our own van", 1),
        ({"tracking_number": "AB 7"}, "Number AB 7", 1),
        ({"tracking_url": "https://track.example/"}, "Follow the parcel", 2),
    ],
)
def test_what_is_not_known_of_a_parcel_is_left_out(shop: Shop, tracking: dict[str, Any], said: str, links: int) -> None:
    sent(shop, **tracking)
    letter = received(Mail.objects.get())
    text, page = part(letter, "plain"), Page(part(letter, "html"))

    assert said in page.text
    assert len(page.links) == links
    assert ("Tracking number" in text) == ("tracking_number" in tracking)
    assert ("is on its way with" in text) == ("carrier" in tracking)
    assert "\n\n\n" not in text


@pytest.mark.parametrize("address", ["javascript:alert(1)", "#☠1☢", "data:text/html,x", "https://a b"])
def test_an_address_that_is_none_of_the_web_never_becomes_a_link(shop: Shop, address: str) -> None:
    parcel = sent(shop)
    Fulfilment.objects.filter(pk=parcel.pk).update(tracking_url=address)  # as nothing of ours would let it in
    letter = received(Mail.objects.get())

    assert [text for _, text in Page(part(letter, "html")).links] == ["View order"]
    assert address not in part(letter, "html") + part(letter, "plain")


@pytest.mark.feature("AC-2")
def test_view_order_opens_that_order_without_a_login(shop: Shop) -> None:
    sent(shop)
    ((address, _),) = Page(part(received(Mail.objects.get()), "html")).links
    browser = Client(headers={"Host": "fennel.test"})
    first = browser.get(address.removeprefix("http://fennel.test"))

    assert first.status_code == 303
    assert "Tea tin, retro spot" in browser.get(first.headers["Location"]).content.decode()


@pytest.mark.parametrize(("count", "shown", "more"), [(20, 20, ""), (21, 20, "and 1 more"), (90, 20, "and 70 more")])
def test_of_a_large_parcel_the_first_twenty_lines_are_shown(shop: Shop, count: int, shown: int, more: str) -> None:
    lines = tuple(NewLine(f"Tin {ordinal:02}", 1, Decimal(1)) for ordinal in range(1, count + 1))
    sent(shop, confirmed(shop, lines=lines))
    letter = received(Mail.objects.get())

    for body in (part(letter, "plain"), Page(part(letter, "html")).text):
        assert body.count("× Tin") == shown
        assert ("Tin 20" in body, "Tin 21" in body) == (True, False)
        assert more in body
        assert ("more" in body) == bool(more)


def test_what_people_typed_is_text_in_it(shop: Shop) -> None:
    name = " ".join(HOSTILE.split())
    order = confirmed(shop, contact="<i>Ana</i>", lines=(replace(LINES[0], name=name, unit="<b>case</b>"),))
    sent(shop, order, carrier="<img src=x>", tracking_number="{{ url }}")
    letter = received(Mail.objects.get())
    page = Page(part(letter, "html"))

    assert f"4 × {name}, <b>case</b>\n" in part(letter, "plain")
    for said in (name, "<img src=x>", "{{ url }}", "<i>Ana</i>"):
        assert said in page.text
    assert not page.elements & {"i", "b", "script", "img"}
    assert len(page.links) == 1


def test_correcting_it_mails_nobody_again_and_a_mail_that_waited_says_what_is_right(shop: Shop) -> None:
    parcel = sent(shop, carrier="DPD")
    correct_parcel(viewer=shop.staff, fulfilment=parcel, **TRACKING)
    tasks.sweep()
    correct_parcel(viewer=shop.staff, fulfilment=parcel, **TRACKING | {"tracking_number": "AB 8"})
    move_parcel(viewer=shop.staff, fulfilment=parcel, status=FulfilmentStatus.DELIVERED)
    tasks.sweep()

    assert states() == [(MailState.SENT, "")]
    [mail] = outbox()
    assert ("Royal Mail" in str(mail.body), "DPD" in str(mail.body)) == (True, False)


def test_a_parcel_that_was_cancelled_before_its_mail_went_out_is_not_told_of(shop: Shop) -> None:
    order = confirmed(shop)
    move_parcel(viewer=shop.staff, fulfilment=sent(shop, order), status=FulfilmentStatus.CANCELLED)
    tasks.sweep()
    assert outbox() == []

    sent(shop, order)
    tasks.sweep()

    assert states() == [(MailState.SUPPRESSED, "The parcel was cancelled."), (MailState.SENT, "")]
    assert "parcel 2 of your order" in str(outbox()[0].body)


def test_a_parcel_of_an_order_that_was_cancelled_later_is_still_on_its_way(shop: Shop) -> None:
    order = confirmed(shop)
    fulfil(viewer=shop.staff, order=order, quantities={order.lines.get(ordinal=1).pk: 1})
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CANCELLED)
    tasks.sweep()

    assert states() == [(MailState.SENT, "")]


def test_without_an_address_it_is_suppressed_and_says_why(shop: Shop) -> None:
    sent(shop, confirmed(shop, email=""))

    assert states() == [(MailState.SUPPRESSED, "The customer has no mail address.")]


@pytest.mark.feature("CN-6")
def test_turning_off_mails_about_messages_does_not_concern_it(shop: Shop) -> None:
    order = confirmed(shop)
    set_mail_preference(viewer=shop.guest(order), order=order, enabled=False)
    sent(shop, order)
    tasks.sweep()

    assert states() == [(MailState.SENT, "")]


def test_a_store_that_does_not_tell_of_parcels_mails_nobody_and_turning_it_on_tells_of_none_of_before(
    shop: Shop, other_shop: Shop
) -> None:
    Store.objects.filter(pk=shop.store.pk).update(announces_parcels=False)
    sent(shop)
    assert Event.objects.get(kind="order.parcel_sent").data.keys() == {"fulfilment"}

    Store.objects.update(announces_parcels=True)
    Reader.objects.update(position=0)
    drain()
    assert Mail.objects.count() == 0

    parcel = sent(other_shop)
    assert Mail.objects.get().fulfilment == parcel


@pytest.mark.feature("OP-3")
def test_reading_an_event_again_makes_no_second_mail(shop: Shop) -> None:
    sent(shop)
    sent(shop, confirmed(shop, email=""))
    before = list(Mail.objects.order_by("pk").values())

    for event in Event.objects.order_by("position"):
        read(event)
    Reader.objects.update(position=0)
    drain()

    assert list(Mail.objects.order_by("pk").values()) == before


@pytest.mark.feature("OP-3")
def test_workers_that_take_the_same_mail_at_the_same_moment_send_it_once(shop: Shop, settings: Settings) -> None:
    settings.MAILERS = {"default": {"BACKEND": f"{Slow.__module__}.{Slow.__name__}"}}
    sent(shop)
    mail = Mail.objects.get()

    assert together(*[lambda: delivery.deliver(mail.pk)] * 3, tasks.sweep) == [None] * 4
    assert len(outbox()) == 1
    assert states() == [(MailState.SENT, "")]


@pytest.mark.feature("CN-8")
def test_a_mail_that_waited_while_the_key_was_regenerated_carries_the_new_key(shop: Shop) -> None:
    order = confirmed(shop)
    old = order.guest_url
    sent(shop, order)
    rotate_order_key(viewer=shop.staff, order=order)
    delivery.deliver(Mail.objects.get().pk)
    order.refresh_from_db()

    assert order.guest_url != old
    assert order.guest_url in str(outbox()[0].body).splitlines()
    assert old not in str(outbox()[0].body)


@pytest.mark.feature("AC-12")
def test_the_shop_is_shown_these_mails_and_no_customer_is(shop: Shop) -> None:
    order = confirmed(shop)
    sent(shop, order)

    for viewer in (shop.staff, shop.hire("Tom", Role.SHOP_MANAGER)):
        assert [(mail.kind, mail.order) for mail in visible_to(viewer)] == [(MailKind.PARCEL, order)]
    assert not visible_to(shop.guest(order)).exists()
