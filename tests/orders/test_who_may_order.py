"""A customer whose account is not active, or whose ordering is blocked, orders nothing by any path (AC-9)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from counterfoil.access.problems import Invalid
from counterfoil.customers.models import Contact, Customer
from counterfoil.events.models import Event
from counterfoil.orders.actions import NewLine, place_order, revise_order
from counterfoil.orders.models import Order
from counterfoil.workspaces.models import Workspace
from tests.factories import LINES, Shop
from tests.posting import partner_token, post, token_of
from tests.together import overlapping

pytestmark = pytest.mark.feature("AC-9")

INACTIVE = "Harbour Café’s account is not currently active"
BLOCKED = "Ordering is temporarily unavailable for Harbour Café"
PLACE = """mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
    ... on PlaceOrderSuccess { order { id } } ... on Problem { code field message } } }"""


@pytest.fixture
def contact(shop: Shop) -> Contact:
    return shop.order(customer="Harbour Café").contact


def flag(contact: Contact, **flags: bool) -> None:
    Customer.objects.filter(pk=contact.customer_id).update(**flags)


def place(shop: Shop, contact: Contact, **given: Any) -> Order:
    return place_order(
        viewer=shop.staff, store=shop.store, contact=contact, **{"currency": "GBP", "lines": LINES, **given}
    )


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"is_active": False}, INACTIVE),
        ({"ordering_blocked": True}, BLOCKED),
        ({"is_active": False, "ordering_blocked": True}, INACTIVE),
    ],
)
def test_each_flag_refuses_by_itself_says_what_to_do_and_changes_nothing(
    shop: Shop, contact: Contact, flags: dict[str, bool], words: str
) -> None:
    flag(contact, **flags)
    before = Order.objects.count(), Event.objects.count(), Workspace.objects.get().last_order_number

    with pytest.raises(Invalid, match=words) as refused:
        place(shop, contact)

    assert "on the customer’s page, then send again." in refused.value.message
    assert refused.value.field == "customerId"
    assert (Order.objects.count(), Event.objects.count(), Workspace.objects.get().last_order_number) == before


def test_once_a_flag_is_lifted_they_order_again_and_others_never_stopped(shop: Shop, contact: Contact) -> None:
    flag(contact, ordering_blocked=True)
    shop.order(customer="Somebody else")
    flag(contact, ordering_blocked=False)

    assert place(shop, contact).customer_id == contact.customer_id


@pytest.mark.feature("OR-8")
def test_a_draft_that_is_sent_again_gets_no_other_lines_and_what_stands_is_still_named(
    shop: Shop, contact: Contact
) -> None:
    order = place(shop, contact, external_id="o7")
    flag(contact, ordering_blocked=True)

    with pytest.raises(Invalid, match=BLOCKED):
        place(shop, contact, external_id="o7", lines=[NewLine("Tin", 9, LINES[0].unit_price)])

    assert place(shop, contact, external_id="o7") == order
    assert order.lines.count() == 2


def test_staff_still_mend_the_lines_of_an_order_that_stands(shop: Shop, contact: Contact) -> None:
    order = place(shop, contact)
    flag(contact, ordering_blocked=True)

    revise_order(viewer=shop.staff, order=order, lines=LINES[:1])

    assert order.lines.count() == 1


@pytest.mark.parametrize("who", [lambda shop: token_of(shop.member), partner_token], ids=["staff", "program"])
def test_the_api_refuses_whoever_asks(shop: Shop, contact: Contact, who: Callable[[Shop], str]) -> None:
    flag(contact, is_active=False)
    line = {"name": "Tin", "quantity": 1, "unitPrice": "1.00"}
    customer = f"customer_{contact.customer_id}"
    given = {"clientMutationKey": "1", "customerId": customer, "currency": "GBP", "lines": [line]}

    refused = post(PLACE, token=who(shop), input=given).data["placeOrder"]
    flag(contact, is_active=True)
    placed = post(PLACE, token=who(shop), input={**given, "clientMutationKey": "2"}).data["placeOrder"]

    assert (refused["code"], refused["field"]) == ("INVALID", "customerId")
    assert INACTIVE in refused["message"]
    assert "order" in placed


@pytest.mark.django_db(transaction=True)
def test_a_flag_that_is_set_while_an_order_comes_in_counts(shop: Shop, contact: Contact) -> None:
    def block() -> None:
        with transaction.atomic():
            Customer.objects.select_for_update().get(pk=contact.customer_id)
            flag(contact, ordering_blocked=True)

    _, refused = overlapping(block, lambda: place(shop, contact))

    assert isinstance(refused, Invalid)
    assert BLOCKED in refused.message
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_order_that_was_on_its_way_stands_before_the_flag_does(shop: Shop, contact: Contact) -> None:
    def block() -> int:
        flag(contact, ordering_blocked=True)
        return Order.objects.count()

    placed, seen = overlapping(lambda: place(shop, contact), block)

    assert isinstance(placed, Order)
    assert seen == 2


def test_pages_with_a_customers_orders_hear_of_a_new_one(shop: Shop, contact: Contact) -> None:
    topic = f"customer_{contact.customer_id}"
    before = Event.objects.filter(topic=topic, internal=False).count()
    place(shop, contact, external_id="o7")
    place(shop, contact, external_id="o7")

    [event] = Event.objects.filter(topic=topic, internal=False).order_by("pk")[before:]
    assert (event.kind, event.data) == ("customer.ordered", {})
