"""The admin's timelines: of a customer, and of one order (IN-11)."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.http import HttpResponseBase
from django.template.loader import get_template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from admin_ui.timeline.prose import ICONS, sentence_of, told
from counterfoil.access import clock
from counterfoil.access.models import StaffMember
from counterfoil.access.text import storable
from counterfoil.conversations.actions import send_message
from counterfoil.interactions.actions import log_interaction
from counterfoil.interactions.models import InteractionType
from counterfoil.orders.models import Order
from counterfoil.staff.roles import save_role
from schema.timeline.kinds import OF_EVENTS, OF_ROWS
from tests.conversations.test_hostile_text import MORE
from tests.eventful import eventful
from tests.factories import Shop
from tests.schema.timeline.test_pages import fill

pytestmark = [pytest.mark.feature("IN-11"), pytest.mark.slow_on_postgresql]

HTMX = {"HX-Request": "true"}
OF_THE_CUSTOMER = [
    "Mara removed the link with Pier 2",
    "Mara linked this customer with Pier 2",
    "Mara changed the customer’s name or contact",
    "Mara signed Ana Reis out of 2 devices",
    "Mara set the account: active, ordering blocked",
    "Mara renewed the link to the portal; the old one ended",
    "Mara renewed the customer’s link to order 4137",
    "Mara acknowledged an e-mail that Jo logged on 2 March",
    "Jo logged an e-mail about order 4137 · acknowledged by Mara",
    "Ana Reis turned mails about new messages off on order 4137",
    "Mara noted for staff only on order 4137",
    "A mail about a message on order 4137 was sent to ana@harbour.example",
    "A mail about parcel 1 of order 4137 was sent to ana@harbour.example",
    "Mara wrote to the customer on order 4137",
    "Ana Reis wrote on order 4137",
    "Goods came back, worth £30.00: credit note C-9",
    "Mara noted that parcel 1 of order 4137 has arrived",
    "Mara corrected how parcel 1 of order 4137 is tracked",
    "Mara sent parcel 1 of order 4137 with 1 of 3 lines by DHL",
    "Mara noted £4.20 as given back for order 4137",
    "Mara noted £84.20 as paid for order 4137",
    "Mara released order 4137",
    "Mara put order 4137 on hold",
    "Mara took order 4137 from a draft to confirmed",
    "Mara changed what order 4137 holds or where it goes",
    "Mara placed order 4137: £169.20",
    "Mara added this customer",
]
OF_THE_ORDER = [
    "Mara renewed the customer’s link to the order",
    "Jo logged an e-mail about the order · acknowledged by Mara",
    "Ana Reis turned mails about new messages off",
    "Mara noted for staff only",
    "A mail about a message was sent to ana@harbour.example",
    "A mail about parcel 1 was sent to ana@harbour.example",
    "Mara wrote to the customer",
    "Ana Reis wrote",
    "Goods of this order came back, worth £24.00: credit note C-9",
    "Mara noted that parcel 1 has arrived",
    "Mara corrected how parcel 1 is tracked",
    "Mara sent parcel 1 with 1 of 3 lines by DHL",
    "Mara noted £4.20 as given back",
    "Mara noted £84.20 as paid",
    "Mara released the order",
    "Mara put the order on hold",
    "Mara took the order from a draft to confirmed",
    "Mara changed what the order holds or where it goes",
    "Mara placed the order: £169.20",
]


@pytest.fixture
def browser(shop: Shop) -> Client:
    """Mara's browser."""
    return signed_in(shop, shop.member)


def signed_in(shop: Shop, member: StaffMember) -> Client:
    client = Client(headers={"Host": shop.store.host})
    client.force_login(member.user)
    return client


def text_of(response: HttpResponseBase) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]


def sentences(response: HttpResponseBase) -> list[str]:
    """What the page tells, the first thing first."""
    lines = re.findall(r'<li class="happened.*?<p>(.*?)</p>', text_of(response), re.DOTALL)
    return [" ".join(unescape(strip_tags(line)).split()) for line in lines]


def value(response: HttpResponseBase, name: str) -> str:
    """What the region's hidden control of this name holds."""
    [found] = re.findall(rf'name="{name}" value="([^"]*)"', text_of(response))
    return str(unescape(found))


def address_of(response: HttpResponseBase, marker: str) -> str:
    """Where the link with this attribute leads to."""
    found = re.search(rf"<a[^>]*{marker}[^>]*?href=\"([^\"]*)\"", text_of(response))
    assert found is not None, marker
    return unescape(found[1])


def of_customer(order: Order) -> str:
    return f"/admin/customers/customer_{order.customer_id}/timeline"


def test_the_story_of_a_customer_reads_as_prose_with_each_thing_once(shop: Shop, browser: Client) -> None:
    happened = eventful(shop)

    page = browser.get(of_customer(happened.order))

    assert page.status_code == 200
    assert sorted(sentences(page)) == sorted(OF_THE_CUSTOMER)
    assert [line for line in sentences(page) if "A mail" not in line] == [
        line for line in OF_THE_CUSTOMER if "A mail" not in line
    ]
    assert "Monday 2 March" in text_of(page)
    assert "Hold order 4137 until July 12 per their email" in text_of(page)
    assert text_of(page).count('<h3 class="day">') == 1


def test_the_story_of_an_order_does_not_name_the_order_in_each_line(shop: Shop, browser: Client) -> None:
    happened = eventful(shop)

    page = browser.get(f"/admin/orders/{happened.order.number}/timeline")

    assert page.status_code == 200
    assert sorted(sentences(page)) == sorted(OF_THE_ORDER)
    assert f'data-live-topics="{happened.order.topic} {happened.gid}"' in text_of(page)


def test_each_line_leads_to_its_thing(shop: Shop, browser: Client) -> None:
    happened = eventful(shop)
    message = happened.order.conversation.messages.filter(visibility="customer").latest("pk")

    page = text_of(browser.get(of_customer(happened.order)))

    for address in (
        "/admin/orders/4137",
        "/admin/orders/4137/fulfilments#parcel-1",
        f"/admin/orders/4137/notes#message_{message.pk}",
        f"/admin/customers/{happened.gid}#interaction_{happened.entry.pk}",
    ):
        assert f'href="{address}"' in page, address


def test_chips_in_the_address_narrow_the_story_and_say_so(shop: Shop, browser: Client) -> None:
    happened = eventful(shop)
    here = of_customer(happened.order)

    both = browser.get(f"{here}?about=payments&about=interactions&about=nonsense")

    assert sentences(both) == [
        "Mara acknowledged an e-mail that Jo logged on 2 March",
        "Jo logged an e-mail about order 4137 · acknowledged by Mara",
        "Mara noted £4.20 as given back for order 4137",
        "Mara noted £84.20 as paid for order 4137",
    ]
    assert text_of(both).count('aria-current="true"') == 3  # the chips, and the menu's customers
    assert address_of(both, 'id="about-payments"') == f"{here}?about=interactions"
    assert address_of(both, 'id="about-mails"') == f"{here}?about=mails&about=payments&about=interactions"
    one = browser.get(f"{here}?about=access")
    assert len(sentences(one)) == 3


def test_a_story_says_when_nothing_has_happened_and_when_nothing_of_a_kind_has(shop: Shop, browser: Client) -> None:
    order = shop.order(number="INV-7")

    none = browser.get("/admin/orders/INV-7/timeline?about=payments")

    assert "Nothing of this kind has happened" in text_of(none)
    assert 'href="/admin/orders/INV-7/timeline">Show everything</a>' in text_of(none)
    Order.objects.filter(pk=order.pk).update(placed_at=clock.now())


def test_earlier_entries_come_page_by_page_by_links_alone(shop: Shop, browser: Client) -> None:
    order = shop.order(number="INV-7")
    fill(shop, order, 40)
    here = "/admin/orders/INV-7/timeline"

    page, told, pages = browser.get(here), list[str](), 0
    while True:
        told += quotes(page)
        pages += 1
        if 'id="earlier"' not in text_of(page):
            break
        page = browser.get(address_of(page, 'id="earlier"'))
        assert "You are reading what happened earlier." in text_of(page)
        assert f'<a href="{here}">Go to the newest</a>' in text_of(page)
        assert 'hx-trigger="live:' not in text_of(page).split("timeline-heading")[-1]

    assert pages == 3
    expected = {f"message {number}" for number in range(40)} | {f"entry {number}" for number in range(40)} | {"hello"}
    assert len(told) == len(expected) == len(set(told))
    assert set(told) == expected


def quotes(response: HttpResponseBase) -> list[str]:
    return [
        unescape(found) for found in re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", text_of(response), re.DOTALL)
    ]


def test_earlier_entries_that_htmx_asks_for_go_on_under_the_day_that_the_page_has(shop: Shop, browser: Client) -> None:
    order = shop.order(number="INV-7")
    fill(shop, order, 40)
    first = browser.get("/admin/orders/INV-7/timeline?about=messages")
    address = address_of(first, 'id="earlier"')

    more = browser.get(f"{address}&day=2024-01-01", headers=HTMX)

    assert "<html" not in text_of(more)
    assert 'class="goes-on"' in text_of(more)
    assert quotes(more)[0] == "message 10"
    assert 'id="newest-entries"' not in text_of(more)


def test_the_region_asks_down_to_what_it_shows_and_gets_what_is_new_above_it(shop: Shop, browser: Client) -> None:
    order = shop.order(number="INV-7")
    fill(shop, order, 60)
    here = of_customer(order)
    first = browser.get(here)
    shown = {"have": value(first, "have"), "until": value(first, "until")}

    for count in ("30", "", "nonsense", "٣", "99999"):
        assert browser.get(here, {**shown, "shown": count}, headers=HTMX).status_code == 204

    new: list[str] = []
    for burst in (3, 40):  # as one looks on, and after one was away
        for number in range(burst):
            new.insert(0, f"new {burst} {number}")
            send_message(viewer=shop.staff, order=order, text=new[0])
        again = browser.get(here, {**shown, "shown": "30"}, headers=HTMX)
        assert "<html" not in text_of(again)
        assert quotes(again) == [*new, *quotes(first)]
        assert (value(again, "until"), value(again, "shown")) == (shown["until"], str(30 + len(new)))


def test_a_region_that_was_overtaken_lets_the_page_begin_anew(shop: Shop, browser: Client) -> None:
    order = shop.order(number="INV-7")
    here = of_customer(order)
    first = browser.get(here)
    shown = {"have": value(first, "have"), "until": value(first, "until")}
    fill(shop, order, 0)
    for _ in range(120):
        send_message(viewer=shop.staff, order=order, text="new")

    again = browser.get(here, shown, headers=HTMX)

    assert (again.status_code, again.headers["HX-Refresh"]) == (204, "true")


def test_a_cursor_that_is_none_leads_to_the_newest_and_says_so(shop: Shop, browser: Client) -> None:
    eventful(shop)

    page = browser.get("/admin/orders/4137/timeline?before=nonsense")

    assert page.status_code == 200
    assert "That page of the timeline is not there" in text_of(page)
    assert sentences(page)[0] == OF_THE_ORDER[0]


@pytest.mark.parametrize(("path", "status"), [("orders/nothing", 404), ("customers/customer_999999", 404)])
def test_what_is_not_there_has_no_story(browser: Client, path: str, status: int) -> None:
    assert browser.get(f"/admin/{path}/timeline").status_code == status


def test_another_workspaces_customer_and_order_have_no_story_here(
    shop: Shop, other_shop: Shop, browser: Client
) -> None:
    theirs = eventful(other_shop)

    assert browser.get(of_customer(theirs.order)).status_code == 404
    assert browser.get("/admin/orders/4137/timeline").status_code == 404


def test_who_reads_less_is_told_less_and_offered_no_chip_for_the_rest(shop: Shop) -> None:
    happened = eventful(shop)
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read", "customers:read"])
    pia = signed_in(shop, StaffMember.objects.get(pk=shop.hire("Pia", role).staff_id or 0))

    page = pia.get(of_customer(happened.order))

    hidden = ("wrote", "A mail", "for staff only", "logged", "link", "signed", "acknowledged")
    assert sentences(page) == [
        line for line in OF_THE_CUSTOMER if not any(word in line for word in hidden) or "customer with" in line
        or "link with" in line
    ]  # fmt: skip
    chips = re.findall(r'id="about-(\w+)"', text_of(page))
    assert chips == ["orders", "parcels", "mails", "payments", "access", "customer"]
    assert "Hold order 4137" not in text_of(page)


def test_hostile_texts_stand_in_a_story_as_they_were_written(shop: Shop, browser: Client) -> None:
    order = shop.order(number="INV-7", customer="<b>Ana & Co</b>", contact='"><img src=x onerror=alert(1)>')
    texts = [text for text in MORE if storable(text) and text.strip()][:20]
    for text in texts:
        send_message(viewer=shop.guest(order), order=order, text=text)
        log_interaction(viewer=shop.staff, customer=order.customer, order=order, type=InteractionType.OTHER, text=text)

    page = text_of(browser.get(of_customer(order)))

    assert "<img src=x" not in page
    assert "<b>Ana & Co</b>" not in page
    assert not re.search(r"<[^>]+ on(error|load|click)=", page)


def test_a_long_text_is_quoted_by_its_beginning(shop: Shop, browser: Client) -> None:
    order = shop.order(number="INV-7")
    log_interaction(
        viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text="every tin was dented " * 300
    )

    [quote] = quotes(browser.get(of_customer(order)))

    assert quote.endswith("dented…")
    assert 380 < len(quote) < 402


@pytest.mark.parametrize("of", ["customer", "order"])
def test_a_page_takes_the_same_statements_at_any_length(shop: Shop, browser: Client, of: str) -> None:
    taken = []
    for count in (20, 400):
        order = shop.order(number=f"INV-{count}")
        fill(shop, order, count)
        address = of_customer(order) if of == "customer" else f"/admin/orders/{order.number}/timeline"
        with CaptureQueriesContext(connection) as statements:
            assert len(sentences(browser.get(address))) == 30
        taken.append(len(statements))

    assert taken[0] == taken[1]


# The words.

FACTS = (
    *("actorName", "creditNote", "statusBefore", "statusAfter", "parcelAfter", "isOn", "isActive", "orderingBlocked"),
    *("devices", "linesPacked", "linesOrdered", "amount", "order", "contact", "otherCustomer", "fulfilment", "message"),
    *("note", "mail", "interaction"),
)


@pytest.mark.once
def test_every_kind_of_a_story_has_words_and_an_icon(db: None) -> None:
    found = finders.find("counterfoil/icons.svg")
    icons = set(re.findall(r'<symbol id="([^"]+)"', Path(str(found)).read_text()))

    assert set(ICONS) == {*OF_EVENTS, *OF_ROWS}
    assert set(ICONS.values()) <= icons
    for kind in ICONS:
        assert get_template(sentence_of(kind)) is not None, kind


def entry(kind: str, **facts: Any) -> dict[str, Any]:
    """An entry as the operation gives it."""
    empty = dict.fromkeys(FACTS)
    moment = (datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(minutes=1)).isoformat()
    return told({**empty, "happenedAt": moment, "kind": kind, "actor": "STAFF", **facts})


def said(kind: str, *, about_order: bool = False, **facts: Any) -> str:
    told_so = entry(kind, **facts)
    words = get_template(told_so["sentence"]).render(
        {"entry": told_so, "name": "Harbour Café", "about_order": about_order}
    )
    return " ".join(unescape(strip_tags(words)).split())


ORDER = {"number": "4137"}
PARCEL = {"id": "fulfilment_1", "number": 2, "carrier": ""}
CONFIRMATION = {"about": "CONFIRMATION", "to": "ana@harbour.example", "reason": "", "message": None, "fulfilment": None}


@pytest.mark.once
@pytest.mark.parametrize(
    ("words", "kind", "facts"),
    [
        ("Order 4137 was placed: £12.50", "order.placed", {"actor": "SYSTEM", "order": ORDER, "amount": "12.50"}),
        (
            "Harbour Café cancelled order 4137, which was a draft",
            "order.status_changed",
            {"actor": "CUSTOMER", "order": ORDER, "statusBefore": "DRAFT", "statusAfter": "CANCELLED"},
        ),
        (
            "Mara took order 4137 from confirmed to invoiced",
            "order.status_changed",
            {"actorName": "Mara", "order": ORDER, "statusBefore": "CONFIRMED", "statusAfter": "INVOICED"},
        ),
        (
            "Till sent parcel 2 of order 4137 with all 5 lines",
            "order.parcel_sent",
            {"actorName": "Till", "order": ORDER, "fulfilment": PARCEL, "linesPacked": 5, "linesOrdered": 5},
        ),
        (
            "A program sent parcel 2 of order 4137 with its line",
            "order.parcel_sent",
            {"actor": "PARTNER", "order": ORDER, "fulfilment": PARCEL, "linesPacked": 1, "linesOrdered": 1},
        ),
        (
            "Mara noted that parcel 2 of order 4137 never left: its goods are left to send",
            "order.parcel_moved",
            {"actorName": "Mara", "order": ORDER, "fulfilment": PARCEL, "parcelAfter": "CANCELLED"},
        ),
        ("Harbour Café claimed order 4137 into their account", "order.claimed", {"actor": "CUSTOMER", "order": ORDER}),
        ("Harbour Café changed the address of order 4137", "order.addressed", {"actor": "CUSTOMER", "order": ORDER}),
        (
            "Harbour Café changed the customer’s note on order 4137",
            "order.note_changed",
            {"actor": "CUSTOMER", "order": ORDER},
        ),
        (
            "A mail that confirms order 4137 was sent to ana@harbour.example",
            "mail.sent",
            {"actor": "SYSTEM", "order": ORDER, "mail": CONFIRMATION},
        ),
        (
            "A mail that confirms order 4137 could not be sent to ana@harbour.example: SMTPRefused: 550 no such user",
            "mail.failed",
            {"actor": "SYSTEM", "order": ORDER, "mail": {**CONFIRMATION, "reason": "SMTPRefused: 550 no such user"}},
        ),
        (
            "A mail that confirms order 4137 was not sent: the order was cancelled",
            "mail.suppressed",
            {"actor": "SYSTEM", "order": ORDER, "mail": {**CONFIRMATION, "reason": "The order was cancelled."}},
        ),
        (
            "Mara sent a mail that confirms order 4137 once more",
            "mail.retried",
            {"actorName": "Mara", "order": ORDER, "mail": CONFIRMATION},
        ),
        (
            "Ana Reis signed out of a device",
            "account_session.ended",
            {"actor": "CUSTOMER", "actorName": "Ana Reis", "devices": 1},
        ),
        (
            "Somebody of the shop set the account: not active, ordering allowed",
            "customer.flags_changed",
            {"isActive": False, "orderingBlocked": False},
        ),
        ("The shop: something.new", "something.new", {"actor": "SYSTEM"}),
    ],
)
def test_what_happened_in_words(words: str, kind: str, facts: dict[str, Any]) -> None:
    if "amount" in facts:
        facts = {**facts, "amount": {"amount": facts["amount"], "currency": "GBP"}}

    assert said(kind, **facts) == words


@pytest.mark.once
def test_an_entry_that_waits_says_so_in_words() -> None:
    logged = {
        "id": "interaction_7",
        "type": "COMPLAINT",
        "text": "Dented.",
        "authorName": "Jo",
        "loggedAt": "2026-03-02T12:00:00+00:00",
        "needsAcknowledgement": True,
        "acknowledgedAt": None,
        "acknowledgedByName": None,
        "customer": {"id": "customer_1"},
    }

    assert (
        said("interaction.logged", actorName="Jo", interaction=logged) == "Jo logged a complaint Not acknowledged yet"
    )
    assert entry("interaction.logged", actorName="Jo", interaction=logged)["icon"] == "frown"
