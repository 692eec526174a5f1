"""The list of orders: narrowed by chips and words, many changed at once, and as a CSV file."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.access import clock
from counterfoil.access.models import CustomRole, StaffMember, User
from counterfoil.conversations.actions import write_internal_note
from counterfoil.customers.models import Customer
from counterfoil.orders.actions import change_status
from counterfoil.orders.models import Order, OrderStatus
from tests.admin_ui.pages import Html
from tests.factories import PASSWORD, Shop

LIST = "/admin/orders"


@pytest.fixture
def mara(shop: Shop) -> Client:
    browser = Client(headers={"Host": "fennel.test"})
    browser.force_login(User.objects.get(pk=shop.user.pk))
    return browser


def shown(browser: Client, query: str = "") -> list[str]:
    """The numbers of the orders on the list."""
    page = browser.get(f"{LIST}{query}")
    assert page.status_code == 200
    return [
        attributes["href"].rsplit("/", 1)[1]
        for tag, attributes in Html(page).tags
        if tag == "a" and "data-row-link" in attributes
    ]


def test_the_list_is_narrowed_by_states_days_a_customer_and_words(shop: Shop, mara: Client) -> None:
    old, paid, draft = (shop.order(number=number, customer=f"Customer {number}") for number in ("1", "2", "3"))
    Order.objects.filter(pk=old.pk).update(placed_at=clock.now() - timedelta(days=20), status="confirmed")
    Order.objects.filter(pk=paid.pk).update(paid=paid.total)

    assert shown(mara) == ["3", "2", "1"]
    assert shown(mara, "?status=confirmed") == ["1"]
    assert shown(mara, "?paid=paid") == ["2"]
    assert shown(mara, "?placed=today") == ["3", "2"]
    assert shown(mara, "?placed=7") == ["3", "2"]
    assert shown(mara, "?placed=30&status=confirmed") == ["1"]
    assert shown(mara, f"?customer=customer_{draft.customer_id}") == ["3"]
    assert shown(mara, "?q=customer&status=confirmed") == ["1"]
    assert shown(mara, f"?store=store_{shop.store.pk}&q=3") == ["3"]
    assert shown(mara, "?store=store_0") == []
    assert shown(mara, "?status=nonsense&paid=%00&placed=x") == ["3", "2", "1"]


def test_a_state_that_is_typed_narrows_and_can_be_looked_for_as_a_word(shop: Shop, mara: Client) -> None:
    shop.order(number="1", customer="Draft House")
    shop.order(number="2", customer="Fern House")
    Order.objects.filter(number="1").update(status="confirmed")

    assert shown(mara, "?q=draft") == ["2"]
    assert shown(mara, "?q=house+draft") == ["2"]
    assert shown(mara, "?q=draft&words=yes") == ["1"]
    assert "is read as a state" in mara.get(f"{LIST}?q=draft").content.decode()


def test_a_mistyped_name_shows_the_nearest_one_and_says_so(shop: Shop, mara: Client) -> None:
    shop.order(number="1", customer="Harbour Café", email="")

    page = mara.get(f"{LIST}?q=harbuor").content.decode()

    assert shown(mara, "?q=harbuor") == ["1"]
    assert "Nothing begins with “<bdi>harbuor</bdi>”. Showing “<bdi>harbour</bdi>”." in page
    assert "Nothing begins" not in mara.get(f"{LIST}?q=harb").content.decode()
    assert "No order matches “harbour”" in " ".join(Html(mara.get(f"{LIST}?q=harbuor&paid=paid")).text.split())


def test_many_orders_are_confirmed_at_once(shop: Shop, mara: Client) -> None:
    orders = [shop.order(), shop.order()]
    given = {"order": [order.topic for order in orders], "to": "confirm", "client_mutation_key": "k", "q": "harb"}

    response = mara.post("/admin/orders-at-once", given)

    assert (response.status_code, response.headers["Location"]) == (303, f"{LIST}?q=harb&done=confirm&many=2")
    assert {*Order.objects.values_list("status", flat=True)} == {"confirmed"}
    assert "2 orders confirmed." in mara.get(response.headers["Location"]).content.decode()


def test_each_order_that_can_not_be_changed_says_why_and_stays_chosen(shop: Shop, mara: Client) -> None:
    one, two = shop.order(number="4137"), shop.order(number="4140")
    change_status(viewer=shop.staff, order=two, status=OrderStatus.CANCELLED)

    response = mara.post("/admin/orders-at-once", {"order": [one.topic, two.topic], "to": "confirm"})

    page = response.content.decode()
    assert response.status_code == 422
    assert "An order that is cancelled can&#x27;t become confirmed." in page
    assert f'value="{two.topic}" checked' in page
    assert f'value="{one.topic}"' not in page
    assert [order.status for order in Order.objects.order_by("pk")] == ["confirmed", "cancelled"]


def test_cancelling_many_is_asked_about_first(shop: Shop, mara: Client) -> None:
    order = shop.order()

    asked = mara.post("/admin/orders-at-once", {"order": order.topic, "to": "cancel"})

    assert asked.status_code == 200
    assert "Cancel 1 order for good?" in asked.content.decode()
    assert Order.objects.get().status == "draft"
    done = mara.post("/admin/orders-at-once", {"order": order.topic, "to": "cancel", "sure": "yes"})
    assert done.status_code == 303
    assert Order.objects.get().status == "cancelled"


@pytest.mark.parametrize("given", [{}, {"to": "confirm"}, {"order": "order_1"}, {"order": "order_1", "to": "send"}])
def test_nothing_chosen_changes_nothing_and_says_so(shop: Shop, mara: Client, given: dict[str, str]) -> None:
    shop.order()

    response = mara.post("/admin/orders-at-once", given)

    assert response.status_code == 422
    assert "Choose" in response.content.decode()
    assert Order.objects.get().status == "draft"


def exported(browser: Client, **given: str) -> list[dict[str, str]]:
    """The rows of the file, once who asks has proved who they are."""
    asked = browser.post(f"{LIST}.csv", given)
    assert asked.status_code == 422
    assert "Is it you?" in asked.content.decode()
    response = browser.post(f"{LIST}.csv", {**given, "proof_password": PASSWORD})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    disposition = response.headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="orders-\d{4}-\d\d-\d\d\.csv"', disposition)
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.feature("CN-2")
def test_the_file_holds_what_stands_on_an_order_and_no_spreadsheet_calculates_it(shop: Shop, mara: Client) -> None:
    order = shop.order(number="102", customer="=cmd|' /C calc'!A1", contact="@Reis, Ana", email="")
    write_internal_note(viewer=shop.staff, order=order, text="for us alone")
    Order.objects.filter(pk=order.pk).update(placed_at="2026-06-14T10:00:00+02:00", note="Ring twice.")
    Customer.objects.update(external_id="-1+2")

    assert exported(mara) == [
        {
            "Order": "102",
            "Placed (UTC)": "2026-06-14T08:00:00Z",
            "State": "draft",
            "Fulfilment": "unfulfilled",
            "Payment": "not_charged",
            "Total": "166.20",
            "Paid": "0.00",
            "Refunded": "0.00",
            "Currency": "GBP",
            "Store": "Fennel & Twine",
            "Customer": "'=cmd|' /C calc'!A1",
            "Customer’s external id": "'-1+2",
            "Contact": "'@Reis, Ana",
            "E-mail": "",
        }
    ]


def test_who_sees_no_customers_gets_a_file_without_their_columns(shop: Shop) -> None:
    shop.order(number="1", customer="Harbour Café")
    shop.order(number="harbour-2")
    role = CustomRole.objects.create(workspace=shop.workspace, name="Packer", permissions=["orders:read"])
    shop.hire("Pia", role)
    member = StaffMember.objects.get(name="Pia")
    packer = Client(headers={"Host": "fennel.test"})
    packer.force_login(User.objects.get(pk=member.user_id))

    [row] = exported(packer, q="harbour")

    assert row["Order"] == "harbour-2"
    assert list(row)[-1] == "Store"
    assert not [value for value in row.values() if "Harbour" in value or "Ana" in value]
    assert shown(packer, "?q=harbour") == ["harbour-2"]


def test_the_file_is_narrowed_as_the_page_and_asked_for_by_no_link(shop: Shop, mara: Client) -> None:
    shop.order(number="1", customer="Harbour Café", email="")
    shop.order(number="2", customer="Quill")
    Order.objects.filter(number="1").update(status="confirmed")

    assert mara.get(f"{LIST}.csv").status_code == 405
    for query in ("?q=harbuor+confirmed", "?status=confirmed"):
        assert shown(mara, query) == ["1"]
        page = Html(mara.get(f"{LIST}{query}")).text
        assert "These orders as a CSV file" in page
    [row] = exported(mara, **in_file(mara, "?q=harbuor+confirmed"))
    assert row["Order"] == "1"


def in_file(browser: Client, query: str) -> dict[str, str]:
    """What the form for the file carries along."""
    form = browser.get(f"{LIST}{query}").content.decode().split('action="/admin/orders.csv">')[1].split("</form>")[0]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


@pytest.mark.slow_on_postgresql
def test_a_long_list_is_a_file_page_after_page(shop: Shop, mara: Client) -> None:
    for number in range(250):
        shop.order(number=str(number))

    assert [row["Order"] for row in exported(mara)] == [str(number) for number in reversed(range(250))]


@pytest.mark.slow_on_postgresql
@pytest.mark.parametrize("query", ["", "?q=stall", "?q=stall+ana", "?q=stahl", "?status=draft&paid=not_charged"])
def test_the_list_takes_as_many_statements_for_ten_orders_as_for_sixty(shop: Shop, mara: Client, query: str) -> None:
    taken = []
    for many in (10, 50):
        for number in range(many):
            shop.order(customer=f"Stall {many}.{number}", email="")
        with CaptureQueriesContext(connection) as statements:
            assert len(shown(mara, query)) == (10 if many == 10 else 30)
        taken.append(len(statements))

    assert taken[0] == taken[1]
