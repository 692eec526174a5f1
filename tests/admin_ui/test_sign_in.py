"""Signing in with a password: who gets in, how often one may try, and what is told (AC-10)."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from django.core import signing
from django.test import Client
from pytest_django import Settings

from counterfoil.access import clock
from counterfoil.access.models import Session, Tries, User
from tests.admin_ui.signing_in import Browser, CountingHasher
from tests.factories import PASSWORD, Shop
from tests.serving import serving
from tests.together import together

pytestmark = pytest.mark.feature("AC-10")


@pytest.fixture
def hasher(settings: Settings, shop: Shop) -> Iterator[type[CountingHasher]]:
    """Counts how many passwords are looked at from now on; the shop's admin has their password as ever."""
    settings.PASSWORD_HASHERS = ["tests.admin_ui.signing_in.CountingHasher"]
    shop.user.set_password(PASSWORD)
    shop.user.save()
    CountingHasher.looked_at = 0
    yield CountingHasher
    CountingHasher.looked_at = 0


def wrong(browser: Browser, email: str, tries: int = 1) -> list[int]:
    return [browser.sign_in(email, f"wrong {number}").status_code for number in range(tries)]


def test_a_staff_member_signs_in_and_is_where_they_wanted_to_be(shop: Shop) -> None:
    browser = Browser()
    assert browser.opens_nothing()

    answer = browser.sign_in(f"  {shop.user.email.upper()} ", next="/admin/customers?search=a")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/customers?search=a")
    assert browser.is_in()
    session = Session.objects.get()
    assert (session.user_id, session.address) == (shop.user.pk, "192.0.2.7")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/orders", "/admin/../x", "\\\\x", ""]
)
def test_one_is_led_to_the_admin_and_nowhere_else(shop: Shop, elsewhere: str) -> None:
    answer = Browser().sign_in(shop.user.email, next=elsewhere)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/admin/")
    assert "evil" not in answer.headers["Location"]


def test_nobody_learns_why_they_do_not_get_in(shop: Shop, other_shop: Shop) -> None:
    gone, left = (User.objects.get(memberships=shop.hire(name).staff_id) for name in ("Gone", "Left"))
    gone.is_active = False
    gone.save()
    left.memberships.update(is_active=False)

    pages = set()
    for email in (shop.user.email, "nobody@x.example", gone.email, left.email, other_shop.user.email, "", "é\0"):
        password = "wrong" if email == shop.user.email else PASSWORD
        browser = Browser(address=f"192.0.2.{len(email)}")
        answer = browser.sign_in(email, password)
        assert answer.status_code == 422
        assert PASSWORD not in answer.content.decode()
        assert not Session.objects.exists()
        assert browser.opens_nothing()
        pages.add(answer.content.decode().split('role="alert"')[1].split("</div>")[0])

    assert len(pages) == 1


def test_too_many_wrong_passwords_are_told_how_long_to_wait_and_keep_what_was_typed(
    shop: Shop, hasher: type[CountingHasher]
) -> None:
    pages = []
    for email, address in ((shop.user.email, "192.0.2.7"), ("nobody@x.example", "192.0.2.8")):
        browser = Browser(address)
        assert wrong(browser, email, 12) == [422] * 10 + [429] * 2
        answer = browser.sign_in(email, PASSWORD)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 900
        assert "try again in 15 minutes" in answer.content.decode()
        assert f'value="{email}"' in answer.content.decode()
        assert PASSWORD not in answer.content.decode()
        assert not browser.is_in()
        pages.append(answer.content.decode().split('role="alert"')[1].split("</div>")[0])

    assert len(set(pages)) == 1
    assert hasher.looked_at == 20
    with clock.at(clock.now() + timedelta(minutes=15)):
        assert Browser().sign_in(shop.user.email).status_code == 303


@pytest.mark.slow
def test_a_thousand_wrong_passwords_from_fifty_addresses_lock_nobody_out_who_knows_theirs(
    shop: Shop, hasher: type[CountingHasher]
) -> None:
    colleague = User.objects.get(memberships=shop.hire("Tom").staff_id)
    hasher.looked_at = 0
    answers = [wrong(Browser(f"203.0.113.{place}"), shop.user.email, 20) for place in range(50)]

    assert answers == 50 * [[422] * 10 + [429] * 10]
    assert hasher.looked_at == 500
    for person in (shop.user, colleague):
        assert Browser("198.51.100.4").sign_in(person.email).status_code == 303
        assert Browser("198.51.100.5").sign_in(person.email).status_code == 303
    assert Browser("203.0.113.7").sign_in(colleague.email).status_code == 303


@pytest.mark.django_db(transaction=True)
def test_no_more_passwords_are_looked_at_when_they_come_at_the_same_moment(
    shop: Shop, hasher: type[CountingHasher]
) -> None:
    answers = together(*8 * [partial(wrong, Browser(client=Client()), shop.user.email, 4)])

    codes = [code for answer in answers if isinstance(answer, list) for code in answer]
    assert sorted(codes) == [422] * 10 + [429] * 22
    assert hasher.looked_at == 10


def test_one_address_tries_no_more_than_a_hundred_over_all_accounts(shop: Shop, hasher: type[CountingHasher]) -> None:
    codes = [code for number in range(21) for code in wrong(Browser(), f"{number}@x.example", 5)]

    assert codes == [422] * 100 + [429] * 5
    assert hasher.looked_at == 100
    assert Browser().sign_in(shop.user.email).status_code == 429
    assert Browser("192.0.2.8").sign_in(shop.user.email).status_code == 303


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "no address", True),
    ],
)
def test_an_address_of_ipv6_stands_for_its_network(shop: Shop, first: str, second: str, same: bool) -> None:
    wrong(Browser(first), "ana@x.example", 10)

    assert wrong(Browser(second), "ana@x.example") == [429 if same else 422]


@pytest.mark.parametrize("email", ["ANA@x.example", " ana@x.example\n", "ana@X.EXAMPLE", "ana\0@x.example"])
def test_an_account_has_one_count_however_its_address_is_written(shop: Shop, email: str) -> None:
    wrong(Browser(), "ana@x.example", 10)

    assert wrong(Browser(), email) == [429]


def test_right_passwords_count_for_nothing(shop: Shop) -> None:
    assert {Browser().sign_in(shop.user.email).status_code for _ in range(15)} == {303}

    assert set(Tries.objects.values_list("count", flat=True)) == {0}


def test_a_browser_that_has_signed_in_before_gets_in_though_its_address_is_used_up(
    shop: Shop, hasher: type[CountingHasher]
) -> None:
    owner = Browser()
    owner.sign_in(shop.user.email)
    owner.post("/admin/sign-out")
    for number in range(11):
        wrong(Browser(), f"{number}@x.example", 10)
    wrong(Browser(), shop.user.email, 10)
    assert Browser().sign_in(shop.user.email).status_code == 429

    assert owner.sign_in(shop.user.email).status_code == 303

    # Its own tries are as many, and then it is as good as any other.
    owner.post("/admin/sign-out")
    assert wrong(owner, shop.user.email, 11) == [422] * 10 + [429]
    owner.address = "192.0.2.99"
    assert wrong(owner, shop.user.email, 11) == [422] * 10 + [429]


def test_a_browser_is_known_for_its_own_user_alone_and_until_the_password_changes(
    shop: Shop, hasher: type[CountingHasher]
) -> None:
    colleague = User.objects.get(memberships=shop.hire("Tom").staff_id)
    owner = Browser()
    owner.sign_in(shop.user.email)
    owner.post("/admin/sign-out")
    for person in (shop.user, colleague):
        wrong(Browser(), person.email, 10)

    assert owner.sign_in(colleague.email).status_code == 429
    shop.user.set_password("another-battery-staple")
    shop.user.save()
    assert owner.sign_in(shop.user.email, "another-battery-staple").status_code == 429
    with clock.at(clock.now() + timedelta(minutes=15)):
        assert owner.sign_in(shop.user.email, "another-battery-staple").status_code == 303


def test_a_cookie_that_was_not_given_is_as_none(shop: Shop) -> None:
    wrong(Browser(), shop.user.email, 10)
    good = Browser("192.0.2.8")
    good.sign_in(shop.user.email)
    given = good.client.cookies["browser"].value
    strange = [
        "",
        "nonsense",
        given[:-1],
        given + "x",
        "\u00e9:\0",
        signing.dumps([shop.user.pk, "x", "y"]),
        *(
            signing.dumps(value, salt="counterfoil.known-browser")
            for value in (5, None, [], [1], [shop.user.pk, "x", "y"], [None, None, None], ["a", 1, 2], {"a": 1})
        ),
    ]

    for cookie in strange:
        browser = Browser()
        browser.client.cookies["browser"] = cookie
        assert browser.sign_in(shop.user.email).status_code == 429, cookie
    browser = Browser()
    browser.client.cookies["browser"] = given
    assert browser.sign_in(shop.user.email).status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(shop: Shop, settings: Settings) -> None:
    for secure, name in ((False, "browser"), (True, "__Host-browser")):
        settings.SESSION_COOKIE_SECURE = secure
        cookie = Browser().sign_in(shop.user.email).cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
        assert bool(cookie["secure"]) is secure
        assert shop.user.email not in cookie.value


def test_a_session_that_somebody_planted_is_not_the_one_that_opens(shop: Shop) -> None:
    attacker = Browser()
    attacker.sign_in(shop.user.email)
    attacker.post("/admin/sign-out")
    planted = "a" * 32
    victim = Browser()
    victim.client.cookies["session"] = planted

    victim.sign_in(shop.user.email)

    assert victim.client.cookies["session"].value != planted
    attacker.client.cookies["session"] = planted
    assert attacker.opens_nothing()


def test_pages_are_never_stored_so_the_way_back_after_signing_out_shows_nothing(shop: Shop) -> None:
    browser = Browser()
    browser.sign_in(shop.user.email)
    for page in ("/admin/orders", "/admin/account", "/admin/account/second-factor"):
        assert browser.get(page).headers["Cache-Control"] == "no-store", page

    browser.post("/admin/sign-out")

    assert browser.opens_nothing()
    assert not Session.objects.exists()


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_served_page_knows_the_address_also_behind_a_proxy_on_the_same_machine(shop: Shop) -> None:
    with serving() as served, served.client() as visitor:
        for given, found in (({}, "127.0.0.1"), ({"X-Forwarded-For": "2001:db8::7"}, "2001:db8::7")):
            page = visitor.get("/admin/sign-in", headers=given).text
            [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
            form = {"email": shop.user.email, "password": PASSWORD, "csrfmiddlewaretoken": token}
            assert visitor.post("/admin/sign-in", data=form, headers=given).status_code == 303
            assert Session.objects.latest("began_at").address == found
            visitor.cookies.clear()
