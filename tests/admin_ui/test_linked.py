"""Linked accounts on a customer's profile: looking for the other one, linking, unlinking (IN-9)."""

import pytest
from django.test import Client

from counterfoil.customers.linked import link_customers
from counterfoil.customers.models import Customer, LinkedAccount
from tests.admin_ui.pages import Html
from tests.admin_ui.test_interactions import browser, member_who_may, profile
from tests.factories import Shop

pytestmark = [pytest.mark.slow_on_postgresql, pytest.mark.feature("IN-9")]

HTMX = {"HX-Request": "true"}
BOTH_WAYS = pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])


@pytest.fixture
def staff(shop: Shop) -> Client:
    return browser(shop.member)


@pytest.fixture
def customer(shop: Shop) -> Customer:
    return shop.order(customer="Harbour Café").customer


@pytest.fixture
def pier(shop: Shop) -> Customer:
    return shop.order(customer="Harbour Café Pier 2", contact="Ben", email="ben@harbour.example").customer


def gid(customer: Customer) -> str:
    return f"customer_{customer.pk}"


def choices(page: Html) -> dict[str, bool]:
    """Whom one may choose from; whether they can be chosen."""
    return {
        tag["value"]: "disabled" not in tag
        for kind, tag in page.tags
        if kind == "input" and tag.get("name") == "other" and tag.get("type") == "radio"
    }


@BOTH_WAYS
def test_the_search_offers_every_other_customer_and_marks_who_is_linked_already(
    staff: Client, shop: Shop, customer: Customer, pier: Customer, headers: dict[str, str]
) -> None:
    kiosk = shop.order(customer="Harbour Café Kiosk").customer
    link_customers(viewer=shop.staff, customer=customer, other=kiosk)
    address = profile(customer) + ("/linked" if headers else "")

    page = Html(staff.get(address, {"link": "harb"}, headers=headers))

    assert choices(page) == {gid(pier): True, gid(kiosk): False}
    nobody = staff.get(address, {"link": "lantern"}, headers=headers).content.decode()
    assert "No other customer matches “<bdi>lantern</bdi>”." in nobody
    for problem in ("problem", "field"):
        assert "Call us" not in staff.get(address, {"link": "x", problem: "Call us"}, headers=headers).content.decode()


@BOTH_WAYS
def test_linked_customers_show_each_other_with_the_reason(
    staff: Client, customer: Customer, pier: Customer, headers: dict[str, str]
) -> None:
    typed = {"client_mutation_key": "k1", "link": "pier", "other": gid(pier), "reason": "Same owner"}

    answer = staff.post(f"{profile(customer)}/linked", typed, headers=headers)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{profile(customer)}?done=linked#linked")
    for one, other in ((customer, pier), (pier, customer)):
        page = staff.get(profile(one))
        assert f'<a href="{profile(other)}"><bdi>{other.name}</bdi></a>' in page.content.decode()
        assert "Same owner" in Html(page).text


@BOTH_WAYS
@pytest.mark.parametrize("wrong", ["nobody", "itself", "stranger", "reason"])
def test_what_cannot_be_linked_is_refused_and_keeps_what_was_typed(
    shop: Shop, other_shop: Shop, customer: Customer, wrong: str, headers: dict[str, str]
) -> None:
    staff, pier = browser(shop.member), shop.order(customer="Harbour Café Pier 2").customer
    said, change = {
        "nobody": ("Look for the other customer by name, then choose them.", {"other": ""}),
        "itself": ("Harbour Café can’t be linked with itself", {"other": gid(customer)}),
        "stranger": ("There is no such customer.", {"other": gid(other_shop.order().customer)}),
        "reason": ("This has 201 characters; use at most 200.", {"reason": "x" * 201}),
    }[wrong]
    typed = {"client_mutation_key": "k1", "link": "pier", "other": gid(pier), "reason": "Same owner", **change}

    answer = staff.post(f"{profile(customer)}/linked", typed, headers=headers)

    page = Html(answer)
    assert (answer.status_code, LinkedAccount.objects.count()) == (422, 0)
    assert said in page.text
    assert page.value_of("link-search") == "pier"
    assert page.value_of("link-reason") == typed["reason"]


@BOTH_WAYS
def test_unlinking_ends_it_on_both_sides(
    staff: Client, shop: Shop, customer: Customer, pier: Customer, headers: dict[str, str]
) -> None:
    link_customers(viewer=shop.staff, customer=customer, other=pier)

    answer = staff.post(
        f"{profile(pier)}/linked/end", {"client_mutation_key": "k1", "other": gid(customer)}, headers=headers
    )

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{profile(pier)}?done=unlinked#linked")
    assert LinkedAccount.objects.count() == 0


def test_an_open_page_gets_the_links_when_they_are_others(
    staff: Client, shop: Shop, customer: Customer, pier: Customer
) -> None:
    [version] = [
        tag["value"] for _, tag in Html(staff.get(profile(customer))).tags if tag.get("id") == "linked-version"
    ]
    address = f"{profile(customer)}/linked"
    assert staff.get(address, {"have": version}, headers=HTMX).status_code == 204

    link_customers(viewer=shop.staff, customer=pier, other=customer)

    told = staff.get(address, {"have": version}, headers=HTMX)
    assert (told.status_code, profile(pier) in told.content.decode()) == (200, True)


def test_who_may_not_change_customers_sees_the_links_and_no_form(
    shop: Shop, customer: Customer, pier: Customer
) -> None:
    link_customers(viewer=shop.staff, customer=customer, other=pier)
    client = member_who_may(shop, ["customers:read"])

    page = client.get(profile(customer)).content.decode()
    refused = client.post(f"{profile(customer)}/linked/end", {"client_mutation_key": "k", "other": gid(pier)})

    assert profile(pier) in page
    assert "Unlink" not in page
    assert "link-search" not in page
    assert (refused.status_code, LinkedAccount.objects.count()) == (422, 2)
