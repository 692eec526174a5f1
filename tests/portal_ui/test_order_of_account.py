"""What an order's page shows by each credential, its invoice, and adding it to an account (AC-1, AC-2)."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.access import clock
from counterfoil.conversations.actions import send_message
from counterfoil.customers.access import set_customer_flags
from counterfoil.events.models import Event
from counterfoil.orders.actions import NewLine, change_status, rotate_order_key
from counterfoil.orders.models import Order, OrderStatus
from tests.factories import ADDRESSES, Shop
from tests.portal_ui.entering import SIGN_IN, WELCOME, browser, hidden, link_of, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on_postgresql, pytest.mark.feature("AC-2")]

PAGE, INVOICE, CLAIM = "/order/INV-7", "/order/INV-7/invoice", "/order/INV-7/claim"
BACK = f"{SIGN_IN}?next=%2Forder%2FINV-7"
PRIVATE = ("4 Pier Road", "PO Box 9", "Open the invoice", "Whitby")


def invoiced(shop: Shop, *, lines: int = 2) -> Order:
    many = tuple(NewLine(f"Tin {number}", 1, Decimal("1.50"), sku=f"T-{number}") for number in range(lines))
    order = shop.order(number="INV-7", addresses=ADDRESSES, lines=many)
    for status in (OrderStatus.CONFIRMED, OrderStatus.INVOICED):
        change_status(viewer=shop.staff, order=order, status=status)
    send_message(viewer=shop.staff, order=order, text="Your tins leave today.")
    return order


@pytest.fixture
def order(shop: Shop) -> Order:
    return invoiced(shop)


def follow(order: Order, there: Client | None = None) -> Client:
    """A browser that followed the order's link."""
    there = there or browser()
    order.refresh_from_db()
    there.get(order.guest_url.removeprefix(order.store.base_url))
    return there


def by_link(order: Order) -> Client:
    """A browser that followed the link of the order's customer."""
    there = browser()
    there.get(link_of(order.customer))
    there.post(WELCOME, {"answer": "yes"})
    return there


def text(page: HttpResponse) -> str:
    return page.content.decode()


def test_the_orders_key_shows_status_items_and_conversation_and_what_a_login_adds(order: Order) -> None:
    page = text(follow(order).get(PAGE))

    assert "Tin 0" in page
    assert "Your tins leave today." in page
    assert not any(private in page for private in PRIVATE)
    assert "Sign in to see addresses, invoices and your other orders." in page
    assert f'href="{BACK}"' in page


def test_its_contact_sees_the_addresses_and_the_invoice_too(order: Order) -> None:
    page = text(signed_in(order.contact).get(PAGE))

    assert all(private in page for private in PRIVATE)
    assert "United Kingdom" in page
    assert "£3.00 to pay" in page
    assert "Your tins leave today." in page
    assert "If something should change, write to us below." in page
    assert 'id="account"' not in page


def test_the_customers_link_shows_neither_conversation_nor_addresses_and_says_how_to_get_there(order: Order) -> None:
    page = text(by_link(order).get(PAGE))

    assert "Tin 0" in page
    assert not any(private in page for private in (*PRIVATE, "Your tins leave today.", 'id="composer"', 'id="mail-'))
    assert "Sign in to read and write messages" in page
    assert "If something should change, sign in and write to us." in page
    assert f'href="{BACK}"' in page


@pytest.mark.feature("AC-1")
def test_nothing_is_written_by_a_customers_link(order: Order) -> None:
    there, before = by_link(order), Event.objects.count()

    for path, typed in (("messages", {"text": "Hello"}), ("mail", {"enabled": "0"}), ("claim", {})):
        there.post(f"{PAGE}/{path}", typed)

    assert Event.objects.count() == before


@pytest.mark.parametrize("part", ["summary", "items", "thread", "mail"])
def test_a_page_of_a_credential_that_ended_is_loaded_anew_as_what_is_left(order: Order, part: str) -> None:
    there = follow(order, signed_in(order.contact))
    htmx = {"HX-Request": "true"}
    assert there.get(f"{PAGE}/{part}?as=contact", headers=htmx).status_code == 200

    there.post("/store/account/sign-out")

    assert there.get(f"{PAGE}/{part}?as=contact", headers=htmx).headers["HX-Refresh"] == "true"
    assert there.get(f"{PAGE}/{part}?as=guest", headers=htmx).status_code == 200
    assert not any(private in text(there.get(PAGE)) for private in PRIVATE)


def test_the_items_region_has_no_news_until_there_is_some(order: Order) -> None:
    there, htmx = signed_in(order.contact), {"HX-Request": "true"}
    page = text(there.get(PAGE))
    have = page.partition('id="items-version" name="have" value="')[2][:16]

    assert there.get(f"{PAGE}/items?as=contact", {"have": have, "as": "contact"}, headers=htmx).status_code == 204


@pytest.mark.parametrize(
    ("kind", "topic"), [("contact", "contact_{0.contact_id}"), ("link", "customer_{0.customer_id}")]
)
def test_the_page_watches_the_credential_that_opened_it(order: Order, kind: str, topic: str) -> None:
    there = signed_in(order.contact) if kind == "contact" else by_link(order)

    assert f'data-live-topics="order_{order.pk} {topic.format(order)}"' in text(there.get(PAGE))


@pytest.mark.parametrize("who", ["contact", "guest", "link"])
def test_the_page_takes_as_many_statements_for_an_order_of_any_size(shop: Shop, who: str) -> None:
    counts = []
    for number, lines in (("INV-1", 2), ("INV-2", 60)):
        order = shop.order(
            number=number, addresses=ADDRESSES, lines=tuple(NewLine(f"Tin {n}", 1, Decimal(2)) for n in range(lines))
        )
        there = {"contact": lambda o: signed_in(o.contact), "guest": follow, "link": by_link}[who](order)
        with CaptureQueriesContext(connection) as statements:
            assert there.get(f"/order/{number}").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 24


# Without a credential.


@pytest.mark.parametrize(("address", "back"), [(PAGE, BACK), (INVOICE, f"{BACK}%2Finvoice")])
def test_who_has_no_credential_is_offered_the_login_and_comes_back(order: Order, address: str, back: str) -> None:
    page = browser().get(address)

    assert page.status_code == 404
    assert f'href="{back}">Sign in to see it</a>' in text(page)
    assert "Tin 0" not in text(page)


def test_an_order_that_never_was_and_one_of_somebody_else_look_the_same(order: Order, shop: Shop) -> None:
    stranger = signed_in(shop.order(email="ben@quill.example").contact)

    token = re.compile(r'csrfmiddlewaretoken" value="[^"]+')
    theirs, none = (token.sub("", text(stranger.get(f"/order/{number}"))) for number in ("INV-7", "INV-8"))

    assert theirs.replace("INV-7", "INV-8") == none
    assert "See your orders" in none
    assert "Sign in to see it" not in none


# The invoice.


def test_the_invoice_stands_on_one_page_with_all_lines_and_no_script(shop: Shop) -> None:
    order = invoiced(shop, lines=230)

    page = text(signed_in(order.contact).get(INVOICE))

    assert all(f"Tin {number}<" in page for number in range(230))
    for told in (
        "Invoice <bdi>INV-7</bdi>",
        "£345.00 is still to be paid",
        "4 Pier Road",
        "PO Box 9",
        f" {clock.now().year}</time>",
    ):
        assert told in page
    assert "<script" not in page


def test_a_paid_invoice_asks_for_nothing(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(paid=Decimal("3.00"))
    there = signed_in(order.contact)

    assert "It is paid in full" in text(there.get(INVOICE))
    assert "Paid in full" in text(there.get(PAGE))


def test_an_order_that_is_not_invoiced_leads_to_its_page(shop: Shop) -> None:
    order = shop.order(number="INV-7")

    assert signed_in(order.contact).get(INVOICE).headers["Location"] == PAGE


@pytest.mark.parametrize("who", ["guest", "link"])
def test_whoever_came_by_a_link_signs_in_for_the_invoice_and_is_back_on_it(order: Order, who: str) -> None:
    there = follow(order) if who == "guest" else by_link(order)

    assert there.get(INVOICE).headers["Location"] == f"{BACK}%2Finvoice"


def test_who_is_signed_in_as_somebody_else_is_not_sent_in_circles(order: Order, shop: Shop) -> None:
    stranger = signed_in(shop.order(email="ben@quill.example").contact)
    assert stranger.get(INVOICE).status_code == 404

    assert follow(order, stranger).get(INVOICE).headers["Location"] == PAGE


# Adding an order to an account.


def test_a_guest_who_proved_the_mailbox_adds_the_order_and_sees_all_of_it(order: Order, shop: Shop) -> None:
    again = shop.order(email="Ana@Harbour.example")  # another contact with the mailbox
    there = follow(order, signed_in(again.contact))
    page = there.get(PAGE)
    assert "Add this order to your account" in text(page)
    assert not any(private in text(page) for private in PRIVATE)

    answer = there.post(CLAIM, {"client_mutation_key": hidden(page, "client_mutation_key")})

    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert all(private in text(there.get(PAGE)) for private in PRIVATE)
    assert "INV-7" in text(there.get("/store/account/orders"))


def test_an_order_of_another_mailbox_is_refused_with_what_to_do(order: Order, shop: Shop) -> None:
    there = follow(order, signed_in(shop.order(email="ben@quill.example").contact))

    answer = there.post(CLAIM)

    assert answer.status_code == 422
    assert "This order was placed with another address than the one you signed in with." in text(answer)
    assert "ana@" not in text(answer)
    assert Order.objects.get(number="INV-7").contact_id == order.contact_id


def test_adding_it_twice_adds_it_once(order: Order, shop: Shop) -> None:
    there = follow(order, signed_in(shop.order(email="ana@harbour.example").contact))
    given = {"client_mutation_key": "the same"}

    for _ in range(2):
        assert there.post(CLAIM, given).status_code == 303

    assert Event.objects.filter(kind="order.claimed").count() == 1


def test_an_order_is_added_by_nobody_without_its_present_key_or_without_a_login(order: Order, shop: Shop) -> None:
    guest, stranger = follow(order), follow(order, signed_in(shop.order(email="ana@harbour.example").contact))
    assert guest.post(CLAIM).headers["Location"] == BACK
    assert browser().post(CLAIM).status_code == 404

    rotate_order_key(viewer=shop.staff, order=order)

    assert stranger.post(CLAIM).status_code == 404
    assert Order.objects.get(number="INV-7").contact_id == order.contact_id


@pytest.mark.feature("AC-9")
def test_a_closed_account_opens_no_addresses(order: Order, shop: Shop) -> None:
    there = follow(order, signed_in(order.contact))
    set_customer_flags(viewer=shop.staff, customer=order.customer, is_active=False)

    assert not any(private in text(there.get(PAGE)) for private in PRIVATE)
    assert there.get(INVOICE).status_code == 303
