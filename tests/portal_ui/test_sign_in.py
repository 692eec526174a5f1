"""Signing in to the portal by a code, and out of it (AC-3, AC-8)."""

from datetime import timedelta
from itertools import product
from time import process_time

import pytest
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django import Settings

from counterfoil.access import clock
from counterfoil.customers.codes import digits_of
from counterfoil.customers.models import AccountSession, Contact, Customer, OneTimeCode
from counterfoil.mail.models import Mail, MailKind
from counterfoil.mail.rendering import rendered
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
    hidden,
    link_of,
    newest_code,
    signed_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.feature("AC-3")]

ANA = "ana@harbour.example"


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order(number="INV-7")


def ask(there: Client, email: str = ANA, then: str = "") -> None:
    """Ask for a code, as the form does."""
    answer = there.post(SIGN_IN, {"email": email, "next": then})
    assert (answer.status_code, answer.headers["Location"]) == (303, CODE)


def sees_orders(there: Client) -> bool:
    return there.get(ORDERS).status_code == 200


def test_the_address_of_an_order_and_the_code_sent_to_it_sign_in(order: Order) -> None:
    there = browser()
    page = there.get(SIGN_IN)
    assert page.status_code == 200

    ask(there)
    answer = there.post(CODE, {"code": newest_code(), "asked": hidden(there.get(CODE), "asked")})

    assert (answer.status_code, answer.headers["Location"]) == (303, ORDERS)
    assert sees_orders(there)
    order.contact.refresh_from_db()
    assert order.contact.has_account


@pytest.mark.feature("AC-2")
@pytest.mark.parametrize(
    ("then", "goes_on_to"),
    [
        ("/order/INV-7", "/order/INV-7"),
        ("", ORDERS),
        ("https://evil.example/", ORDERS),
        ("//evil.example/", ORDERS),
        ("/\\evil.example/", ORDERS),
        ("javascript:alert(1)", ORDERS),
        ("/" + "x" * 600, ORDERS),
        ("/order/\0", ORDERS),
    ],
)
def test_after_signing_in_one_is_back_where_one_came_from_on_this_site_alone(
    order: Order, then: str, goes_on_to: str
) -> None:
    there = browser()
    ask(there, then=then)

    assert there.post(CODE, {"code": newest_code()}).headers["Location"] == goes_on_to


def test_a_known_and_an_unknown_address_get_the_same_pages(order: Order) -> None:
    told = []
    for email in (ANA, "nobody@harbour.example"):
        there = browser()
        ask(there, email)
        page = there.get(CODE)
        again = there.post(CODE, {"code": "000000" if newest_code() != "000000" else "000001"})
        texts = [answer.content.decode().replace(email, "…") for answer in (page, again)]
        for name, answer in product(("asked", "csrfmiddlewaretoken"), (page, again)):
            texts = [text.replace(hidden(answer, name), "…") for text in texts]
        told.append((page.status_code, again.status_code, sorted(there.cookies), texts))

    assert told[0] == told[1]
    assert told[0][1] == 422


def test_what_is_no_address_is_told_and_stays_in_the_form(order: Order) -> None:
    page = browser().post(SIGN_IN, {"email": 'ana"><b>@x', "next": "/order/INV-7"})

    assert page.status_code == 422
    assert "is no mail address" in page.content.decode()
    assert 'value="ana&quot;&gt;&lt;b&gt;@x"' in page.content.decode()
    assert hidden(page, "next") == "/order/INV-7"


def test_what_is_far_too_long_for_an_address_is_refused_at_once(order: Order) -> None:
    began = process_time()
    answer = browser().post(SIGN_IN, {"email": "\u0315\u0300" * 60_000})

    assert answer.status_code == 422
    assert process_time() - began < 3  # putting that many accents into their order would take ten


def test_a_wrong_code_stays_in_the_form_with_what_to_do(order: Order) -> None:
    there = browser()
    ask(there)
    page = there.post(CODE, {"code": "12 34"})

    assert page.status_code == 422
    assert "Type the six digits" in page.content.decode()
    assert 'value="12 34"' in page.content.decode()


def test_without_a_code_asked_for_there_is_nothing_to_type(order: Order) -> None:
    for answer in (browser().get(CODE), browser().post(CODE, {"code": "123456", "asked": "x"})):
        assert (answer.status_code, answer.headers["Location"]) == (303, SIGN_IN)


def test_each_of_two_tabs_signs_in_by_the_code_of_its_own_address(shop: Shop, order: Order) -> None:
    ben = shop.order(email="ben@harbour.example").contact
    there = browser()
    ask(there)
    anas_code, anas_form = newest_code(), hidden(there.get(CODE), "asked")
    ask(there, "ben@harbour.example")

    assert there.post(CODE, {"code": anas_code, "asked": anas_form}).status_code == 303
    assert AccountSession.objects.get().contact == order.contact
    assert ben.sessions.count() == 0


def test_pressing_the_button_twice_asks_as_one_browser(order: Order) -> None:
    there, twice = browser(), browser()
    there.get(SIGN_IN)
    twice.cookies.load({name: morsel.value for name, morsel in there.cookies.items()})
    ask(there)
    ask(twice)  # sent before the answer to the first was there

    assert twice.post(CODE, {"code": newest_code()}).status_code == 303
    assert OneTimeCode.objects.values_list("tries", "tries_elsewhere").get() == (1, 0)


def test_the_form_of_one_browser_serves_no_other_any_better(order: Order) -> None:
    there, elsewhere = browser(), browser()
    ask(there)
    for _ in range(9):
        elsewhere.post(CODE, {"code": "999999" if newest_code() != "999999" else "999998"})
    ask(elsewhere, "nobody@harbour.example")

    assert OneTimeCode.objects.first().tries == 0
    assert there.post(CODE, {"code": newest_code_of(order.contact)}).status_code == 303


def newest_code_of(contact: Contact) -> str:
    return digits_of(OneTimeCode.objects.filter(contact=contact).latest("pk"))


def test_the_mail_holds_the_code_and_no_link(transactional_db: None, shop: Shop) -> None:
    shop.order()
    ask(browser())

    mail = rendered(Mail.objects.get(kind=MailKind.CODE))
    code = newest_code()
    [html] = [str(content) for content, _ in mail.alternatives]
    assert mail.to == [ANA]
    for body in (mail.body, html):
        assert f"{code[:3]} {code[3:]}" in body
        assert "http" not in body.replace("http-equiv", "")
        assert "href" not in body
    assert code not in mail.subject


def test_too_many_codes_from_one_network_are_refused_alike(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterfoil.customers.codes.ASKED_OF_NETWORK", 1)
    ask(browser())

    for email in (ANA, "nobody@harbour.example"):
        page = browser().post(SIGN_IN, {"email": email})
        assert page.status_code == 429
        assert "Wait 60 minutes" in page.content.decode()
        assert f'value="{email}"' in page.content.decode()


@pytest.mark.feature("AC-9")
def test_an_account_that_is_not_active_is_told_so_to_who_proved_the_mailbox_alone(order: Order) -> None:
    Customer.objects.update(is_active=False)
    there = browser()
    ask(there)
    wrong = "000000" if newest_code() != "000000" else "000001"
    assert "active" not in there.post(CODE, {"code": wrong}).content.decode()

    page = there.post(CODE, {"code": newest_code()})

    assert page.status_code == 403
    assert "not currently active" in page.content.decode()
    assert not AccountSession.objects.exists()


@pytest.mark.feature("AC-9")
def test_an_account_that_is_closed_lets_nobody_on_who_was_in(order: Order) -> None:
    there = signed_in(order.contact)
    assert sees_orders(there)

    Customer.objects.update(is_active=False)

    assert not sees_orders(there)


@pytest.mark.feature("AC-1")
def test_who_signs_out_leaves_nothing_open_for_who_comes_next(order: Order) -> None:
    there = signed_in(order.contact)
    there.get(order.guest_url.removeprefix("http://fennel.test"))
    there.get(link_of(order.customer))
    there.post(WELCOME, {"answer": "yes"})
    there.post(SIGN_OUT)

    assert [there.get(address).status_code for address in ("/order/INV-7", PAST, WELCOME)] == [404, 303, 404]


# Staying signed in.


@pytest.mark.feature("AC-1")
def test_one_stays_signed_in_for_thirty_days_after_the_last_visit(order: Order) -> None:
    now = clock.now()
    there, left = signed_in(order.contact), signed_in(order.contact)
    for day in (20, 40, 60):
        with clock.at(now + timedelta(days=day)):
            assert sees_orders(there)
    with clock.at(now + timedelta(days=60)):
        assert not sees_orders(left)
    with clock.at(now + timedelta(days=91)):
        assert not sees_orders(there)


@pytest.mark.feature("AC-8")
def test_staying_signed_in_writes_no_row(order: Order) -> None:
    there, before = signed_in(order.contact), list(AccountSession.objects.values())
    with clock.at(clock.now() + timedelta(days=20)):
        assert sees_orders(there)

    assert list(AccountSession.objects.values()) == before


@pytest.mark.feature("AC-1")
def test_what_a_shared_cache_may_keep_signs_nobody_in(order: Order) -> None:
    there, image = signed_in(order.contact), f"products/{'0' * 32}.webp"
    default_storage.save(image, ContentFile(b"RIFF"))
    with clock.at(clock.now() + timedelta(days=20)):
        answers = [there.get(f"/media/{image}"), there.get(ORDERS)]
    default_storage.delete(image)

    assert [answer.headers["Cache-Control"].split(",")[0] for answer in answers] == ["public", "no-store"]
    assert ["account" in answer.cookies for answer in answers] == [False, True]


@pytest.mark.feature("AC-1")
def test_how_long_is_a_setting(order: Order, settings: Settings) -> None:
    settings.ACCOUNT_DAYS = 1
    there = signed_in(order.contact)
    with clock.at(clock.now() + timedelta(days=1, seconds=1)):
        assert not sees_orders(there)


@pytest.mark.feature("AC-1")
def test_signing_in_makes_another_secret_and_ends_the_one_before(order: Order) -> None:
    there = signed_in(order.contact)
    stolen = there.cookies["account"].value
    ask(there)
    there.get(CODE)
    csrf = there.cookies["csrf"].value
    there.post(CODE, {"code": newest_code()})

    thief = browser()
    thief.cookies["account"] = stolen
    assert sees_orders(there)
    assert not sees_orders(thief)
    assert there.cookies["csrf"].value != csrf


@pytest.mark.feature("AC-1")
def test_one_who_signed_out_is_out_and_nothing_of_it_is_kept(order: Order) -> None:
    there = signed_in(order.contact)
    copied = there.cookies["account"].value
    answer = there.post(SIGN_OUT)

    assert answer.status_code == 303
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert not sees_orders(there)
    there.cookies["account"] = copied
    assert not sees_orders(there)
    assert "You are signed out" in there.get(answer.headers["Location"]).content.decode()
    assert there.post(SIGN_OUT).status_code == 303


@pytest.mark.feature("AC-1")
@pytest.mark.parametrize(
    "cookie", ["", "x", "x:y:z", signing.dumps(["a"]), signing.dumps(1, salt="counterfoil.account"), "1e999", "é"]
)
def test_a_made_up_session_is_nobody(order: Order, cookie: str) -> None:
    there = browser()
    there.cookies["account"] = cookie

    assert there.get(ORDERS).status_code == 303


@pytest.mark.feature("AC-1")
def test_a_session_is_good_in_its_workspace_alone(order: Order, other_shop: Shop) -> None:
    other_shop.order(email=ANA)
    there = signed_in(order.contact, "other.test")

    assert there.get(ORDERS).status_code == 303


@pytest.mark.feature("AC-1")
def test_neither_staff_nor_a_guest_nor_a_program_is_signed_in_to_an_account(shop: Shop, order: Order) -> None:
    staff, guest = browser(), browser(Authorization="Bearer x")
    staff.force_login(shop.user)
    guest.get(order.guest_url.removeprefix("http://fennel.test"))

    assert [there.get(ORDERS).status_code for there in (staff, guest)] == [303, 303]
    assert signed_in(order.contact).get("/admin/orders").status_code == 302


@pytest.mark.feature("CN-6")
@pytest.mark.parametrize("wanted", [True, False])
def test_with_the_account_the_choice_about_mails_becomes_that_of_the_newest_order(shop: Shop, wanted: bool) -> None:
    order = shop.order()
    Order.objects.filter(pk=order.pk).update(wants_mail=wanted)
    there = browser()
    ask(there)
    there.post(CODE, {"code": newest_code()})

    assert Contact.objects.values_list("has_account", "wants_mail").get(pk=order.contact_id) == (True, wanted)


def test_pages_of_the_portal_are_kept_by_no_cache(order: Order) -> None:
    there = signed_in(order.contact)

    for address in (SIGN_IN, CODE, ORDERS):
        assert there.get(address).headers["Cache-Control"] == "no-store"
