"""The sticky contact joins the orders of one browser to one contact, and changes or opens nothing by that (AC-5)."""

from typing import Any

import pytest

from counterfoil.access.problems import Invalid
from counterfoil.access.viewer import Viewer
from counterfoil.customers.actions import create_customer
from counterfoil.customers.links import by_link
from counterfoil.customers.models import BrowserContact, Contact
from counterfoil.customers.queries import signed_in
from counterfoil.orders.actions import place_order
from counterfoil.orders.models import Order
from counterfoil.orders.queries import visible_to
from counterfoil.workspaces.models import Store
from tests.conftest import Ask
from tests.factories import ADDRESSES, LINES, Shop
from tests.posting import post, token_of
from tests.together import overlapping, together

pytestmark = pytest.mark.feature("AC-5")

JOINED = "{ orders(first: 9) { nodes { number contact { name } browserContact { name email } } } }"


@pytest.fixture
def sticky(shop: Shop) -> Shop:
    Store.objects.filter(pk=shop.store.pk).update(sticky_contact=True)
    return shop


def person(shop: Shop, name: str) -> Contact:
    return create_customer(viewer=shop.staff, name=f"{name}’s", contact_name=name, email=f"{name}@shop.example")


def place(shop: Shop, contact: Contact, browser: str = "b7", **given: Any) -> Order:
    return place_order(
        viewer=shop.staff, store=shop.store, contact=contact, currency="GBP", lines=LINES, browser=browser, **given
    )


def joined(*orders: Order) -> list[str | None]:
    return [
        name
        for order in orders
        for name in Order.objects.filter(pk=order.pk).values_list("browser_contact__name", flat=True)
    ]


def test_the_orders_of_a_browser_are_noted_as_those_of_its_first_contact(sticky: Shop) -> None:
    ana, ben = person(sticky, "Ana"), person(sticky, "Ben")
    orders = [place(sticky, ana), place(sticky, ben), place(sticky, ana), place(sticky, ben, " b7 ")]
    elsewhere = [place(sticky, ben, "b8"), place(sticky, ben, "")]

    assert joined(*orders) == ["Ana"] * 4
    assert joined(*elsewhere) == ["Ben", None]


def test_no_contact_name_or_address_of_an_order_is_changed(sticky: Shop) -> None:
    ana, ben = person(sticky, "Ana"), person(sticky, "Ben")
    people = list(Contact.objects.order_by("pk").values())
    place(sticky, ana, addresses=ADDRESSES)
    order = place(sticky, ben)

    order.refresh_from_db()
    assert (order.contact, order.customer_id, order.addresses.count()) == (ben, ben.customer_id, 0)
    assert list(Contact.objects.order_by("pk").values()) == people


def test_it_is_off_by_default_and_then_nothing_is_kept(shop: Shop) -> None:
    order = place(shop, person(shop, "Ana"))

    assert not Store._meta.get_field("sticky_contact").default
    assert joined(order) == [None]
    assert not BrowserContact.objects.exists()


def test_what_a_browser_is_called_stands_nowhere_and_differs_between_stores(sticky: Shop, other_shop: Shop) -> None:
    Store.objects.update(sticky_contact=True)
    place(sticky, person(sticky, "Ana"), "session-7d1f")
    order = place(other_shop, person(other_shop, "Ben"), "session-7d1f")

    first, second = BrowserContact.objects.order_by("pk").values()
    assert "session-7d1f" not in f"{first} {second}"
    assert first["digest"] != second["digest"]
    assert joined(order) == ["Ben"]


@pytest.mark.parametrize("name", ["x" * 201, "a\nb", "\0", "\ud800"])
def test_what_is_no_name_of_a_browser_is_refused_and_nothing_is_placed(sticky: Shop, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        place(sticky, person(sticky, "Ana"), name)

    assert refused.value.field == "browser"
    assert not Order.objects.exists()


def _everybody(shop: Shop, order: Order) -> list[Viewer]:
    return [signed_in(order.contact), by_link(order.contact.customer), shop.guest(order)]


def test_neither_contact_reads_the_other_ones_order_by_any_path(sticky: Shop, ask: Ask) -> None:
    first, second = place(sticky, person(sticky, "Ana")), place(sticky, person(sticky, "Ben"))
    text = """query ($id: ID!, $number: String!) { node(id: $id) { id } order(id: $id) { id }
        orderByNumber(number: $number) { id } orders(first: 9) { nodes { number browserContact { name } } } }"""

    for mine, theirs in ((first, second), (second, first)):
        for viewer in _everybody(sticky, mine):
            seen = ask(viewer, text, id=theirs.topic, number=theirs.number)
            assert (seen["node"], seen["order"], seen["orderByNumber"]) == (None, None, None)
            assert seen["orders"]["nodes"] == [{"number": mine.number, "browserContact": None}]
            assert list(visible_to(viewer)) == [mine]


def test_the_shop_reads_who_it_was_and_another_workspace_nothing(sticky: Shop, other_shop: Shop, ask: Ask) -> None:
    place(sticky, person(sticky, "Ana"), number="A1")
    place(sticky, person(sticky, "Ben"), number="A2")

    assert ask(sticky.staff, JOINED)["orders"]["nodes"] == [
        {"number": "A2", "contact": {"name": "Ben"}, "browserContact": {"name": "Ana", "email": "ana@shop.example"}},
        {"number": "A1", "contact": {"name": "Ana"}, "browserContact": {"name": "Ana", "email": "ana@shop.example"}},
    ]
    assert ask(other_shop.staff, JOINED)["orders"]["nodes"] == []


def test_a_program_says_which_browser_it_was(sticky: Shop) -> None:
    text = """mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
        ... on PlaceOrderSuccess { order { browserContact { name } } } ... on Problem { code field } } }"""
    given = {"currency": "GBP", "lines": [{"name": "Tin", "quantity": 1, "unitPrice": "1.00"}]}

    def told(name: str, browser: str) -> Any:
        customer = f"customer_{person(sticky, name).customer_id}"
        keyed = {"clientMutationKey": name, "customerId": customer, "browser": browser}
        return post(text, token=token_of(sticky.member), input={**keyed, **given}).data["placeOrder"]

    assert told("Ana", "b7") == told("Ben", "b7") == {"order": {"browserContact": {"name": "Ana"}}}
    assert told("Cem", "x" * 201) == {"code": "INVALID", "field": "browser"}


@pytest.mark.django_db(transaction=True)
def test_of_two_first_orders_at_once_one_is_the_first_for_both(sticky: Shop) -> None:
    people = [person(sticky, name) for name in ("Ana", "Ben", "Cem")]

    placed = together(*[lambda one=one: place(sticky, one) for one in people])

    assert BrowserContact.objects.count() == 1
    assert len(set(joined(*placed))) == 1


@pytest.mark.django_db(transaction=True)
def test_an_order_that_comes_while_the_first_is_on_its_way_is_noted_as_the_first_ones(sticky: Shop) -> None:
    ana, ben = person(sticky, "Ana"), person(sticky, "Ben")

    placed: Any = overlapping(lambda: place(sticky, ana), lambda: place(sticky, ben))

    assert joined(*placed) == ["Ana", "Ana"]
