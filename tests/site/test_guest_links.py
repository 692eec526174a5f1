"""Following an order's link: whom it lets in, and where the secret stays (AC-8, AC-2, CN-8)."""

from collections.abc import Mapping
from http.cookies import Morsel

import pytest
from django.conf import settings as configured
from django.core import signing
from django.test import Client
from pytest_django import Settings

from counterfoil.access.links import order_keys
from counterfoil.orders.actions import rotate_order_key
from counterfoil.orders.models import Order
from schema import buyers
from tests.factories import Shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow_on_postgresql]


def browser(host: str = "fennel.test") -> Client:
    """A browser that has been nowhere yet."""
    return Client(headers={"Host": host})


def link(order: Order) -> str:
    """The path of the order's present link, with its key."""
    order.refresh_from_db()
    return order.guest_url.removeprefix(order.store.base_url)


def page(order: Order) -> str:
    """The path of the order's page."""
    return f"/order/{order.number}"


def grant(client: Client) -> Morsel[str]:
    """The cookie that says which orders this browser may see."""
    return client.cookies["orders"]


# The way in.


@pytest.mark.feature("AC-8")
@pytest.mark.feature("AC-2")
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_link_lets_the_browser_in_and_goes_on_to_an_address_without_the_secret(shop: Shop, method: str) -> None:
    order, guest = shop.order(number="A&B+1"), browser()
    key = order_keys.derive(order.pk, 1)
    followed = getattr(guest, method)(link(order))
    shown = guest.get(followed.headers["Location"])

    assert followed.status_code == 303
    assert followed.headers["Location"] == "/order/A&B+1"
    assert followed.headers["Referrer-Policy"] == "same-origin"
    assert followed.headers["Cache-Control"] == "no-store"
    assert key not in f"{followed.headers}{followed.content.decode()}{guest.cookies}"
    assert shown.status_code == 200
    assert key not in f"{shown.headers}{shown.content.decode()}"
    assert list(guest.cookies) == ["orders", *[name for name in guest.cookies if name == "csrf"]]


@pytest.mark.feature("AC-8")
def test_the_cookie_is_for_this_site_alone_and_out_of_reach_of_scripts(shop: Shop) -> None:
    order, guest = shop.order(), browser()
    guest.get(link(order))
    cookie = grant(guest)

    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert (cookie["domain"], cookie["secure"]) == ("", "")
    assert int(cookie["max-age"]) == 180 * 24 * 3600


@pytest.mark.feature("AC-8")
def test_behind_https_the_cookie_is_bound_to_this_host_and_to_https(shop: Shop, settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = True
    order, guest = shop.order(), browser()
    guest.get(link(order), secure=True)
    cookie = guest.cookies["__Host-orders"]

    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    assert cookie["secure"] is True
    assert guest.get(page(order), secure=True).status_code == 200


@pytest.mark.feature("AC-1")
def test_the_cookie_says_which_order_and_which_version_signed_and_nothing_else_opens_the_order(shop: Shop) -> None:
    order, second, guest = shop.order(), shop.order(), browser()
    guest.get(link(order))
    value = grant(guest).value
    payload, _, signature = value.partition(":")
    salt = "counterfoil.orders"

    assert signing.loads(value, salt=salt) == [[order.pk, 1]]
    forged: Mapping[str, str] = {
        "cut": value[:-1],
        "changed": f"{'A' if payload[0] != 'A' else 'B'}{payload[1:]}:{signature}",
        "unsigned": payload,
        "signed for another purpose": signing.dumps([[order.pk, 1]], salt="another"),
        "signed with another secret": signing.dumps([[order.pk, 1]], salt=salt, key="another-secret"),
        "another version": signing.dumps([[order.pk, 2]], salt=salt),
        "another order": signing.dumps([[second.pk, 1]], salt=salt),
        "another shape": signing.dumps({"order": order.pk}, salt=salt),
        "numbers": signing.dumps([1, 2, 3], salt=salt),
        "empty": "",
    }
    for what, cookie in forged.items():
        guest.cookies["orders"] = cookie
        assert guest.get(page(order)).status_code == 404, what
    guest.cookies["orders"] = value
    assert guest.get(page(order)).status_code == 200
    assert configured.SECRET_KEY != "another-secret"


@pytest.mark.feature("AC-1")
def test_a_grant_ends_after_half_a_year(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    order, guest = shop.order(), browser()
    guest.get(link(order))
    monkeypatch.setattr(buyers, "_GRANTS_AGE", -1)

    assert guest.get(page(order)).status_code == 404


# The way out.


@pytest.mark.feature("CN-8")
def test_regenerating_the_key_closes_the_old_link_and_what_it_opened_and_leaves_other_orders_alone(shop: Shop) -> None:
    order, second, guest = shop.order(), shop.order(), browser()
    old = link(order)
    for address in (old, link(second)):
        guest.get(address)
    opened = [guest.get(page(one)).status_code for one in (order, second)]
    rotate_order_key(viewer=shop.staff, order=order)

    assert opened == [200, 200]
    assert guest.get(old).status_code == 404
    assert guest.get(page(order)).status_code == 404
    assert guest.get(page(second)).status_code == 200
    assert guest.get(link(order)).status_code == 303
    assert guest.get(page(order)).status_code == 200


@pytest.mark.feature("AC-12")
def test_never_existed_not_yours_and_replaced_are_told_in_the_same_words(shop: Shop, other_shop: Shop) -> None:
    order, second, foreign = shop.order(), shop.order(), other_shop.order()
    old = link(second)
    rotate_order_key(viewer=shop.staff, order=second)
    foreign_key = order_keys.derive(foreign.pk, 1)
    addresses = [
        "/order/no-such-order",
        f"/order/no-such-order?key={order_keys.derive(999_999, 1)}",
        page(order),
        f"{page(order)}?key=nonsense",
        f"{page(order)}?key={order_keys.derive(second.pk, 1)}",
        f"{page(foreign)}?key={foreign_key}",
        old,
    ]
    answers = [browser().get(address) for address in addresses]
    # The way to sign in comes back to what was asked for, and says nothing else.
    numbers = [address.removeprefix("/order/").partition("?")[0] for address in addresses]
    pages = [answer.content.decode().replace(number, "…") for answer, number in zip(answers, numbers, strict=True)]

    assert {answer.status_code for answer in answers} == {404}
    assert len(set(pages)) == 1
    assert all("orders" not in answer.cookies for answer in answers)
    assert "e-mail" in answers[0].content.decode()


def test_a_browser_keeps_the_forty_orders_that_it_opened_last(shop: Shop) -> None:
    orders, guest = [shop.order() for _ in range(41)], browser()
    for order in orders:
        assert guest.get(link(order)).status_code == 303

    assert guest.get(page(orders[0])).status_code == 404
    assert {guest.get(page(order)).status_code for order in orders[1:]} == {200}
    assert len(grant(guest).value) < 2000


def test_a_grant_of_one_shop_opens_nothing_in_another_on_the_same_server(shop: Shop, other_shop: Shop) -> None:
    ours = shop.order(number="7")
    theirs = other_shop.order(number="7")
    guest = browser()
    guest.get(link(ours))
    at_theirs = browser("other.test")
    at_theirs.cookies["orders"] = grant(guest).value

    assert guest.get(page(ours)).status_code == 200
    assert at_theirs.get(page(theirs)).status_code == 404
