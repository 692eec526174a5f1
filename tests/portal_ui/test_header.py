"""The head of the portal's pages: where its menu leads, who is signed in, and that staff only look."""

import re

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.conversations.models import Message
from counterfoil.customers.access import set_customer_flags
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.portal_ui.entering import (
    CODE,
    ORDERS,
    PAST,
    SIGN_IN,
    SIGN_OUT,
    WELCOME,
    browser,
    link_of,
    newest_code,
    signed_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on_postgresql, pytest.mark.feature("OR-4")]

END = "/store/preview/end"


def menu(page: HttpResponse) -> str:
    """Where "Orders" leads."""
    [address] = re.findall(r'<nav aria-label="Menu"><a href="([^"]+)"', page.content.decode())
    return str(address)


def forms(page: HttpResponse) -> list[str]:
    return re.findall(r'<form[^>]* action="([^"]+)"', page.content.decode())


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order(number="INV-7")


@pytest.fixture
def guest(order: Order) -> Client:
    there = browser()
    there.get(order.guest_url.removeprefix(order.store.base_url))
    return there


def previewing(order: Order, shop: Shop) -> Client:
    there = browser()
    there.force_login(shop.user)
    assert there.post(f"/admin/customers/customer_{order.customer_id}/preview").status_code == 303
    return there


def test_a_guests_menu_leads_to_the_sign_in_and_from_there_to_their_orders(guest: Client) -> None:
    page = guest.get("/order/INV-7")

    assert menu(page) == f"{SIGN_IN}?next=%2Fstore%2Faccount%2Forders"
    assert f'href="{SIGN_IN}?next=%2Forder%2FINV-7">Sign in</a>' in page.content.decode()
    assert SIGN_OUT not in forms(page)


def test_who_holds_a_customers_link_finds_that_customers_orders(order: Order) -> None:
    there = browser()
    there.get(link_of(order.customer))
    there.post(WELCOME, {"answer": "yes"})

    assert menu(there.get("/order/INV-7")) == PAST


def test_a_contact_finds_their_orders_their_devices_and_the_way_out(order: Order) -> None:
    page = signed_in(order.contact).get("/order/INV-7")

    assert menu(page) == ORDERS
    assert 'href="/store/account/devices"' in page.content.decode()
    assert "<bdi>Ana Reis</bdi>" in page.content.decode()
    assert SIGN_OUT in forms(page)


@pytest.mark.feature("AC-9")
def test_who_is_signed_in_to_a_closed_account_can_still_sign_out(order: Order, shop: Shop, guest: Client) -> None:
    guest.cookies.update(signed_in(order.contact).cookies)
    set_customer_flags(viewer=shop.staff, customer=order.customer, is_active=False)

    page = guest.get("/order/INV-7")

    assert SIGN_OUT in forms(page)
    assert "Ana Reis" not in page.content.decode()


@pytest.mark.feature("AC-7")
def test_staff_who_look_are_told_as_whom_and_end_it(order: Order, shop: Shop) -> None:
    there = previewing(order, shop)

    page = there.get(PAST)
    assert "You see the portal as <bdi>Harbour Café</bdi> does." in page.content.decode()
    assert "INV-7" in page.content.decode()
    assert menu(page) == PAST

    answer = there.post(END)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/")
    assert there.get(PAST).headers["Location"] == "/"
    assert END not in forms(there.get("/"))


@pytest.mark.feature("AC-7")
def test_the_preview_ends_with_the_session_of_who_looks(order: Order, shop: Shop) -> None:
    there = previewing(order, shop)
    there.post("/admin/sign-out")

    assert there.get(PAST).headers["Location"] == "/"


@pytest.mark.feature("AC-7")
def test_during_a_preview_nothing_else_that_the_browser_holds_counts(order: Order, shop: Shop) -> None:
    there = previewing(order, shop)
    there.get(order.guest_url.removeprefix(order.store.base_url))
    there.cookies.update(signed_in(order.contact).cookies)

    page = there.get("/order/INV-7")
    assert (page.status_code, forms(page)) == (200, [END])
    assert there.post("/order/INV-7/messages", {"text": "Hello"}).status_code == 422
    assert not Message.objects.exists()
    assert there.get(ORDERS).status_code == there.post("/order/INV-7/claim").status_code == 303

    there.post(END)
    assert SIGN_OUT in forms(there.get("/order/INV-7"))


@pytest.mark.feature("AC-7")
def test_staff_who_sign_in_as_a_contact_look_no_longer(order: Order, shop: Shop) -> None:
    there = previewing(order, shop)
    there.post(SIGN_IN, {"email": order.contact.email})
    there.post(CODE, {"code": newest_code()})

    assert there.get(ORDERS).status_code == 200
    assert END not in forms(there.get(ORDERS))


def test_ending_a_preview_that_is_none_takes_no_customers_link_away(order: Order) -> None:
    there = browser()
    there.get(link_of(order.customer))
    there.post(WELCOME, {"answer": "yes"})

    there.post(END)

    assert there.get(PAST).status_code == 200


def test_a_page_of_nobody_asks_nothing_about_them(shop: Shop) -> None:
    with CaptureQueriesContext(connection) as statements:
        browser().get("/")
    asked = [statement["sql"] for statement in statements]
    assert not [sql for sql in asked if "customers_" in sql]
