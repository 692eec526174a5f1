"""By which credential somebody acts, and whether it still holds (AC-1, AC-8, CN-8)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from counterfoil.access import clock
from counterfoil.access.links import order_keys
from counterfoil.access.models import AccessToken
from counterfoil.access.viewer import ViewerKind, anonymous
from counterfoil.orders.actions import rotate_order_key
from counterfoil.orders.models import Order
from schema import identity
from schema.client import follow_order_link, order_viewer, portal_watch
from schema.identity import BadToken, bearer_context
from tests.factories import Shop
from tests.posting import key_of, token_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Browser:
    """A browser: what it was given as cookies it sends back."""

    def __init__(self, host: str = "fennel.test") -> None:
        self.host = host
        self.cookies: dict[str, str] = {}

    def request(self) -> HttpRequest:
        request = RequestFactory(headers={"host": self.host}).get("/order/x")
        request.COOKIES = dict(self.cookies)
        return request

    def follow(self, number: str, key: str) -> bool:
        """Follow an order's link."""
        response = HttpResponse()
        opened = follow_order_link(self.request(), response, number, key)
        self.cookies |= {name: cookie.value for name, cookie in response.cookies.items()}
        return opened

    def sees(self, number: str) -> bool:
        """Whether it may see the order of this number."""
        viewer = order_viewer(self.request(), number)
        return viewer is not None and viewer.kind is ViewerKind.GUEST


# Programs


def refused(authorization: str, shop: Shop) -> bool:
    try:
        bearer_context(authorization, shop.workspace.pk)
    except BadToken:
        return True
    return False


@pytest.mark.feature("AC-1")
def test_an_access_token_is_its_staff_member_until_it_expires(shop: Shop) -> None:
    bearer = f"Bearer {token_of(shop.member, expires_at=NOON)}"

    with clock.at(NOON - timedelta(seconds=1)):
        assert bearer_context(bearer, shop.workspace.pk).viewer == shop.staff
    for later in (NOON, NOON + timedelta(days=400)):
        with clock.at(later):
            assert refused(bearer, shop)


@pytest.mark.feature("AC-1")
def test_an_access_token_ends_when_it_is_revoked(shop: Shop) -> None:
    bearer = f"Bearer {token_of(shop.member)}"
    context = bearer_context(bearer, shop.workspace.pk)
    assert context.still_valid()

    AccessToken.objects.update(revoked_at=clock.now())

    assert refused(bearer, shop)
    assert not context.still_valid()


@pytest.mark.feature("AC-1")
@pytest.mark.parametrize("who", ["member", "user"])
def test_an_access_token_ends_when_its_person_leaves(shop: Shop, who: str) -> None:
    bearer = f"Bearer {token_of(shop.member)}"
    context = bearer_context(bearer, shop.workspace.pk)
    person: Any = getattr(shop, who)

    person.is_active = False
    person.save()

    assert refused(bearer, shop)
    assert not context.still_valid()


@pytest.mark.feature("AC-1")
def test_a_credential_of_another_workspace_opens_nothing(shop: Shop, other_shop: Shop) -> None:
    theirs = other_shop.order()

    assert refused(f"Bearer {token_of(other_shop.member)}", shop)
    assert refused(f"Bearer {key_of(theirs)}", shop)


@pytest.mark.feature("AC-1")
def test_the_hash_of_a_token_is_no_token(shop: Shop) -> None:
    token_of(shop.member)
    stored = AccessToken.objects.get().digest

    assert refused(f"Bearer {stored}", shop)
    assert refused(f"Bearer cft_{stored}", shop)


@pytest.mark.feature("AC-1")
@pytest.mark.feature("CN-8")
def test_an_order_key_is_a_guest_until_it_is_rotated(shop: Shop) -> None:
    order = shop.order()
    bearer = f"Bearer {key_of(order)}"
    context = bearer_context(bearer, shop.workspace.pk)
    assert context.viewer == shop.guest(order)
    assert context.still_valid()

    rotate_order_key(viewer=shop.staff, order=order)

    assert refused(bearer, shop)
    assert not context.still_valid()


def test_without_an_authorization_one_is_nobody(shop: Shop) -> None:
    context = bearer_context("", shop.workspace.pk)

    assert context.viewer == anonymous(shop.workspace.pk)
    assert context.still_valid()


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer ", "Bearer  ", "Basic x", "cft_x", " Bearer x", "Bearer cft_\ud800", "Bearer é", "Bearer \0"],
    ids=ascii,
)
def test_an_authorization_that_is_none_is_refused(shop: Shop, authorization: str) -> None:
    assert refused(authorization, shop)


# Browsers of guests


@pytest.mark.feature("AC-2")
@pytest.mark.feature("AC-8")
def test_following_a_link_shows_its_order_and_no_other_without_a_login(shop: Shop) -> None:
    order, _other = shop.order(number="INV-7"), shop.order(number="INV-8")
    browser = Browser()
    assert not browser.sees("INV-7")

    assert browser.follow("INV-7", key_of(order))

    assert browser.sees("INV-7")
    assert not browser.sees("INV-8")
    assert order_viewer(browser.request(), "INV-7") == shop.guest(order)


@pytest.mark.feature("AC-8")
def test_following_a_link_writes_no_row_and_spends_nothing(shop: Shop) -> None:
    order = shop.order(number="INV-7")
    before = rows()
    key = key_of(order)

    with CaptureQueriesContext(connection) as statements:
        opened = [Browser().follow("INV-7", key) for _ in range(5)]

    assert opened == [True] * 5
    assert all(statement["sql"].lstrip().upper().startswith("SELECT") for statement in statements)
    assert rows() == before


@pytest.mark.feature("AC-1")
def test_a_browser_keeps_no_key(shop: Shop) -> None:
    order = shop.order(number="INV-7")
    browser = Browser()
    browser.follow("INV-7", key_of(order))

    [cookie] = browser.cookies.values()
    assert key_of(order) not in cookie
    assert key_of(order)[11:] not in cookie
    assert signing.loads(cookie, salt="counterfoil.orders") == [[order.pk, 1]]


@pytest.mark.feature("AC-8")
def test_the_cookie_is_signed_and_out_of_reach_of_scripts_and_other_sites(shop: Shop, settings: Settings) -> None:
    order = shop.order(number="INV-7")
    for secure, name in ((False, "orders"), (True, "__Host-orders")):
        settings.SESSION_COOKIE_SECURE = secure
        response = HttpResponse()
        assert follow_order_link(Browser().request(), response, "INV-7", key_of(order))

        [cookie] = response.cookies.values()
        assert cookie.key == name
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
        assert bool(cookie["secure"]) is secure
        assert cookie["domain"] == ""


@pytest.mark.feature("CN-8")
def test_rotating_the_key_ends_what_the_browser_sees(shop: Shop) -> None:
    order, other = shop.order(number="INV-7"), shop.order(number="INV-8")
    browser = Browser()
    old = key_of(order)
    browser.follow("INV-7", old)
    browser.follow("INV-8", key_of(other))
    watch = portal_watch(browser.request(), [f"order_{order.pk}", f"order_{other.pk}"])
    assert watch is not None
    assert watch.still_allowed() == {f"order_{order.pk}", f"order_{other.pk}"}

    rotate_order_key(viewer=shop.staff, order=order)

    assert not browser.sees("INV-7")
    assert not browser.follow("INV-7", old)
    assert not browser.sees("INV-7")
    assert browser.sees("INV-8")
    assert watch.still_allowed() == {f"order_{other.pk}"}

    assert browser.follow("INV-7", key_of(order))
    assert browser.sees("INV-7")


@pytest.mark.feature("AC-1")
def test_a_link_that_opens_nothing_grants_nothing(shop: Shop, other_shop: Shop) -> None:
    order, theirs = shop.order(number="INV-7"), other_shop.order(number="INV-7")
    another = shop.order(number="INV-8")

    for number, key in (
        ("INV-7", ""),
        ("INV-7", "nonsense"),
        ("INV-7", "\ud800"),
        ("INV-7", "\0"),
        ("INV-7", "A" * 100_000),
        ("INV-7", order_keys.derive(order.pk, 2)),
        ("INV-7", key_of(another)),
        ("INV-8", key_of(order)),
        ("INV-7", key_of(theirs)),
        ("inv-7", key_of(order)),
        ("", key_of(order)),
        ("\0", key_of(order)),
    ):
        browser = Browser()
        assert not browser.follow(number, key), (number, key[:40])
        assert browser.cookies == {}
    assert not Browser("localhost").follow("INV-7", key_of(order))  # among two stores that host finds none


def test_a_grant_of_one_workspace_is_nothing_in_another(shop: Shop, other_shop: Shop) -> None:
    order = shop.order(number="INV-7")
    other_shop.order(number="INV-7")
    browser = Browser()
    browser.follow("INV-7", key_of(order))

    browser.host = "other.test"

    assert not browser.sees("INV-7")
    assert portal_watch(browser.request(), [f"order_{order.pk}"]) is None


@pytest.mark.parametrize("number", ["INV-8", "", "\0", "\ud800", "x" * 10_000], ids=lambda number: ascii(number[:9]))
def test_a_number_of_no_order_is_nobodys(shop: Shop, number: str) -> None:
    order = shop.order(number="INV-7")
    browser = Browser()
    browser.follow("INV-7", key_of(order))

    assert not browser.sees(number)


def forged(order: Order) -> Iterator[str]:
    """Cookies that nobody was given."""
    granted = [[order.pk, order.key_version]]
    yield ""
    yield "nonsense"
    yield "a:b:c"
    yield "\ud800:é:\0"
    yield signing.dumps(granted)
    yield signing.dumps(granted, salt="another")
    yield signing.dumps(granted, salt="counterfoil.orders", key="another server")
    yield signing.dumps(granted, salt="counterfoil.orders")[:-1]
    for strange in (5, "text", None, [5], [[1]], [[1, 2, 3]], [["a", "b"]], {"a": 1}, [None], [[None, None]]):
        yield signing.dumps(strange, salt="counterfoil.orders")


@pytest.mark.feature("AC-8")
def test_a_cookie_that_was_not_given_shows_nothing(shop: Shop) -> None:
    order = shop.order(number="INV-7")

    for cookie in forged(order):
        browser = Browser()
        browser.cookies = {"orders": cookie}
        assert not browser.sees("INV-7"), cookie
        assert portal_watch(browser.request(), [f"order_{order.pk}"]) is None
        assert browser.follow("INV-7", key_of(order))
        assert browser.sees("INV-7")


def test_a_browser_keeps_the_forty_orders_that_it_followed_last(shop: Shop) -> None:
    orders = [shop.order(number=f"A-{number}") for number in range(42)]
    browser = Browser()
    for order in orders[:41]:
        browser.follow(order.number, key_of(order))
    browser.follow("A-1", key_of(orders[1]))  # again: it counts as the newest
    browser.follow("A-41", key_of(orders[41]))

    assert [order.number for order in orders if not browser.sees(order.number)] == ["A-0", "A-2"]
    assert len(next(iter(browser.cookies.values()))) < 4000


@pytest.mark.parametrize("topics", [[], ["*"], ["order_"], ["order_x"], ["nonsense"], ["customer_1"], ["\0", "\ud800"]])
def test_a_guests_page_watches_nothing_but_granted_orders(shop: Shop, topics: list[str]) -> None:
    order = shop.order(number="INV-7")
    browser = Browser()
    browser.follow("INV-7", key_of(order))

    assert portal_watch(browser.request(), topics) is None
    watch = portal_watch(browser.request(), [*topics, f"order_{order.pk}"])
    assert watch is not None
    assert watch.topics == {f"order_{order.pk}"}


def rows() -> dict[str, int]:
    """How many rows each table has."""
    return {model.__name__: model._default_manager.count() for model in apps.get_models()}


@pytest.mark.parametrize(
    ("host", "found"),
    [("fennel.test", True), ("FENNEL.test", True), ("fennel.test:8443", True), ("nobody.test", False), ("", False)],
)
def test_a_store_is_found_by_its_host(shop: Shop, other_shop: Shop, host: str, found: bool) -> None:
    assert (identity.store_of(host) == shop.store) is found
