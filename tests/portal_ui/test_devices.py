"""Where a contact is signed in, and signing out there (AC-1)."""

import re

import pytest
from django.http import HttpResponse
from django.test import Client

from counterfoil.customers import sessions
from counterfoil.customers.models import AccountSession
from counterfoil.orders.models import Order
from schema import buyers
from tests.factories import Shop
from tests.portal_ui.entering import ORDERS, SIGN_IN, browser, hidden, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on_postgresql, pytest.mark.feature("AC-1")]

DEVICES, END, END_OTHERS = "/store/account/devices", "/store/account/devices/end", "/store/account/devices/end-others"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 (KHTML) Version/18.0 Safari/604.1"


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order(number="INV-7")


def device(order: Order, program: str = FIREFOX) -> Client:
    there, response = browser(), HttpResponse()
    buyers.hand_account(response, sessions.begin(contact=order.contact, address="192.0.2.7", program=program))
    there.cookies.update(response.cookies)
    return there


def handles(there: Client) -> list[str]:
    return re.findall(r'name="device" value="(\d+)"', there.get(DEVICES).content.decode())


def is_in(there: Client) -> bool:
    return there.get(ORDERS).status_code == 200


def test_each_device_is_named_and_this_one_is_marked(order: Order) -> None:
    desk, _ = device(order), device(order, SAFARI)

    page = desk.get(DEVICES).content.decode()

    assert "Signed in on 2 devices" in page
    assert page.index("Firefox on Linux") < page.index("This one") < page.index("Safari on iPhone")
    assert "192.0.2.7" in page
    assert page.count('name="device"') == 1  # this one is signed out above, with what else that does


def test_the_only_device_has_nothing_to_sign_out_elsewhere(order: Order) -> None:
    page = device(order).get(DEVICES).content.decode()

    assert "You are signed in on this device alone" in page
    assert "everywhere else" not in page


def test_a_device_is_signed_out_from_another_one(order: Order) -> None:
    desk, phone = device(order), device(order, SAFARI)
    [handle] = handles(desk)

    answer = desk.post(END, {"device": handle})

    assert (answer.status_code, answer.headers["Location"]) == (303, DEVICES)
    assert is_in(desk)
    assert not is_in(phone)


def test_signing_out_twice_says_that_it_is_done(order: Order) -> None:
    desk, _ = device(order), device(order)
    [handle] = handles(desk)
    desk.post(END, {"device": handle})

    answer = desk.post(END, {"device": handle})

    assert answer.status_code == 422
    assert "This device is signed out already." in answer.content.decode()


def test_all_others_are_signed_out_at_once(order: Order) -> None:
    desk, others = device(order), [device(order), device(order, SAFARI)]

    assert desk.post(END_OTHERS).status_code == 303

    assert is_in(desk)
    assert not any(map(is_in, others))


@pytest.mark.parametrize("given", ["", "0", "-1", "²", "9" * 40, "1 OR 1=1"])
def test_a_device_that_is_none_ends_nothing(order: Order, given: str) -> None:
    desk, _ = device(order), device(order)

    assert desk.post(END, {"device": given}).status_code == 422
    assert AccountSession.objects.count() == 2


def test_nobody_ends_the_sessions_of_somebody_else(order: Order, shop: Shop) -> None:
    stranger = signed_in(shop.order(email="ben@quill.example").contact)
    there = device(order)
    mine = AccountSession.objects.get(contact=order.contact)

    assert stranger.post(END, {"device": str(mine.pk)}).status_code == 422
    assert stranger.post(END_OTHERS).status_code == 303
    assert browser().post(END, {"device": str(mine.pk)}).headers["Location"] == DEVICES
    assert browser().post(END_OTHERS).headers["Location"] == DEVICES
    assert is_in(there)


def test_who_is_not_signed_in_is_asked_to_and_comes_back(order: Order) -> None:
    assert browser().get(DEVICES).headers["Location"] == f"{SIGN_IN}?next=%2Fstore%2Faccount%2Fdevices"


def test_the_list_that_fetches_itself_gets_what_is_new_alone(order: Order) -> None:
    desk, _ = device(order), device(order)
    have = hidden(desk.get(DEVICES), "have")
    htmx = {"HX-Request": "true"}
    assert desk.get(DEVICES, {"have": have}, headers=htmx).status_code == 204

    device(order, SAFARI)

    assert "Signed in on 3 devices" in desk.get(DEVICES, {"have": have}, headers=htmx).content.decode()


def test_a_browser_that_names_itself_in_html_is_harmless(order: Order) -> None:
    device(order, "<img src=x onerror=alert(1)>/1")

    assert "<img src=x" not in device(order).get(DEVICES).content.decode()
