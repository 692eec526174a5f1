"""The admin's pages of customers: their list, the page of one, and the form that makes and changes them."""

import json
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.customers.actions import create_customer, save_customer
from counterfoil.customers.models import Contact, Customer
from counterfoil.orders.actions import place_order
from tests.conversations.test_hostile_text import MORE, STRINGS
from tests.factories import LINES, Shop
from tests.services import need

pytestmark = pytest.mark.slow_on_postgresql

HTMX = {"HX-Request": "true"}
QUILL = {"name": "Quill", "contact_name": "Ben", "email": "ben@quill.example"}


class Html(HTMLParser):
    """The tags of a page, each with its attributes, and what is written in it."""

    def __init__(self, response: HttpResponseBase) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(response.content.decode())  # type: ignore[attr-defined]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def control(self, name: str) -> dict[str, str]:
        """The one control of this name."""
        [found] = [attributes for tag, attributes in self.tags if tag == "input" and attributes.get("name") == name]
        return found

    def links(self, prefix: str) -> list[str]:
        """The addresses that are linked to and begin like this."""
        return [
            attributes["href"]
            for tag, attributes in self.tags
            if tag == "a" and attributes.get("href", "").startswith(prefix)
        ]

    def values(self) -> dict[str, str]:
        """What the controls of the form hold."""
        return {name: self.control(name)["value"] for name in QUILL}

    def shows(self, text: str) -> bool:
        """Whether this text is written in the page, and brought no tag or attribute that acts."""
        acts = any(name.startswith("on") for _, attributes in self.tags for name in attributes)
        return not acts and " ".join(text.split()) in " ".join(self.text.split())

    def said_at(self, name: str) -> list[str]:
        """The ids of what describes a control, once it is marked as wrong."""
        control = self.control(name)
        described = control["aria-describedby"].split() if control.get("aria-invalid") == "true" else []
        assert all(any(attributes.get("id") == gid for _, attributes in self.tags) for gid in described)
        return described


@pytest.fixture
def staff(shop: Shop) -> Client:
    client = Client(headers={"Host": "fennel.test"})
    client.force_login(shop.user)
    return client


def key_in(response: HttpResponseBase) -> str:
    """The client mutation key of the form on a page."""
    return Html(response).control("client_mutation_key")["value"]


@pytest.mark.feature("OR-8")
def test_staff_make_a_customer_and_come_to_their_page(staff: Client, shop: Shop) -> None:
    form = staff.get("/admin/customers/new")
    assert (form.status_code, Html(form).values()) == (200, {"name": "", "contact_name": "", "email": ""})

    made = staff.post("/admin/customers/new", {**QUILL, "client_mutation_key": key_in(form)})

    customer = Customer.objects.get()
    assert (made.status_code, made["Location"]) == (303, f"/admin/customers/customer_{customer.pk}")
    assert list(customer.contacts.values_list("name", "email")) == [("Ben", "ben@quill.example")]
    page = staff.get(made["Location"])
    assert page.status_code == 200
    for text in ("Quill", "Ben", "ben@quill.example", "No order yet"):
        assert text in Html(page).text
    [new_order] = Html(page).links("/admin/new-order")
    assert new_order == f"/admin/new-order?customer=customer_{customer.pk}"
    assert "Quill" in Html(staff.get(new_order)).text


@pytest.mark.feature("OR-8")
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_the_same_form_twice_makes_one_customer(staff: Client, headers: dict[str, str]) -> None:
    form = {**QUILL, "client_mutation_key": key_in(staff.get("/admin/customers/new"))}

    answers = [staff.post("/admin/customers/new", form, headers=headers) for _ in range(2)]

    address = f"/admin/customers/customer_{Customer.objects.get().pk}"
    for answer in answers:
        assert (answer.headers.get("HX-Redirect") or answer.headers.get("Location")) == address
    # The key has made a customer: other facts under it make none before they are sent again.
    refused = staff.post("/admin/customers/new", {**form, "name": "Crate"}, headers=headers)
    assert (refused.status_code, Html(refused).values()["name"]) == (422, "Crate")
    assert "has made a customer before" in Html(refused).text
    assert Customer.objects.count() == 1
    staff.post("/admin/customers/new", {**form, "name": "Crate", "client_mutation_key": key_in(refused)})
    assert Customer.objects.count() == 2


@pytest.mark.feature("OR-8")
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    "wrong",
    [
        ("name", "  ", "Write something here."),
        ("name", "x" * 201, "This has 201 characters"),
        ("contact_name", "y" * 201, "This has 201 characters"),
        ("contact_name", "a\nb", "control character"),
        ("email", 'no"<address>', "is no mail address"),
    ],
)
def test_a_refusal_says_why_at_the_control_and_keeps_all_that_was_typed(
    staff: Client, shop: Shop, headers: dict[str, str], wrong: tuple[str, str, str]
) -> None:
    field, value, said = wrong
    customer = create_customer(viewer=shop.staff, name="Crate", contact_name="Cas", email="").customer
    typed = {**QUILL, field: value, "client_mutation_key": "1"}

    for address in ("/admin/customers/new", f"/admin/customers/customer_{customer.pk}/edit"):
        refused = staff.post(address, typed, headers=headers)

        page = Html(refused)
        assert refused.status_code == 422
        assert page.values() == {name: typed[name] for name in QUILL}
        assert key_in(refused) == "1"
        error = f"{field}-error"
        assert [name for name in QUILL if error in page.said_at(name)] == [field]
        assert said in page.text
        assert (b"<html" in refused.content) == (not headers)
    assert list(Customer.objects.values_list("name")) == [("Crate",)]
    assert list(Contact.objects.values_list("name", "email")) == [("Cas", "")]


@pytest.mark.feature("OR-8")
def test_staff_change_a_customer_and_their_first_contact(staff: Client, shop: Shop) -> None:
    customer = save_customer(viewer=shop.staff, external_id="woo:7", **QUILL)
    address = f"/admin/customers/customer_{customer.pk}"
    form = staff.get(f"{address}/edit")
    assert Html(form).values() == QUILL

    changed = {"name": "Quill & Crate", "contact_name": "Bea", "email": "bea@quill.example"}
    saved = staff.post(f"{address}/edit", {**changed, "client_mutation_key": key_in(form)})

    assert (saved.status_code, saved["Location"]) == (303, address)
    customer = Customer.objects.get()
    assert (customer.name, customer.external_id) == ("Quill & Crate", "woo:7")
    assert Contact.objects.values_list("name", "email").get() == ("Bea", "bea@quill.example")
    # A form whose key was used for other facts is kept, and saved when it is sent again.
    again = staff.post(f"{address}/edit", {**changed, "name": "Crate", "client_mutation_key": key_in(form)})
    assert again.status_code == 422
    assert "was saved before with other facts" in Html(again).text
    assert Customer.objects.get().name == "Quill & Crate"


def test_a_customer_of_another_workspace_is_not_there(staff: Client, other_shop: Shop) -> None:
    theirs = create_customer(viewer=other_shop.staff, **QUILL).customer
    before = list(Customer.objects.values()), list(Contact.objects.values())

    for gid in (f"customer_{theirs.pk}", "customer_0", "customer_x", "nonsense", f"contact_{theirs.pk}"):
        for address in (f"/admin/customers/{gid}", f"/admin/customers/{gid}/edit"):
            assert staff.get(address).status_code == 404
        assert staff.post(f"/admin/customers/{gid}/edit", {**QUILL, "name": "Mine"}).status_code == 404
    assert "No customers yet" in Html(staff.get("/admin/customers")).text
    assert before == (list(Customer.objects.values()), list(Contact.objects.values()))


def test_what_is_no_customer_is_not_there_even_if_it_is_ours(staff: Client, shop: Shop) -> None:
    order = shop.order()

    for gid in (f"order_{order.pk}", f"contact_{order.contact_id}", f"store_{shop.store.pk}"):
        assert staff.get(f"/admin/customers/{gid}").status_code == 404
        assert staff.get(f"/admin/customers/{gid}/edit").status_code == 404


@pytest.mark.parametrize("path", ["", "/new", "/customer_1", "/customer_1/edit"])
def test_nobody_but_staff_gets_in(shop: Shop, other_shop: Shop, path: str) -> None:
    stranger = Client(headers={"Host": "fennel.test"})
    stranger.force_login(other_shop.user)

    for client in (Client(headers={"Host": "fennel.test"}), stranger):
        assert client.get(f"/admin/customers{path}")["Location"].startswith("/admin/sign-in")
        answer = client.post(f"/admin/customers{path}", QUILL)
        assert answer.status_code == 405 or answer["Location"].startswith("/admin/sign-in")
    assert Customer.objects.count() == 0


def test_the_list_is_paged_searched_and_read_in_as_many_statements_at_any_size(staff: Client, shop: Shop) -> None:
    def statements(address: str) -> tuple[Html, int]:
        with CaptureQueriesContext(connection) as captured:
            page = Html(staff.get(address))
        return page, len(captured)

    create_customer(viewer=shop.staff, **QUILL)
    one, few = statements("/admin/customers")
    for number in range(31):
        create_customer(viewer=shop.staff, name=f"Stall {number}", contact_name=f"Sam {number}", email="")
    page, many = statements("/admin/customers")

    assert few == many
    assert len(one.links("/admin/customers/customer_")) == 1
    assert len(page.links("/admin/customers/customer_")) == 30
    assert "Sam 30" in page.text
    [older] = page.links("/admin/customers?after=")
    second = Html(staff.get(older))
    assert len(second.links("/admin/customers/customer_")) == 2
    assert "Quill" in second.text
    found = Html(staff.get("/admin/customers?q=sam+17"))
    assert len(found.links("/admin/customers/customer_")) == 1
    assert "No customer matches “nobody”" in Html(staff.get("/admin/customers?q=nobody")).text
    lost = staff.get("/admin/customers?after=nonsense")
    assert (lost.status_code, len(Html(lost).links("/admin/customers/customer_"))) == (200, 30)


def test_a_search_that_htmx_asks_for_gives_the_list_alone_its_address_and_the_news(staff: Client, shop: Shop) -> None:
    create_customer(viewer=shop.staff, **QUILL)
    headers = {**HTMX, "HX-Trigger": "search", "HX-Current-URL": "http://fennel.test/admin/customers"}

    answer = staff.get("/admin/customers?q=quill", headers=headers)

    assert b"<html" not in answer.content
    assert answer["HX-Push-Url"] == "/admin/customers?q=quill"
    assert "1 customer found" in Html(answer).text


def test_the_page_of_a_customer_shows_their_newest_ten_orders(staff: Client, shop: Shop) -> None:
    first = shop.order(number="A-0")
    shop.order(number="B-0", customer="Quill")
    for number in range(1, 10):
        place_order(
            viewer=shop.staff,
            store=shop.store,
            contact=first.contact,
            currency="GBP",
            lines=LINES,
            number=f"A-{number}",
        )
    address = f"/admin/customers/customer_{first.customer_id}"
    ten = Html(staff.get(address))
    place_order(viewer=shop.staff, store=shop.store, contact=first.contact, currency="GBP", lines=LINES, number="A-10")
    eleven = Html(staff.get(address))

    assert ten.links("/admin/orders/A-") == [f"/admin/orders/A-{number}" for number in range(9, -1, -1)]
    assert eleven.links("/admin/orders/") == [f"/admin/orders/A-{number}" for number in range(10, 0, -1)]
    assert ten.links("/admin/orders?customer=") == []
    [more] = eleven.links("/admin/orders?customer=")
    narrowed = Html(staff.get(more))
    assert len(narrowed.links("/admin/orders/A-")) == 11
    assert narrowed.links("/admin/orders/B-") == []


def test_the_page_of_an_order_links_to_its_customer_and_its_head_stays_current(staff: Client, shop: Shop) -> None:
    order = shop.order(number="A-1")

    page = staff.get("/admin/orders/A-1")

    assert Html(page).links("/admin/customers/") == [f"/admin/customers/customer_{order.customer_id}"]
    [version] = [tag["value"] for _, tag in Html(page).tags if tag.get("id") == "order-header-version"]
    assert staff.get(f"/admin/orders/A-1/header?have={version}", headers=HTMX).status_code == 204


@pytest.mark.parametrize("every", [pytest.param(4, marks=pytest.mark.slow), 40])
def test_hostile_strings_are_kept_and_shown_exactly_or_refused(staff: Client, shop: Shop, every: int) -> None:
    need(STRINGS.exists(), f"There are no naughty strings at {STRINGS}.")
    strings = [text for text in json.loads(STRINGS.read_text(encoding="utf-8")) if text.strip()][::every]
    kept = []

    for number, text in enumerate([*strings, *MORE]):
        name = text.encode("utf-8", "replace").decode()  # a form can't send half of a surrogate pair
        typed = {"name": name, "contact_name": name, "email": "", "client_mutation_key": f"k{number}"}
        answer = staff.post("/admin/customers/new", typed)
        if answer.status_code == 422:
            assert Html(answer).values() == {field: typed[field] for field in QUILL}
            continue
        kept.append(name.strip())
        assert Html(staff.get(answer["Location"])).shows(kept[-1])
        assert Html(staff.get(f"{answer['Location']}/edit")).values()["name"] == kept[-1]
        assert staff.get("/admin/customers", {"q": name}).status_code == 200

    assert list(Customer.objects.order_by("pk").values_list("name", flat=True)) == kept
    assert len(kept) > len(strings) // 2
    page = Html(staff.get("/admin/customers"))
    assert all(page.shows(name) for name in kept[-30:])
