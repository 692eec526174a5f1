"""Past orders: a contact's behind their account, a customer's behind their link (OR-4, AC-1, AC-9)."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.customers.access import set_customer_flags
from counterfoil.customers.actions import create_customer
from counterfoil.customers.models import Contact
from counterfoil.orders.actions import NewLine, change_status, place_order
from counterfoil.orders.models import Order, OrderStatus
from tests.factories import LINES, Shop
from tests.portal_ui.entering import ORDERS, PAST, SIGN_IN, WELCOME, browser, hidden, link_of, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on_postgresql, pytest.mark.feature("OR-4")]

LIST = {"HX-Request": "true"}


def numbers(page: HttpResponse) -> list[str]:
    """The orders in the page, from top to bottom."""
    return re.findall(r'data-row-link href="/order/([^"]+)"', page.content.decode())


def heading(page: HttpResponse) -> str:
    [found] = re.findall(r'<h1 id="orders-heading"[^>]*>(.*?)</h1>', page.content.decode())
    return str(found)


def buys(shop: Shop, contact: Contact, count: int = 1, *, lines: tuple[NewLine, ...] = LINES) -> list[Order]:
    """More orders of a contact."""
    return [
        place_order(viewer=shop.staff, store=shop.store, contact=contact, currency="GBP", lines=lines)
        for _ in range(count)
    ]


def by_link(order: Order) -> Client:
    """A browser that followed the link of the order's customer, and said that it is theirs."""
    there = browser()
    there.get(link_of(order.customer))
    assert there.post(WELCOME, {"answer": "yes"}).headers["Location"] == PAST
    return there


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order(number="INV-7")


def test_a_contact_sees_the_orders_that_they_placed_newest_first_and_no_others(order: Order, shop: Shop) -> None:
    colleague = create_customer(viewer=shop.staff, name="Quill", contact_name="Ben", email="ben@quill.example")
    Contact.objects.filter(pk=colleague.pk).update(customer=order.customer)
    newer = buys(shop, order.contact)[0]
    buys(shop, colleague)
    shop.order(email="ana@harbour.example")  # another customer's contact, at the same address

    page = signed_in(order.contact).get(ORDERS)

    assert numbers(page) == [newer.number, "INV-7"]


def test_whoever_holds_a_customers_link_sees_all_of_that_customers_orders(order: Order, shop: Shop) -> None:
    colleague = create_customer(viewer=shop.staff, name="Quill", contact_name="Ben", email="ben@quill.example")
    Contact.objects.filter(pk=colleague.pk).update(customer=order.customer)
    newer = buys(shop, Contact.objects.get(pk=colleague.pk))[0]
    shop.order()

    page = by_link(order).get(PAST)

    assert numbers(page) == [newer.number, "INV-7"]
    assert "All orders of <bdi>Harbour Café</bdi>" in page.content.decode()


@pytest.mark.feature("AC-1")
def test_one_credential_never_stands_in_for_the_other(order: Order) -> None:
    account, linked, guest = signed_in(order.contact), by_link(order), browser()
    guest.get(order.guest_url.removeprefix(order.store.base_url))

    assert account.get(PAST).headers["Location"] == "/"
    for there in (linked, guest):
        assert there.get(ORDERS).headers["Location"] == f"{SIGN_IN}?next=%2Fstore%2Faccount%2Forders"
    assert guest.get(PAST).headers["Location"] == "/"


def test_signing_in_leads_back_to_the_search_one_came_from(order: Order) -> None:
    answer = browser().get(f"{ORDERS}?q=tea")

    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"{SIGN_IN}?next=%2Fstore%2Faccount%2Forders%3Fq%3Dtea",
    )


def test_a_link_that_nobody_confirmed_shows_no_order_yet(order: Order) -> None:
    there = browser()
    there.get(link_of(order.customer))

    assert there.get(PAST).headers["Location"] == WELCOME


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        ((), "Your order is open"),
        ((OrderStatus.CANCELLED,), "No open orders"),
    ],
)
def test_the_heading_says_what_is_true(order: Order, shop: Shop, statuses: tuple[OrderStatus, ...], told: str) -> None:
    for status in statuses:
        change_status(viewer=shop.staff, order=order, status=status)

    assert heading(signed_in(order.contact).get(ORDERS)) == told


def test_the_heading_counts_what_is_open(order: Order, shop: Shop) -> None:
    buys(shop, order.contact)
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CANCELLED)
    assert heading(signed_in(order.contact).get(ORDERS)) == "1 of your orders is open"

    buys(shop, order.contact, 20)
    assert heading(signed_in(order.contact).get(ORDERS)) == "20 of your newest orders are open"


def test_a_row_says_what_was_ordered_where_it_is_and_what_it_comes_to(order: Order, shop: Shop) -> None:
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)

    page = signed_in(order.contact).get(ORDERS).content.decode()

    for told in ("Tea tin, retro spot", ", and more", "Confirmed, we are getting it ready", "£166.20"):
        assert told in page


def test_a_contact_without_orders_is_told_what_will_be_here(shop: Shop) -> None:
    nobody = create_customer(viewer=shop.staff, name="Quill", contact_name="Ben", email="ben@quill.example")

    page = signed_in(Contact.objects.select_related("customer").get(pk=nobody.pk)).get(ORDERS)

    assert heading(page) == "No orders yet"
    assert "appears here by itself" in page.content.decode()
    assert 'role="search"' not in page.content.decode()


@pytest.mark.parametrize(
    ("words", "found"),
    [("inv-7", ["INV-7"]), ("tin retro", ["INV-7"]), ("tt-2", ["INV-7"]), ("quilt", []), ("harbour", [])],
)
@pytest.mark.parametrize("credential", ["account", "link"])
def test_a_search_looks_at_number_product_and_sku(
    order: Order, shop: Shop, words: str, found: list[str], credential: str
) -> None:
    buys(shop, order.contact, lines=(NewLine("Bunting", 1, Decimal(6), sku="BU-01"),))
    there, address = (signed_in(order.contact), ORDERS) if credential == "account" else (by_link(order), PAST)

    page = there.get(address, {"q": words})

    assert numbers(page) == found
    assert heading(page) == ("1 order found" if found else "No orders found")
    assert ("Clear the search" in page.content.decode()) is (not found)


@pytest.mark.parametrize("words", ["\0", "' OR 1=1 --", "<script>alert(1)</script>", "x" * 5000, "\ud800", "🫖" * 300])
def test_a_hostile_search_finds_nothing_and_runs_nothing(order: Order, words: str) -> None:
    page = signed_in(order.contact).get(ORDERS, {"q": words.encode(errors="replace").decode()})

    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_pages_of_twenty_follow_each_other_whatever_is_ordered_meanwhile(order: Order, shop: Shop) -> None:
    before = [order.number, *(one.number for one in buys(shop, order.contact, 44))][::-1]
    there, seen = signed_in(order.contact), []
    address: str | None = ORDERS
    while address:
        page = there.get(address)
        seen += numbers(page)
        buys(shop, order.contact)
        further = re.search(r'rel="next" href="([^"]+)"', page.content.decode())
        address = further[1].replace("&amp;", "&") if further else None

    assert seen == before


@pytest.mark.parametrize("after", ["nonsense", "x" * 3000, "%00", "eyJh"])
def test_a_place_in_the_list_that_is_none_gives_the_newest(order: Order, after: str) -> None:
    assert numbers(signed_in(order.contact).get(ORDERS, {"after": after})) == ["INV-7"]


@pytest.mark.parametrize("credential", ["account", "link"])
def test_the_list_takes_as_many_statements_at_any_size(order: Order, shop: Shop, credential: str) -> None:
    there, address = (signed_in(order.contact), ORDERS) if credential == "account" else (by_link(order), PAST)
    counts = []
    for count in (1, 17):
        buys(shop, order.contact, count)
        with CaptureQueriesContext(connection) as statements:
            assert there.get(address).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 15


def test_a_region_that_has_it_all_gets_nothing_and_a_new_order_brings_the_list(order: Order, shop: Shop) -> None:
    there = signed_in(order.contact)
    have = hidden(there.get(ORDERS), "have")
    assert there.get(ORDERS, {"have": have}, headers=LIST).status_code == 204

    new = buys(shop, order.contact)[0]
    answer = there.get(ORDERS, {"have": have}, headers=LIST)

    assert numbers(answer) == [new.number, "INV-7"]
    assert "<html" not in answer.content.decode()


def test_the_page_watches_its_orders_and_the_credential_that_opened_it(order: Order) -> None:
    for there, address, credential in (
        (signed_in(order.contact), ORDERS, f"contact_{order.contact_id} customer_{order.customer_id}"),
        (by_link(order), PAST, f"customer_{order.customer_id}"),
    ):
        assert f'data-live-topics="{credential} order_{order.pk}"' in there.get(address).content.decode()


@pytest.mark.feature("AC-9")
def test_a_closed_account_says_so_and_shows_nothing(order: Order, shop: Shop) -> None:
    account, linked = signed_in(order.contact), by_link(order)
    set_customer_flags(viewer=shop.staff, customer=order.customer, is_active=False)

    page = account.get(ORDERS)
    assert page.status_code == 403
    assert "This account is not currently active" in page.content.decode()
    assert "Fennel &amp; Twine" in page.content.decode()
    assert "INV-7" not in page.content.decode()
    assert linked.get(PAST).headers["Location"] == WELCOME
    for there, address in ((account, ORDERS), (linked, PAST)):
        assert there.get(address, headers=LIST).headers["HX-Refresh"] == "true"


@pytest.mark.feature("AC-9")
def test_while_ordering_is_blocked_past_orders_are_seen_and_it_is_said(order: Order, shop: Shop) -> None:
    linked, account = by_link(order), signed_in(order.contact)
    set_customer_flags(viewer=shop.staff, customer=order.customer, ordering_blocked=True)

    for page in (linked.get(PAST), account.get(ORDERS)):
        assert numbers(page) == ["INV-7"]
        assert "Ordering is temporarily unavailable" in page.content.decode()


@pytest.mark.parametrize("address", [ORDERS, PAST])
def test_another_workspace_knows_nobody_from_here(order: Order, other_shop: Shop, address: str) -> None:
    there = signed_in(order.contact) if address == ORDERS else by_link(order)
    there.defaults["HTTP_HOST"] = "other.test"

    assert there.get(address, headers={"Host": "other.test"}).status_code == 303
