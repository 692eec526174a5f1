"""What the schema tells of what customers may change, and how they change it (OR-7)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.access.viewer import Viewer
from counterfoil.customers.links import by_link
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import signed_in
from counterfoil.events.models import Event
from counterfoil.orders.actions import place_order
from counterfoil.orders.models import Order
from counterfoil.workspaces.actions import set_order_editing
from tests.conftest import Ask
from tests.factories import ADDRESSES, LINES, Shop
from tests.posting import key_of, post, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.feature("OR-7")]

TOLD = '{ orderByNumber(number: "INV-7") { note editable { address note quantities cancel until reason } } }'
MANY = """{ orders(first: 100) { nodes { note editable { quantities until } } } }"""
EDIT = """mutation ($input: EditOrderInput!) { done: editOrder(input: $input) {
    ... on EditOrderSuccess { order { note total { amount } lines(first: 9) { nodes { id quantity } } } }
    ... on Problem { code field message } } }"""
PLACE = """mutation ($input: PlaceOrderInput!) { done: placeOrder(input: $input) {
    ... on PlaceOrderSuccess { order { note } } ... on Problem { code field message } } }"""
SET = """mutation ($input: SetOrderEditingInput!) { done: setOrderEditing(input: $input) {
    ... on SetOrderEditingSuccess { workspace { orderEditing { address note quantities cancel minutes } } }
    ... on Problem { code field message } } }"""


@pytest.fixture
def order(shop: Shop) -> Order:
    set_order_editing(viewer=shop.staff, address=True, note=True, quantities=True, cancel=True)
    order = shop.order(number="INV-7", addresses=ADDRESSES)
    Order.objects.filter(pk=order.pk).update(note="Ring.")
    return order


def test_each_viewer_is_told_what_they_may_change(shop: Shop, order: Order, ask: Ask) -> None:
    customer = Customer.objects.get(pk=order.customer_id)
    viewers = {
        "guest": shop.guest(order),
        "contact": signed_in(order.contact),
        "customer": by_link(customer),
        "staff": shop.staff,
    }

    told = {who: ask(viewer, TOLD)["orderByNumber"] for who, viewer in viewers.items()}

    assert {who: one["note"] for who, one in told.items()} == {
        "guest": "Ring.",
        "contact": "Ring.",
        "customer": None,
        "staff": "Ring.",
    }
    assert (told["customer"]["editable"], told["staff"]["editable"]) == (None, None)
    for who, address in (("guest", False), ("contact", True)):
        found = told[who]["editable"]
        assert (found["address"], found["note"], found["quantities"], found["cancel"]) == (address, True, True, True)
        assert (found["reason"], found["until"] is None) == (None, False)


@pytest.mark.parametrize("who", ["contact", "staff"])
def test_many_orders_cost_no_more_statements_than_one(shop: Shop, order: Order, ask: Ask, who: str) -> None:
    viewer = shop.staff if who == "staff" else signed_in(order.contact)

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert ask(viewer, MANY)["orders"]["nodes"]
        return len(captured)

    one = statements()
    for _ in range(12):
        place_order(viewer=shop.staff, store=shop.store, contact=order.contact, currency="GBP", lines=LINES)

    assert statements() == one == (2 if who == "staff" else 3)


def test_a_program_that_holds_the_orders_key_edits_once_a_key(order: Order) -> None:
    line = f"line_{order.lines.get(ordinal=1).pk}"
    given = {"clientMutationKey": "1", "orderId": f"order_{order.pk}", "lines": [{"lineId": line, "quantity": 6}]}

    for _ in range(2):
        done = post(EDIT, token=key_of(order), input=given).data["done"]["order"]
        assert (done["total"]["amount"], done["lines"]["nodes"][0]["quantity"]) == ("214.20", 6)
    other = post(EDIT, token=key_of(order), input={**given, "note": "Knock."}).data["done"]

    assert (other["code"], other["field"]) == ("KEY_REUSED", "clientMutationKey")
    assert Event.objects.filter(kind="order.revised").count() == 1


def test_a_line_is_named_once(order: Order) -> None:
    line = {"lineId": f"line_{order.lines.get(ordinal=1).pk}", "quantity": 6}
    given = {"clientMutationKey": "1", "orderId": f"order_{order.pk}", "lines": [line, {**line, "quantity": 2}]}

    assert post(EDIT, token=key_of(order), input=given).data["done"] == {
        "code": "INVALID",
        "field": "lines",
        "message": "Name each line once.",
    }


def test_codes_tell_programs_why(shop: Shop, order: Order) -> None:
    given = {"orderId": f"order_{order.pk}"}
    address = {"name": "Ana", "street": "1 Quay", "city": "Whitby", "country": "GB"}

    def code(key: str, **more: Any) -> tuple[str, str | None]:
        done = post(EDIT, token=key_of(order), input={"clientMutationKey": key, **given, **more}).data["done"]
        return done["code"], done["field"]

    assert code("1", deliveryAddress=address) == ("FORBIDDEN", "deliveryAddress")
    assert code("2", lines=[{"lineId": "line_0", "quantity": 1}]) == ("NOT_FOUND", "lines")
    assert code("3", note="x" * 2001) == ("INVALID", "note")
    set_order_editing(viewer=shop.staff, note=False)
    assert code("4", note="Knock.") == ("FORBIDDEN", "note")


def test_an_order_is_placed_with_a_note(shop: Shop) -> None:
    customer = f"customer_{shop.order().customer_id}"
    given = {"customerId": customer, "currency": "GBP", "lines": [{"name": "Tin", "quantity": 1, "unitPrice": "1.00"}]}
    ask: Callable[..., Any] = lambda key, note: post(  # noqa: E731
        PLACE, token=token_of(shop.member), input={"clientMutationKey": key, **given, "note": note}
    ).data["done"]

    assert ask("1", " Ring. ") == {"order": {"note": "Ring."}}
    assert ask("2", None) == {"order": {"note": ""}}
    assert ask("3", "x" * 2001)["field"] == "note"


def test_two_admins_who_turn_different_switches_do_not_undo_each_other(shop: Shop, ask: Ask) -> None:
    def change(viewer: Viewer, **given: Any) -> dict[str, Any]:
        done = ask(viewer, SET, input={"clientMutationKey": str(given), **given})["done"]
        found: dict[str, Any] = done["workspace"]["orderEditing"]
        return found

    change(shop.staff, note=True)
    change(shop.hire("Ada", shop.staff.role or "admin"), cancel=True)

    assert change(shop.staff, minutes=60) == {
        "address": False,
        "note": True,
        "quantities": False,
        "cancel": True,
        "minutes": 60,
    }
    refused = ask(shop.staff, SET, input={"clientMutationKey": "0", "minutes": 0})["done"]
    assert (refused["code"], refused["field"]) == ("INVALID", "minutes")
    assert Event.objects.filter(kind="order_editing.changed").count() == 3
