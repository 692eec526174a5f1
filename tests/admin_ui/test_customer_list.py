"""The list of customers: searched and narrowed by chips, many changed at once, and as a CSV file."""

import csv
import io
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.access.models import CustomRole, StaffMember, User
from counterfoil.customers.actions import create_customer
from counterfoil.customers.models import Customer
from counterfoil.interactions.actions import log_interaction
from counterfoil.interactions.models import InteractionType
from tests.admin_ui.pages import Html
from tests.factories import PASSWORD, Shop

LIST = "/admin/customers"
AT_ONCE = "/admin/customers-at-once"


def browser_of(user_id: int) -> Client:
    browser = Client(headers={"Host": "fennel.test"})
    browser.force_login(User.objects.get(pk=user_id))
    return browser


@pytest.fixture
def mara(shop: Shop) -> Client:
    return browser_of(shop.user.pk)


def hired(shop: Shop, *permissions: str) -> Client:
    """The browser of a colleague who may do this and no more."""
    role = CustomRole.objects.create(workspace=shop.workspace, name="Role", permissions=list(permissions))
    shop.hire("Pia", role)
    return browser_of(StaffMember.objects.get(name="Pia").user_id)


def customer(shop: Shop, name: str, contact: str = "", email: str = "", **facts: bool) -> Customer:
    made = create_customer(viewer=shop.staff, name=name, contact_name=contact, email=email).customer
    Customer.objects.filter(pk=made.pk).update(**facts)
    return made


def gid(one: Customer) -> str:
    return f"customer_{one.pk}"


def shown(browser: Client, query: str = "") -> list[str]:
    """The names on the list."""
    page = browser.get(f"{LIST}{query}")
    assert page.status_code == 200
    return Html(page).rows


def chips(page: HttpResponse) -> dict[str, dict[str, list[str]]]:
    """What the chips lead to: their labels, and what the address of each narrows by."""
    found: dict[str, dict[str, list[str]]] = {}
    text = page.content.decode()
    for piece in text.split('<a class="chip')[1:]:
        address = piece.split('href="')[1].split('"')[0].replace("&amp;", "&")
        label = piece.split(">", 1)[1].split("<")[0].strip()
        found[label] = parse_qs(urlsplit(address).query)
    return found


def test_anything_on_the_row_finds_a_customer_and_an_exact_word_comes_first(shop: Shop, mara: Client) -> None:
    customer(shop, "Harbourside Tea")
    customer(shop, "Old Harbour", "Ana Reis", "ana@quay.example")

    assert shown(mara) == ["Old Harbour", "Harbourside Tea"]
    assert shown(mara, "?q=harbour") == ["Old Harbour", "Harbourside Tea"]
    assert shown(mara, "?q=harbours") == ["Harbourside Tea"]
    for found_by in ("reis", "ana@quay.example", "quay", "OLD+reis"):
        assert shown(mara, f"?q={found_by}") == ["Old Harbour"]
    assert shown(mara, "?q=nobody") == []
    assert "No customer matches “nobody”" in " ".join(Html(mara.get(f"{LIST}?q=nobody")).text.split())


def test_a_mistyped_name_shows_the_nearest_one_and_says_so(shop: Shop, mara: Client) -> None:
    customer(shop, "Harbour Café")

    page = mara.get(f"{LIST}?q=harbuor").content.decode()

    assert shown(mara, "?q=harbuor") == ["Harbour Café"]
    assert "Nothing begins with “<bdi>harbuor</bdi>”. Showing “<bdi>harbour</bdi>”." in page
    closed = Html(mara.get(f"{LIST}?q=harbuor&account=closed")).text
    assert "No customer matches “harbour”" in " ".join(closed.split())


def test_chips_narrow_together_and_each_is_taken_off_by_itself(shop: Shop, mara: Client) -> None:
    customer(shop, "Ash")
    customer(shop, "Ash blocked", ordering_blocked=True)
    customer(shop, "Ash closed", is_active=False)
    waits = customer(shop, "Ash closed, blocked, waits", is_active=False, ordering_blocked=True)
    log_interaction(
        viewer=shop.staff, customer=waits, type=InteractionType.NOTE, text="Ask first.", needs_acknowledgement=True
    )

    assert shown(mara, "?account=active") == ["Ash blocked", "Ash"]
    assert shown(mara, "?account=closed") == ["Ash closed, blocked, waits", "Ash closed"]
    assert shown(mara, "?blocked=yes") == ["Ash closed, blocked, waits", "Ash blocked"]
    assert shown(mara, "?waits=yes") == ["Ash closed, blocked, waits"]
    assert shown(mara, "?account=closed&blocked=yes&q=ash") == ["Ash closed, blocked, waits"]
    assert shown(mara, "?account=active&waits=yes") == []
    assert len(shown(mara, "?account=nonsense&blocked=%00&waits=no")) == 4

    assert chips(mara.get(f"{LIST}?account=closed&q=ash")) == {
        "Active": {"account": ["active"], "q": ["ash"]},
        "Not active": {"q": ["ash"]},
        "Ordering blocked": {"account": ["closed"], "blocked": ["yes"], "q": ["ash"]},
        "Waits to be acknowledged": {"account": ["closed"], "waits": ["yes"], "q": ["ash"]},
    }


def test_who_sees_no_entries_is_offered_no_chip_for_them(shop: Shop) -> None:
    assert list(chips(hired(shop, "orders:read", "customers:read").get(LIST))) == [
        "Active",
        "Not active",
        "Ordering blocked",
    ]


@pytest.mark.parametrize(
    ("to", "before", "after", "said"),
    [
        ("close", (True, False), (False, False), "2 customers closed."),
        ("open", (False, False), (True, False), "2 customers opened."),
        ("block", (True, False), (True, True), "2 customers blocked from ordering."),
        ("allow", (True, True), (True, False), "2 customers allowed to order."),
    ],
)
def test_many_customers_are_changed_at_once(
    shop: Shop, mara: Client, *, to: str, before: tuple[bool, bool], after: tuple[bool, bool], said: str
) -> None:
    flags = dict(zip(("is_active", "ordering_blocked"), before, strict=True))
    made = [customer(shop, name) for name in ("Ash", "Birch")]
    Customer.objects.update(**flags)
    given = {"customer": [gid(one) for one in made], "to": to, "client_mutation_key": "k", "q": "a", "blocked": "x"}

    response = mara.post(AT_ONCE, given)

    assert (response.status_code, response.headers["Location"]) == (303, f"{LIST}?q=a&done={to}&many=2")
    assert list(Customer.objects.values_list("is_active", "ordering_blocked")) == [after, after]
    assert said in mara.get(response.headers["Location"]).content.decode()


def test_each_customer_that_can_not_be_changed_says_why_and_stays_chosen(
    shop: Shop, other_shop: Shop, mara: Client
) -> None:
    own, foreign = customer(shop, "Ash"), customer(other_shop, "Quill")

    response = mara.post(AT_ONCE, {"customer": [gid(foreign), gid(own)], "to": "close", "account": "active"})

    page = Html(response)
    assert response.status_code == 422
    assert "1 of 2 customers stays as it is" in page.text
    assert "There is no such customer." in page.text
    assert "1 customer closed." in page.text
    assert page.ticked() == [gid(foreign)]
    assert gid(own) not in page.values("customer")
    assert page.value("account") == "active"
    assert "Quill" not in page.text
    assert dict(Customer.objects.values_list("name", "is_active")) == {"Ash": False, "Quill": True}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Choose what to do with them."),
        ({"to": "close"}, "Choose at least one customer."),
        ({"customer": "customer_1"}, "Choose what to do with them."),
        ({"customer": "customer_1", "to": "delete"}, "Choose what to do with them."),
        ({"customer": "nonsense", "to": "close"}, "There is no such customer."),
    ],
)
def test_what_can_not_be_done_changes_nothing_and_says_so(
    shop: Shop, mara: Client, given: dict[str, str], said: str
) -> None:
    customer(shop, "Ash")

    response = mara.post(AT_ONCE, given)

    assert response.status_code == 422
    assert said in Html(response).text
    assert Customer.objects.get().is_active


def test_who_may_not_change_customers_is_offered_no_boxes_and_changes_none(shop: Shop) -> None:
    one = customer(shop, "Ash")
    reader = hired(shop, "orders:read", "customers:read")

    page = Html(reader.get(LIST))
    assert page.rows == ["Ash"]
    assert not [tag for tag, attributes in page.tags if attributes.get("type") == "checkbox"]
    # What is sent is for the schema to refuse.
    assert reader.post(AT_ONCE, {"customer": gid(one), "to": "close"}).status_code == 422
    assert Customer.objects.get().is_active


def exported(browser: Client, **given: str) -> list[dict[str, str]]:
    """The rows of the file, once who asks has proved who they are."""
    asked = browser.post(f"{LIST}.csv", given)
    assert asked.status_code == 422
    assert "Is it you?" in asked.content.decode()
    response = browser.post(f"{LIST}.csv", {**given, "proof_password": PASSWORD})
    assert response.status_code == 200
    assert re.fullmatch(
        r'attachment; filename="customers-\d{4}-\d\d-\d\d\.csv"', response.headers["Content-Disposition"]
    )
    sent = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert sent.startswith(b"\xef\xbb\xbfId,Name,External id,Account,Ordering,Contact,E-mail\r\n")
    return list(csv.DictReader(io.StringIO(sent.decode("utf-8-sig"), newline="")))


def test_the_narrowed_list_is_a_file_whose_cells_no_spreadsheet_calculates(shop: Shop, mara: Client) -> None:
    customer(shop, "Birch")
    one = customer(shop, "=HYPERLINK(ash)", '+1, "Reis" Ana', "ana@quay.example", is_active=False)

    [row] = exported(mara, account="closed", q="ash")

    assert row == {
        "Id": gid(one),
        "Name": "'=HYPERLINK(ash)",
        "External id": "",
        "Account": "not active",
        "Ordering": "allowed",
        "Contact": '\'+1, "Reis" Ana',
        "E-mail": "ana@quay.example",
    }


def test_a_file_of_what_was_mistyped_holds_what_the_page_shows(shop: Shop, mara: Client) -> None:
    customer(shop, "Harbour Café")
    carried = Html(mara.get(f"{LIST}?q=harbuor"))

    assert [row["Name"] for row in exported(mara, q=carried.values("q")[-1])] == ["Harbour Café"]


@pytest.mark.slow_on_postgresql
def test_a_long_list_is_written_page_after_page(shop: Shop, mara: Client) -> None:
    for number in range(250):
        customer(shop, f"Stall {number}")

    assert [row["Name"] for row in exported(mara)] == [f"Stall {number}" for number in reversed(range(250))]
    assert {row["Name"] for row in exported_again(mara, q="stall")} == {f"Stall {number}" for number in range(250)}


def exported_again(browser: Client, **given: str) -> list[dict[str, str]]:
    """The rows of another file within the ten minutes of a proof."""
    response = browser.post(f"{LIST}.csv", given)
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_file_is_for_who_reads_customers_and_never_by_a_link(shop: Shop, mara: Client) -> None:
    assert mara.get(f"{LIST}.csv").status_code == 405
    packer = hired(shop, "orders:read")
    assert packer.post(f"{LIST}.csv", {"proof_password": PASSWORD}).status_code == 403
    assert mara.post(f"{LIST}.csv", {"proof_password": "wrong"}).status_code == 422


@pytest.mark.slow_on_postgresql
@pytest.mark.parametrize("query", ["", "?q=stall", "?q=stall&account=active", "?q=stahl", "?account=active"])
def test_the_list_takes_as_many_statements_for_ten_customers_as_for_sixty(shop: Shop, mara: Client, query: str) -> None:
    taken = []
    for many in (10, 50):
        for number in range(many):
            customer(shop, f"Stall {many}.{number}", "Ana Reis", "ana@quay.example")
        with CaptureQueriesContext(connection) as statements:
            assert len(shown(mara, query)) == (10 if many == 10 else 30)
        taken.append(len(statements))

    assert taken[0] == taken[1]
