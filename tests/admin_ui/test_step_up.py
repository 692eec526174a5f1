"""What is dangerous asks once more who is there, and then does what was posted (AC-10)."""

from datetime import timedelta

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice

from counterfoil.access import clock
from counterfoil.access.models import Tries, User
from counterfoil.access.second_factor import has_second_factor
from tests.admin_ui.signing_in import code_of, secured, signed_in, text
from tests.factories import PASSWORD, Shop

pytestmark = [pytest.mark.feature("AC-10"), pytest.mark.slow_on_postgresql]
PAGE = "/admin/account/second-factor"
LATER = timedelta(minutes=11)


def test_what_is_dangerous_asks_for_password_and_code_and_then_does_what_was_posted(shop: Shop) -> None:
    secured(shop.user)
    browser = signed_in(shop)
    with clock.at(clock.now() + LATER):
        given = {"reason": "A new <phone>", "proof": ["a", "b"], "new_password": "do-not-carry-me"}
        asked = browser.post(f"{PAGE}/off?x=1", given)
        page = text(asked)
        assert asked.status_code == 422
        assert f'action="{PAGE}/off?x=1"' in page
        assert 'name="reason" value="A new &lt;phone&gt;"' in page
        assert page.count('name="proof" value=') == 2
        assert "do-not-carry-me" not in page
        assert has_second_factor(shop.user.pk)

        for password, code in (("wrong", code_of(shop.user)), (PASSWORD, "123"), (PASSWORD, ""), ("", "")):
            refused = browser.post(f"{PAGE}/off", given | {"proof_password": password, "proof_code": code})
            assert refused.status_code == 422
            assert 'name="reason" value="A new &lt;phone&gt;"' in text(refused)
            assert not (password and password in text(refused))
            assert has_second_factor(shop.user.pk)

        proof = {"proof_password": PASSWORD, "proof_code": code_of(shop.user, 30)}
        assert browser.post(f"{PAGE}/off", given | proof).status_code == 303
        assert not has_second_factor(shop.user.pk)


def test_a_proof_is_good_for_ten_minutes_and_asked_of_no_page(shop: Shop) -> None:
    secured(shop.user)
    browser = signed_in(shop)
    with clock.at(clock.now() + LATER):
        assert browser.get(PAGE).status_code == 200
        assert browser.get(f"{PAGE}/codes").status_code == 405
        proof = {"proof_password": PASSWORD, "proof_code": code_of(shop.user)}
        assert "Is it you?" in text(browser.post(f"{PAGE}/codes"))
        assert "Is it you?" not in text(browser.post(f"{PAGE}/codes", proof))
        assert "Is it you?" not in text(browser.post(f"{PAGE}/codes"))
    with clock.at(clock.now() + 2 * LATER):
        assert "Is it you?" in text(browser.post(f"{PAGE}/codes"))


def test_with_htmx_the_question_takes_the_place_of_the_page(shop: Shop) -> None:
    browser = signed_in(shop)
    with clock.at(clock.now() + LATER):
        answer = browser.post(f"{PAGE}/begin", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Retarget"]) == (422, "body")
    assert not TOTPDevice.objects.exists()


def test_a_proof_is_guessed_no_more_often_than_a_password(shop: Shop) -> None:
    secured(shop.user)
    browser = signed_in(shop)
    with clock.at(clock.now() + LATER):
        wrong = {"proof_password": "wrong", "proof_code": "x"}
        codes = [browser.post(f"{PAGE}/off", wrong).status_code for _ in range(21)]
        right = {"proof_password": PASSWORD, "proof_code": code_of(shop.user)}
        refused = browser.post(f"{PAGE}/off", right)

    assert codes == [422] * 20 + [429]
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")
    assert has_second_factor(shop.user.pk)


def test_the_password_of_somebody_else_is_no_proof(shop: Shop) -> None:
    browser = signed_in(shop)
    tom = User.objects.get(memberships=shop.hire("Tom").staff_id)
    tom.set_password("tom-has-another-one")
    tom.save()
    with clock.at(clock.now() + LATER):
        assert browser.post(f"{PAGE}/begin", {"proof_password": "tom-has-another-one"}).status_code == 422
        assert browser.post(f"{PAGE}/begin", {"proof_password": PASSWORD}).status_code == 303

    assert set(Tries.objects.values_list("count", flat=True)) <= {0, 1}
