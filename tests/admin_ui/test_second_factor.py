"""The pages of the second factor, signing in with it, and a workspace that requires it (AC-10)."""

import re
from datetime import timedelta

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice

from counterfoil.access import clock
from counterfoil.access.models import RecoveryCode, Session, User
from counterfoil.access.second_factor import has_second_factor
from schema import client as schema_client
from tests.admin_ui.signing_in import Browser, code_of, secured, signed_in, text
from tests.factories import Shop

pytestmark = [pytest.mark.feature("AC-10"), pytest.mark.slow_on_postgresql]
PAGE = "/admin/account/second-factor"


def require_it(shop: Shop) -> None:
    shop.workspace.second_factor_required = True
    shop.workspace.save()


# Signing in


def test_with_a_second_factor_a_password_alone_opens_nothing(shop: Shop) -> None:
    secured(shop.user)
    browser = Browser()

    answer = browser.sign_in(shop.user.email, next="/admin/customers?search=a")

    assert answer.headers["Location"] == "/admin/sign-in/code?next=%2Fadmin%2Fcustomers%3Fsearch%3Da"
    assert browser.opens_nothing()
    assert browser.get(PAGE).status_code == 302
    assert browser.post(f"{PAGE}/begin").status_code == 303
    assert Session.objects.get().user_id is None
    assert "browser" not in browser.client.cookies
    assert "/admin/customers?search=a" in text(browser.get(answer.headers["Location"]))

    half = browser.client.cookies["session"].value
    answer = browser.send_code(code_of(shop.user), next="/admin/customers?search=a")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/customers?search=a")
    assert browser.is_in()
    assert browser.client.cookies["session"].value != half
    assert Session.objects.get().user_id == shop.user.pk


def test_who_signs_in_again_is_nobody_until_the_code(shop: Shop) -> None:
    secured(shop.user)
    browser = signed_in(shop)
    assert browser.is_in()

    browser.sign_in(shop.user.email)

    assert browser.opens_nothing()


def test_a_half_signed_in_session_that_was_planted_opens_nothing_for_who_planted_it(shop: Shop) -> None:
    secured(shop.user)
    tom = User.objects.get(memberships=shop.hire("Tom").staff_id)
    secured(tom)
    attacker, victim = Browser("192.0.2.66"), Browser()
    attacker.sign_in(tom.email)
    planted = attacker.client.cookies["session"].value
    victim.client.cookies["session"] = planted

    victim.sign_in(shop.user.email)
    assert attacker.send_code(code_of(shop.user, 30)).status_code in (302, 303, 422)
    assert attacker.opens_nothing()
    victim.send_code(code_of(shop.user))

    assert victim.is_in()
    attacker.client.cookies["session"] = planted
    assert attacker.opens_nothing()


def test_a_wrong_code_is_refused_and_a_used_one_too(shop: Shop) -> None:
    secured(shop.user)
    code = code_of(shop.user)
    browser = Browser()
    browser.sign_in(shop.user.email)

    answer = browser.send_code("000 00x", next="/admin/products")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in text(answer)
    assert 'value="/admin/products"' in text(answer)
    assert browser.opens_nothing()
    assert browser.send_code(code).status_code == 303

    again = Browser()
    again.sign_in(shop.user.email)
    assert again.send_code(code).status_code == 422
    assert again.opens_nothing()


def test_codes_may_be_tried_five_times_and_no_more_is_told_then(shop: Shop) -> None:
    secured(shop.user)
    attacker = Browser()
    attacker.sign_in(shop.user.email)

    codes = [attacker.send_code("no").status_code for _ in range(5)]
    refused = attacker.send_code(code_of(shop.user))

    assert codes == [422] * 5
    assert (refused.status_code, attacker.is_in()) == (429, False)
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    attacker.sign_in(shop.user.email)
    assert attacker.send_code(code_of(shop.user)).status_code == 429
    owner = Browser("192.0.2.8")
    owner.sign_in(shop.user.email)
    assert owner.send_code(code_of(shop.user)).status_code == 303


def test_from_unknown_browsers_a_hundred_codes_a_day_are_looked_at_and_the_owner_still_gets_in(shop: Shop) -> None:
    secured(shop.user)
    owner = signed_in(shop)
    owner.post("/admin/sign-out")
    used = TOTPDevice.objects.get().last_t
    codes = []
    for place in range(21):
        attacker = Browser(f"203.0.113.{place}")
        attacker.sign_in(shop.user.email)
        codes += [attacker.send_code("no").status_code for _ in range(5)]

    assert codes == [422] * 100 + [429] * 5
    with clock.at(clock.now() + timedelta(hours=2)):
        attacker = Browser("203.0.113.99")
        attacker.sign_in(shop.user.email)
        refused = attacker.send_code(code_of(shop.user))
        assert refused.status_code == 429
        assert "try again in 22 hours" in text(refused)
        assert TOTPDevice.objects.get().last_t == used
        owner.sign_in(shop.user.email)
        assert owner.send_code(code_of(shop.user)).status_code == 303


def test_ten_minutes_after_the_password_no_code_helps(shop: Shop) -> None:
    secured(shop.user)
    browser = Browser()
    browser.sign_in(shop.user.email)

    with clock.at(clock.now() + timedelta(minutes=10, seconds=1)):
        answer = browser.send_code(code_of(shop.user))
        assert answer.status_code == 422
        assert "Sign in again" in text(answer)
        assert browser.get("/admin/sign-in/code").headers["Location"].startswith("/admin/sign-in?")
        assert browser.opens_nothing()


@pytest.mark.parametrize("change", ["password", "inactive", "left"])
def test_who_changes_meanwhile_needs_their_password_again(shop: Shop, change: str) -> None:
    secured(shop.user)
    browser = Browser()
    browser.sign_in(shop.user.email)
    match change:
        case "password":
            shop.user.set_password("another-battery-staple")
        case "inactive":
            shop.user.is_active = False
        case _:
            shop.member.is_active = False
    shop.user.save()
    shop.member.save()

    assert browser.send_code(code_of(shop.user)).status_code == 422
    assert browser.opens_nothing()


def test_without_a_password_there_is_no_page_for_a_code(shop: Shop) -> None:
    secured(shop.user)
    browser = Browser()

    assert browser.get("/admin/sign-in/code").headers["Location"].startswith("/admin/sign-in?")
    assert browser.send_code(code_of(shop.user)).status_code == 422
    assert browser.opens_nothing()


def test_a_recovery_code_opens_once_and_says_how_many_are_left(shop: Shop) -> None:
    codes = secured(shop.user)
    browser = Browser()
    browser.sign_in(shop.user.email)

    answer = browser.send_code(codes[0], next="/admin/products")

    page = text(browser.get(answer.headers["Location"]))
    assert "9 left" in page
    assert 'href="/admin/products"' in page
    again = Browser()
    again.sign_in(shop.user.email)
    assert again.send_code(codes[0]).status_code == 422
    assert again.opens_nothing()


# Setting it up


def test_it_is_set_up_with_a_secret_that_a_wrong_code_leaves_alone(shop: Shop) -> None:
    browser = signed_in(shop)
    assert "Begin" in text(browser.get(PAGE))
    assert not TOTPDevice.objects.exists()

    browser.post(f"{PAGE}/begin")
    page = browser.get(PAGE)
    [secret] = re.findall(r'id="secret"[^>]*>([A-Z2-7 ]+)<', text(page))
    assert [len(part) for part in secret.split()] == [4] * 8
    assert "QR code" in text(page)
    assert " style=" not in text(page)
    assert page.headers["Cache-Control"] == "no-store"

    wrong = browser.post(f"{PAGE}/confirm", {"code": "123"})
    assert wrong.status_code == 422
    assert secret in text(wrong)
    assert not has_second_factor(shop.user.pk)

    done = browser.post(f"{PAGE}/confirm", {"code": code_of(shop.user)})
    codes = re.findall(r"^[a-z2-9]{5}-[a-z2-9]{5}(?=$|<)", text(done), re.MULTILINE)
    assert (done.status_code, len(codes)) == (200, 10)
    assert has_second_factor(shop.user.pk)
    assert browser.is_in()
    assert not any(code in text(browser.get(PAGE)) for code in codes)
    assert secret not in text(browser.get(PAGE))


def test_a_set_up_belongs_to_the_browser_that_began_it(shop: Shop) -> None:
    first, second = signed_in(shop), signed_in(shop)
    first.post(f"{PAGE}/begin")

    assert "QR code" not in text(second.get(PAGE))
    assert second.post(f"{PAGE}/confirm", {"code": code_of(shop.user)}).status_code == 422
    second.post(f"{PAGE}/begin")
    assert "QR code" not in text(first.get(PAGE))
    second.post(f"{PAGE}/cancel")
    assert "QR code" not in text(second.get(PAGE))
    assert not TOTPDevice.objects.exists()


def test_once_it_is_on_every_other_browser_has_to_sign_in_with_it(shop: Shop) -> None:
    here, there = signed_in(shop), signed_in(shop)
    here.post(f"{PAGE}/begin")
    assert there.is_in()

    here.post(f"{PAGE}/confirm", {"code": code_of(shop.user)})

    assert here.is_in()
    assert there.opens_nothing()
    assert there.post(f"{PAGE}/off").headers["Location"] == "/admin/sign-in"
    assert has_second_factor(shop.user.pk)


def test_new_recovery_codes_end_the_old_and_turning_it_off_ends_all(shop: Shop) -> None:
    old = secured(shop.user)
    browser = signed_in(shop)

    fresh = text(browser.post(f"{PAGE}/codes"))

    assert not any(code in fresh for code in old)
    assert RecoveryCode.objects.count() == 10
    assert browser.post(f"{PAGE}/off").headers["Location"] == "/admin/account"
    assert not has_second_factor(shop.user.pk)
    assert browser.is_in()
    assert Browser().sign_in(shop.user.email).headers["Location"] == "/admin/"


# A workspace that requires it


def test_where_it_is_required_nothing_opens_before_it_is_set_up(shop: Shop) -> None:
    before = signed_in(shop)
    require_it(shop)
    browser = Browser()
    browser.sign_in(shop.user.email)

    for who in (before, browser):
        assert who.opens_nothing()
        assert who.get("/admin/sign-in").headers["Location"] == PAGE
    page = text(browser.get(PAGE))
    assert "requires a second factor of everybody" in page
    assert "/admin/customers" not in page
    assert "/admin/team" not in page

    browser.post(f"{PAGE}/begin")
    assert browser.opens_nothing()
    browser.post(f"{PAGE}/confirm", {"code": code_of(shop.user)})

    assert browser.is_in()
    assert "/admin/team" in text(browser.get(PAGE))
    assert before.opens_nothing()
    assert before.get(PAGE).headers["Location"].startswith("/admin/sign-in?")


def test_where_it_is_required_a_second_factor_of_former_times_is_none(shop: Shop) -> None:
    browser = signed_in(shop)
    for former in (1, True, "1", 7):
        session = browser.client.session
        session["second_factor"] = former
        session.save()
        require_it(shop)
        assert browser.opens_nothing(), former

    secured(shop.user)
    assert browser.opens_nothing()


def test_where_it_is_required_it_is_not_turned_off(shop: Shop) -> None:
    secured(shop.user)
    require_it(shop)
    browser = signed_in(shop)

    answer = browser.post(f"{PAGE}/off")

    assert answer.status_code == 422
    assert "requires a second factor" in text(answer)
    assert browser.is_in()


def test_a_live_page_ends_with_the_second_factor_that_it_was_opened_with(shop: Shop) -> None:
    secured(shop.user)
    browser = signed_in(shop)
    request = browser.get("/admin/orders").wsgi_request  # type: ignore[attr-defined]
    watch = schema_client.staff_watch(request, ["orders"])
    assert watch is not None
    assert watch.still_allowed() == {"orders"}

    TOTPDevice.objects.all().delete()
    secured(shop.user)

    assert watch.still_allowed() == frozenset()


def test_another_workspace_that_requires_it_changes_nothing_here(shop: Shop, other_shop: Shop) -> None:
    require_it(other_shop)

    assert signed_in(shop).is_in()
    assert signed_in(shop).get(PAGE).status_code == 200
