"""A new password by mail: what is asked, what is answered, and what the link in the mail does (AC-8, AC-10)."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.access.models import Session, User
from counterfoil.events.models import Event
from counterfoil.mail import tasks
from counterfoil.mail.models import Mail
from tests.admin_ui.pages import Html
from tests.factories import PASSWORD, Shop
from tests.mail.backends import outbox

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow_on_postgresql,
    pytest.mark.feature("AC-10"),
]

NEW = "another-battery-staple"


def browser(host: str = "fennel.test") -> Client:
    return Client(headers={"Host": host})


def mailed_link(shop: Shop) -> str:
    """The path of the link that is mailed to the shop's admin who asks."""
    assert browser().post("/admin/sign-in/forgotten", {"email": shop.user.email}).status_code == 303
    tasks.sweep()
    found = re.search(r"http://fennel\.test(/admin/reset/\S+)", str(outbox()[-1].body))
    assert found is not None
    return found[1]


def followed(link: str) -> Client:
    client = browser()
    answer = client.get(link)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/reset")
    return client


def works(password: str, shop: Shop) -> bool:
    return User.objects.get(pk=shop.user.pk).check_password(password)


def test_a_known_and_an_unknown_address_are_answered_alike_and_one_gets_a_mail(shop: Shop, other_shop: Shop) -> None:
    answers = []
    for email in (shop.user.email, "nobody@fennel.test", other_shop.user.email, "no address"):
        client = browser()
        answer = client.post("/admin/sign-in/forgotten", {"email": email})
        page = client.get(answer.headers["Location"])
        answers.append((answer.status_code, dict(answer.headers), answer.content, page.status_code, Html(page).text))
    tasks.sweep()

    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0] == 303
    assert [sent.to for sent in outbox()] == [[shop.user.email]]


def test_the_same_statements_run_for_a_known_and_an_unknown_address(shop: Shop) -> None:
    browser().post("/admin/sign-in/forgotten", {"email": "warm@fennel.test"})
    counts = []
    for email in (shop.user.email, "nobody@fennel.test"):
        with CaptureQueriesContext(connection) as captured:
            browser().post("/admin/sign-in/forgotten", {"email": email})
        counts.append(len(captured))

    assert counts[0] == counts[1] > 5


def test_who_asks_too_often_is_told_so_whatever_they_ask_for(shop: Shop) -> None:
    for number in range(10):
        assert browser().post("/admin/sign-in/forgotten", {"email": f"{number}@x.test"}).status_code == 303

    for email in (shop.user.email, "nobody@fennel.test"):
        answer = browser().post("/admin/sign-in/forgotten", {"email": email})
        assert answer.status_code == 429
        assert "Wait an hour" in Html(answer).text
    assert not Mail.objects.filter(user=shop.user).exists()


def test_an_empty_form_says_what_to_write(shop: Shop) -> None:
    answer = browser().post("/admin/sign-in/forgotten", {"email": " "})

    assert answer.status_code == 422
    assert "Write your e-mail address here." in Html(answer).text
    assert not Event.objects.exists()


def test_the_link_leads_to_a_form_without_its_secret_and_the_form_sets_the_password(shop: Shop) -> None:
    old = browser()
    old.force_login(shop.user)
    link = mailed_link(shop)
    client = followed(link)
    cookie = client.cookies["reset"]
    page = client.get("/admin/reset")

    answer = client.post("/admin/reset", {"password": NEW})

    assert page.status_code == 200
    assert link.rpartition("/")[2] not in page.content.decode()
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 3600)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/sign-in?done=reset")
    assert works(NEW, shop)
    assert old.get("/admin/account").status_code == 302
    assert not Session.objects.filter(user=shop.user).exists()
    assert "Your new password is set" in Html(client.get("/admin/sign-in?done=reset")).text


@pytest.mark.feature("AC-8")
def test_whoever_looks_at_the_link_before_changes_nothing(shop: Shop) -> None:
    link = mailed_link(shop)
    before = list(User.objects.values()), Event.objects.count(), Session.objects.count()
    for _ in range(3):
        for method in ("get", "head"):
            scanner = browser()
            assert getattr(scanner, method)(link).status_code == 303
            assert getattr(scanner, method)("/admin/reset").status_code == 200

    assert (list(User.objects.values()), Event.objects.count(), Session.objects.count()) == before
    assert followed(link).post("/admin/reset", {"password": NEW}).status_code == 303


def test_a_used_a_forged_and_a_foreign_link_say_what_to_do(shop: Shop, other_shop: Shop) -> None:
    link = mailed_link(shop)
    late = followed(link)
    assert followed(link).post("/admin/reset", {"password": NEW}).status_code == 303
    forged = browser()
    forged.cookies["reset"] = link.rpartition("/")[2]
    answers = [
        browser().get(link),
        browser().get(f"{link}x"),
        browser().get("/admin/reset/nonsense"),
        browser().get("/admin/reset/%ED%A0%80"),
        browser("other.test").get(link),
        browser().get("/admin/reset"),
        browser().post("/admin/reset", {"password": "yet-another-battery"}),
        late.get("/admin/reset"),
        late.post("/admin/reset", {"password": "yet-another-battery"}),
        forged.get("/admin/reset"),
    ]

    for answer in answers:
        assert answer.status_code == 404
        assert "Ask for a new one" in Html(answer).text
    assert works(NEW, shop)


def test_a_weak_password_is_refused_at_its_field_and_the_link_is_still_good(shop: Shop) -> None:
    client = followed(mailed_link(shop))

    answer = client.post("/admin/reset", {"password": "password12"})

    assert answer.status_code == 422
    assert "too common" in Html(answer).text
    assert "password12" not in answer.content.decode()
    assert works(PASSWORD, shop)
    assert client.post("/admin/reset", {"password": NEW}).status_code == 303


def test_at_a_host_of_no_store_there_is_no_page(shop: Shop, other_shop: Shop) -> None:
    for address in ("/admin/sign-in/forgotten", "/admin/reset", "/admin/reset/x", "/admin/invitation"):
        assert browser("localhost").get(address).status_code == 404
