"""The links to the portal: whose they are, one tap, and where a mailbox has to be proved (AC-6, AC-7, AC-8, AC-9)."""

from datetime import timedelta

import pytest
from django.test import Client

from counterfoil.access import clock
from counterfoil.access.links import customer_links, order_keys, public_links
from counterfoil.customers.actions import create_customer
from counterfoil.customers.models import Contact, Customer, OneTimeCode
from counterfoil.orders.models import Order
from counterfoil.workspaces.models import Workspace
from tests.factories import Shop
from tests.portal_ui.entering import (
    CODE,
    ORDERS,
    PAST,
    PROVE,
    SIGN_IN,
    WELCOME,
    browser,
    link_of,
    newest_code,
    public_link_of,
    signed_in,
)
from tests.site.test_get_is_harmless import whole_database

pytestmark = [pytest.mark.django_db, pytest.mark.feature("AC-6")]


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order(number="INV-7")


def follow(there: Client, link: str) -> str:
    """Follow a link; gives what its page says."""
    answer = there.get(link)
    assert (answer.status_code, answer.headers["Location"]) == (303, WELCOME)
    page = there.get(WELCOME)
    assert page.status_code == 200
    return " ".join(page.content.decode().split())


def tap(there: Client, answer: str = "yes") -> str:
    """Say whether this is you; gives where that leads."""
    response = there.post(WELCOME, {"answer": answer})
    assert response.status_code == 303
    return response.headers["Location"]


def sees_past_orders(there: Client) -> bool:
    answer = there.get(PAST)
    return answer.status_code == 200 and "INV-7" in answer.content.decode()


def test_a_customers_link_asks_whether_this_is_you_and_one_tap_goes_on(order: Order) -> None:
    there = browser()
    page = follow(there, link_of(order.customer))

    assert "Welcome back, <bdi>Harbour Café</bdi>. Is this you?" in page
    assert ">Yes, start ordering</button>" in page
    assert not sees_past_orders(there)
    assert tap(there) == PAST
    assert sees_past_orders(there)


def test_who_is_somebody_else_lets_go_of_the_link(order: Order) -> None:
    there = browser()
    follow(there, link_of(order.customer))

    assert tap(there, "no") == "/"
    assert there.get(WELCOME).status_code == 404
    assert not sees_past_orders(there)


def test_the_public_link_names_the_workspace_and_nobody_else(order: Order, shop: Shop) -> None:
    there = browser()
    follow(there, link_of(order.customer))
    tap(there)
    page = follow(there, public_link_of(shop.workspace))

    assert "Welcome to <bdi>Fennel &amp; Twine</bdi>" in page
    assert ">Start your order</button>" in page
    assert "Harbour" not in page
    assert tap(there) == ORDERS
    assert there.get(ORDERS).headers["Location"].startswith(SIGN_IN)
    assert not sees_past_orders(there)


@pytest.mark.feature("AC-8")
def test_the_secret_does_not_stay_in_the_address_nor_in_the_browser(order: Order) -> None:
    there, link = browser(), link_of(order.customer)
    follow(there, link)

    assert link.rpartition("/")[2] not in str(there.cookies)


@pytest.mark.feature("AC-8")
def test_a_scanner_of_mails_that_opens_every_link_spends_none(order: Order, shop: Shop) -> None:
    links = [
        link_of(order.customer),
        public_link_of(shop.workspace),
        order.guest_url.removeprefix("http://fennel.test"),
    ]
    before = whole_database()
    for link in links * 3:
        scanner = browser(**{"User-Agent": "MailScanner"})
        assert (scanner.head(link).status_code, scanner.get(link, follow=True).status_code) == (303, 200)
    assert whole_database() == before

    there = browser()
    follow(there, links[0])
    assert tap(there) == PAST
    assert sees_past_orders(there)
    assert there.get(links[2], follow=True).status_code == 200


@pytest.mark.feature("AC-1")
def test_a_link_opens_nothing_once_it_was_replaced(order: Order, shop: Shop) -> None:
    there, old = browser(), link_of(order.customer)
    follow(there, old)
    tap(there)
    assert sees_past_orders(there)

    Customer.objects.update(link_version=2)

    assert not sees_past_orders(there)
    assert browser().get(old).status_code == there.get(WELCOME).status_code == 404
    follow(browser(), link_of(order.customer))
    public, public_link = browser(), public_link_of(shop.workspace)
    follow(public, public_link)
    Workspace.objects.update(public_link_version=2)
    assert public.get(WELCOME).status_code == public.get(public_link).status_code == 404


@pytest.mark.feature("AC-1")
def test_no_key_stands_in_for_another(order: Order, shop: Shop, other_shop: Shop) -> None:
    of_order, of_customer = order_keys.derive(order.pk, 1), customer_links.derive(order.customer_id, 1)
    public = public_links.derive(shop.workspace.pk, 1)
    theirs = customer_links.derive(other_shop.order().customer_id, 1)

    for address in (
        *(f"/c/{key}" for key in (of_order, public, theirs, of_customer[:-1], "x", "é" * 38)),
        *(f"/start/{key}" for key in (of_order, of_customer, public_links.derive(other_shop.workspace.pk, 1))),
        *(f"/order/INV-7?key={key}" for key in (of_customer, public)),
    ):
        there = browser()
        assert there.get(address).status_code == 404, address
        assert not any(cookie.value for cookie in there.cookies.values())


@pytest.mark.feature("AC-1")
def test_the_public_link_of_one_workspace_opens_no_other(shop: Shop, other_shop: Shop) -> None:
    there, elsewhere = browser(), browser("other.test")
    follow(there, public_link_of(shop.workspace))
    elsewhere.cookies["link"] = there.cookies["link"].value

    assert [there.get(WELCOME).status_code, elsewhere.get(WELCOME).status_code] == [200, 404]


@pytest.mark.feature("AC-9")
def test_a_customer_whose_account_is_not_active_is_told_so(order: Order) -> None:
    there = browser()
    follow(there, link_of(order.customer))
    tap(there)
    Customer.objects.update(is_active=False)

    assert not sees_past_orders(there)
    there.get(link_of(order.customer))
    page = there.get(WELCOME)
    assert page.status_code == 403
    assert "This account is not currently active" in page.content.decode()


@pytest.mark.feature("AC-9")
def test_a_customer_whose_ordering_is_blocked_sees_their_orders_and_why(order: Order) -> None:
    Customer.objects.update(ordering_blocked=True)
    there = browser()
    page = follow(there, link_of(order.customer))

    assert "Ordering temporarily unavailable" in page
    assert tap(there) == PAST
    assert sees_past_orders(there)


# Strict security.


@pytest.fixture
def strict(order: Order) -> Order:
    Workspace.objects.update(strict_security=True)
    return order


def asks_for_proof(there: Client) -> bool:
    return there.get(PAST).headers.get("Location") == WELCOME


@pytest.mark.feature("AC-7")
def test_under_strict_security_a_mailbox_is_proved_before_anything_is_seen(strict: Order) -> None:
    there = browser()
    follow(there, link_of(strict.customer))
    assert tap(there) == WELCOME
    assert asks_for_proof(there)

    page = there.get(WELCOME).content.decode()
    assert "a•••@h•••.example" in page
    assert "ana@harbour.example" not in page
    assert there.post(PROVE, {"contact": strict.contact_id}).headers["Location"] == CODE
    form = there.get(CODE).content.decode()
    assert "ana@harbour.example" not in form
    assert "a•••@h•••.example" in form
    answer = there.post(CODE, {"code": newest_code()})

    assert answer.headers["Location"] == PAST
    assert sees_past_orders(there)
    assert there.get(ORDERS).status_code == 303  # the proof opens the link, and no account


@pytest.mark.feature("AC-7")
def test_without_an_address_on_file_one_is_asked_to_contact_the_supplier(strict: Order) -> None:
    Contact.objects.update(email="", mailbox="")
    there = browser()
    follow(there, link_of(strict.customer))
    tap(there)

    assert "Please contact the supplier" in there.get(WELCOME).content.decode()
    assert there.post(PROVE, {"contact": strict.contact_id}).status_code == 422
    assert not OneTimeCode.objects.exists()


@pytest.mark.feature("AC-7")
def test_a_contact_who_is_signed_in_has_proved_it_already(strict: Order, shop: Shop) -> None:
    there, stranger = signed_in(strict.contact), signed_in(shop.order(email="ben@quill.example").contact)
    for visitor in (there, stranger):
        follow(visitor, link_of(strict.customer))
        tap(visitor)

    assert sees_past_orders(there)
    assert asks_for_proof(stranger)


@pytest.mark.feature("AC-7")
def test_coming_back_from_a_payment_in_the_same_session_needs_no_new_proof(strict: Order) -> None:
    there = browser()
    prove(there, strict)

    answer = there.get(PAST, headers={"Referer": "https://pay.example/", "Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 200


def prove(there: Client, order: Order) -> None:
    follow(there, link_of(order.customer))
    tap(there)
    there.post(PROVE, {"contact": order.contact_id})
    assert there.post(CODE, {"code": newest_code()}).status_code == 303
    assert sees_past_orders(there)


@pytest.mark.feature("AC-7")
def test_a_proof_ends_with_its_time_with_the_address_and_with_the_link(strict: Order) -> None:
    there = browser()
    prove(there, strict)
    follow(there, link_of(strict.customer))
    tap(there)
    assert sees_past_orders(there)  # the same link again

    with clock.at(clock.now() + timedelta(hours=12, seconds=2)):
        assert asks_for_proof(there)
    Contact.objects.update(email="new@harbour.example", mailbox="new@harbour.example")
    assert asks_for_proof(there)
    Contact.objects.update(email="ana@harbour.example", mailbox="ana@harbour.example")
    assert sees_past_orders(there)
    Customer.objects.update(link_version=2)
    follow(there, link_of(strict.customer))
    tap(there)
    assert asks_for_proof(there)


@pytest.mark.feature("AC-7")
def test_only_addresses_of_the_links_customer_can_be_proved(strict: Order, shop: Shop) -> None:
    other = create_customer(viewer=shop.staff, name="Quill", contact_name="Ben", email="ben@quill.example")
    there = browser()
    follow(there, link_of(strict.customer))
    tap(there)

    for contact in (other.pk, "", "x", "0", 2**70):
        assert there.post(PROVE, {"contact": contact}).status_code == 422
    assert not OneTimeCode.objects.exists()


@pytest.mark.feature("AC-7")
@pytest.mark.parametrize("otherwise", ["strict security is off", "the account is not active"])
def test_where_no_proof_is_asked_for_no_code_is_sent(strict: Order, otherwise: str) -> None:
    there = browser()
    follow(there, link_of(strict.customer))
    if otherwise == "the account is not active":
        Customer.objects.update(is_active=False)
    else:
        Workspace.objects.update(strict_security=False)

    there.post(PROVE, {"contact": strict.contact_id})

    assert not OneTimeCode.objects.exists()


@pytest.mark.feature("AC-7")
def test_a_member_of_the_staff_who_looks_needs_no_proof_and_sees_it_while_they_may(strict: Order, shop: Shop) -> None:
    there = browser()
    there.force_login(shop.user)
    assert there.post(f"/admin/customers/customer_{strict.customer_id}/preview").status_code == 303
    assert sees_past_orders(there)

    elsewhere = browser()
    elsewhere.cookies["link"] = there.cookies["link"].value
    assert not sees_past_orders(elsewhere)
    there.post("/admin/sign-out")
    assert not sees_past_orders(there)


@pytest.mark.feature("AC-7")
@pytest.mark.feature("AC-1")
def test_under_strict_security_the_key_of_a_link_is_no_token_for_programs(strict: Order) -> None:
    key = customer_links.derive(strict.customer_id, 1)
    ask = {"data": {"query": "{ viewer { kind } }"}, "content_type": "application/json"}
    bearer = {"headers": {"Authorization": f"Bearer {key}"}}

    assert browser().post("/graphql", **ask, **bearer).status_code == 401
    Workspace.objects.update(strict_security=False)
    assert browser().post("/graphql", **ask, **bearer).json()["data"]["viewer"]["kind"] == "CUSTOMER"
    Customer.objects.update(is_active=False)
    assert browser().post("/graphql", **ask, **bearer).status_code == 401
