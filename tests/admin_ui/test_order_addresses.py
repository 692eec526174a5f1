"""Staff write addresses with an order, read them on its page, and see which browser it came from (OR-2, AC-5, AC-9)."""

import re
from typing import Any

import pytest
from django.test import Client

from counterfoil.access.models import CustomRole, StaffMember
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import signed_in
from counterfoil.orders.claims import claim_order
from counterfoil.orders.models import Order
from counterfoil.workspaces.models import Store
from tests.admin_ui.pages import Html
from tests.factories import ADDRESSES, Shop
from tests.posting import key_of

pytestmark = pytest.mark.slow_on_postgresql

PIER = {"name": "Ana Reis", "street": "4 Pier Road", "city": "Whitby", "country": "GB"}


@pytest.fixture
def staff(shop: Shop) -> Client:
    client = Client(HTTP_HOST="fennel.test")
    client.force_login(shop.user)
    return client


def form(shop: Shop, **typed: str) -> dict[str, Any]:
    """What a browser sends for one line and these parts of addresses, the others empty."""
    customer = Customer.objects.filter(workspace=shop.workspace).order_by("pk").first()
    assert customer is not None
    line = {"sku": "", "name": "A tin", "quantity": "1", "unit": "", "price": "1"}
    facts = {"client_mutation_key": "form-1", "customer": f"customer_{customer.pk}", "currency": "GBP", "number": "N-1"}
    return {**facts, **line, **typed}


def of(use: str, **parts: str) -> dict[str, str]:
    return {f"{use}_{part}": text for part, text in parts.items()}


def kept() -> dict[str, tuple[str, str, str]]:
    rows = Order.objects.get(number="N-1").addresses.all()
    return {row.use: (row.name, row.street, row.country) for row in rows}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.order()
    return shop


@pytest.mark.feature("OR-2")
@pytest.mark.parametrize(
    ("typed", "stands"),
    [
        ({}, {}),
        (of("delivery", **PIER), dict.fromkeys(("delivery", "billing"), ("Ana Reis", "4 Pier Road", "GB"))),
        (of("billing", **PIER), {"billing": ("Ana Reis", "4 Pier Road", "GB")}),
        (
            {**of("delivery", **PIER), **of("billing", **{**PIER, "name": "Ltd", "country": "PT"})},
            {"delivery": ("Ana Reis", "4 Pier Road", "GB"), "billing": ("Ltd", "4 Pier Road", "PT")},
        ),
    ],
)
def test_both_may_be_left_out_and_who_is_billed_is_who_gets_the_parcels(
    shop: Shop, staff: Client, typed: dict[str, str], stands: dict[str, Any]
) -> None:
    assert staff.post("/admin/new-order", form(shop, **typed)).status_code == 303
    assert kept() == stands


@pytest.mark.feature("OR-2")
@pytest.mark.parametrize(
    ("use", "wrong", "told"),
    [
        ("delivery", {"street": ""}, "Write something here."),
        ("delivery", {"country": ""}, "Choose a country."),
        ("billing", {"postalCode": "9" * 21}, "use at most 20"),
        ("billing", {"country": '"><script>'}, "Choose a country."),
    ],
)
def test_what_is_wrong_is_said_at_its_control_and_what_was_typed_stays(
    shop: Shop, staff: Client, use: str, wrong: dict[str, str], told: str
) -> None:
    answer = staff.post("/admin/new-order", form(shop, **of(use, **{**PIER, **wrong})))

    page, [part] = Html(answer), wrong
    html = answer.content.decode()
    assert answer.status_code == 422
    assert page.value(f"{use}_city") == "Whitby"
    assert page.focused() == [f"{use}_{part}"]
    assert re.search(rf'id="{use}_{part}-error" role="alert">.*{told}', html, re.DOTALL)
    assert html.count("<details open>") == 1
    assert not page.acts
    assert Order.objects.count() == 1


def test_empty_lines_keep_the_addresses_that_were_typed(shop: Shop, staff: Client) -> None:
    page = Html(staff.post("/admin/new-order", form(shop, **of("delivery", **PIER), more="1")))

    assert page.value("delivery_street") == "4 Pier Road"
    assert page.value("billing_street") == ""
    assert ("option", {"value": "GB", "selected": ""}) in page.tags


@pytest.mark.feature("OR-2")
def test_an_orders_page_shows_both_addresses_and_none_where_there_is_none(shop: Shop, staff: Client) -> None:
    shop.order(number="N-2", addresses=ADDRESSES)
    delivery = next(iter(ADDRESSES))
    shop.order(number="N-3", addresses=dict.fromkeys(ADDRESSES, ADDRESSES[delivery]))
    shop.order(number="N-4")

    both, same, none = (staff.get(f"/admin/orders/{number}").content.decode() for number in ("N-2", "N-3", "N-4"))

    for line in ("4 Pier Road", "YO21 3PU Whitby", "United Kingdom", "PO Box 9", "LS1 1AA Leeds"):
        assert f"<bdi>{line}</bdi>" in both
    assert "Billed to the same address" in same
    assert "Billed to the same address" not in both
    assert 'id="addresses-heading"' not in none


@pytest.mark.feature("AC-12")
def test_a_role_that_reads_no_addresses_sees_none(shop: Shop) -> None:
    shop.order(number="N-2", addresses=ADDRESSES)
    role = CustomRole.objects.create(workspace=shop.workspace, name="Packer", permissions=["orders:read"])
    packer = Client(HTTP_HOST="fennel.test")
    packer.force_login(StaffMember.objects.get(pk=shop.hire("Pia", role).staff_id).user)

    answer = packer.get("/admin/orders/N-2")

    assert answer.status_code == 200
    assert "Pier Road" not in answer.content.decode()


@pytest.mark.feature("AC-5")
def test_an_orders_page_says_whose_the_browsers_first_order_was_where_that_is_another(
    shop: Shop, staff: Client
) -> None:
    Store.objects.update(sticky_contact=True)
    shop.order(number="N-2", contact="Ana <Reis>", browser="b7")
    shop.order(number="N-3", contact="Ben", browser="b7")

    first, second = (staff.get(f"/admin/orders/{number}").content.decode() for number in ("N-2", "N-3"))

    assert "Ordered in the same browser" not in first
    assert "Ordered in the same browser as <bdi>Ana &lt;Reis&gt;</bdi>" in second


@pytest.mark.feature("AC-9")
@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ({"is_active": False}, "account is not currently active"),
        ({"ordering_blocked": True}, "Ordering is temporarily unavailable"),
    ],
)
def test_the_form_places_nothing_for_who_may_not_order_and_says_where_to_lift_it(
    shop: Shop, staff: Client, flag: dict[str, bool], told: str
) -> None:
    Customer.objects.update(**flag)

    answer = staff.post("/admin/new-order", form(shop))

    html = answer.content.decode()
    assert answer.status_code == 422
    assert told in html
    assert "on the customer’s page, then send again." in html
    assert Html(answer).values("name") == ["A tin"]
    assert Order.objects.count() == 1


@pytest.mark.feature("OR-6")
def test_an_orders_page_tells_that_it_was_claimed(shop: Shop, staff: Client) -> None:
    order = shop.order(number="N-2")
    claim_order(viewer=signed_in(shop.order().contact), key=key_of(order))

    assert "Claimed into the customer’s account" in staff.get("/admin/orders/N-2").content.decode()
