"""Which orders a viewer sees, and finding one among them."""

from decimal import Decimal
from itertools import product

import pytest

from counterfoil.access.links import order_keys
from counterfoil.access.search import words_to_look_for
from counterfoil.access.viewer import Viewer, ViewerKind, anonymous
from counterfoil.customers.queries import signed_in
from counterfoil.orders.actions import change_status
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import Order, OrderStatus, PaymentState
from counterfoil.orders.queries import (
    fulfilments_visible_to,
    guest,
    in_payment,
    lines_visible_to,
    matching,
    numbered,
    opened_by,
    visible_to,
)
from tests.factories import Shop


def test_staff_see_the_orders_of_their_workspace_alone(shop: Shop, other_shop: Shop) -> None:
    ours, theirs = [shop.order(), shop.order()], other_shop.order()

    assert list(visible_to(shop.staff).order_by("pk")) == ours
    assert list(visible_to(other_shop.staff)) == [theirs]
    assert {line.order_id for line in lines_visible_to(other_shop.staff)} == {theirs.pk}


@pytest.mark.feature("CN-8")
def test_a_guest_sees_the_one_order_of_their_key(shop: Shop) -> None:
    order, _other = shop.order(), shop.order()

    viewer = shop.guest(order)

    assert list(visible_to(viewer)) == [order]
    assert {line.order_id for line in lines_visible_to(viewer)} == {order.pk}


def test_a_guest_of_no_order_or_of_another_workspace_sees_nothing(shop: Shop, other_shop: Shop) -> None:
    order = shop.order()
    keyless = Viewer(kind=ViewerKind.GUEST, workspace_id=shop.workspace.pk)
    elsewhere = Viewer(
        kind=ViewerKind.GUEST, workspace_id=other_shop.workspace.pk, order_id=order.pk, key_version=order.key_version
    )

    for viewer in (keyless, elsewhere, anonymous(shop.workspace.pk)):
        assert not visible_to(viewer).exists()
        assert not lines_visible_to(viewer).exists()


def test_the_guest_of_a_key_is_called_as_the_contact_is(shop: Shop) -> None:
    order = shop.order(contact="Ana Reis")
    opened = opened_by(order_keys.derive(order.pk, 1), workspace_id=shop.workspace.pk)
    assert opened is not None

    assert guest(opened) == Viewer(
        kind=ViewerKind.GUEST, workspace_id=shop.workspace.pk, name="Ana Reis", order_id=order.pk, key_version=1
    )


def test_orders_are_narrowed_by_state_payment_moment_and_what_the_viewer_sees(shop: Shop, other_shop: Shop) -> None:
    confirmed, draft = shop.order(), shop.order()
    other_shop.order()
    Order.objects.filter(pk=confirmed.pk).update(status="confirmed", paid=confirmed.total)
    mine = visible_to(shop.staff).order_by("pk")

    assert list(matching(mine)) == [confirmed, draft]
    assert list(matching(mine, status=OrderStatus.CONFIRMED)) == [confirmed]
    assert list(matching(mine, status=OrderStatus.DRAFT)) == [draft]
    assert not matching(mine, status=OrderStatus.INVOICED).exists()
    assert list(matching(mine, payment=PaymentState.PAID)) == [confirmed]
    assert list(matching(mine, payment=PaymentState.NOT_CHARGED)) == [draft]
    assert list(matching(mine, placed_from=draft.placed_at)) == [draft]
    assert list(matching(mine, store_id=shop.store.pk, customer_id=draft.customer_id)) == [draft]
    assert not matching(mine, store_id=other_shop.store.pk).exists()


@pytest.mark.parametrize("number", ["", "INV", "inv-7", "INV-7 ", "INV-7\0", "\ud800", "%"], ids=ascii)
def test_a_number_finds_its_order_when_it_is_exactly_that(shop: Shop, number: str) -> None:
    order = shop.order(number="INV-7")

    assert list(numbered(visible_to(shop.staff), "INV-7")) == [order]
    assert not numbered(visible_to(shop.staff), number).exists()


@pytest.mark.parametrize(
    ("number", "in_address"),
    [("4137", "4137"), ("a&b=c+d", "a%26b%3Dc%2Bd"), ("№7", "%E2%84%967"), ("🫖", "%F0%9F%AB%96")],
)
def test_a_customers_link_carries_the_number_and_the_key(shop: Shop, number: str, in_address: str) -> None:
    order = shop.order(number=number)

    assert order.guest_url == f"http://fennel.test/order/{in_address}?key={order_keys.derive(order.pk, 1)}"


def test_a_search_of_a_thousand_words_finds_nothing_and_costs_nothing(shop: Shop) -> None:
    shop.order(number="A-1")

    assert words_to_look_for("a " * 1000) is None
    assert words_to_look_for("a " * 100) == ["a"]
    assert words_to_look_for(" ".join("abcdefghijkl")) == list("abcdefghij")


def test_lines_and_parcels_are_seen_by_who_sees_their_order(shop: Shop, other_shop: Shop) -> None:
    order, other, foreign = shop.order(), shop.order(email="ben@harbour.example"), other_shop.order()
    for staff, sent in ((shop.staff, order), (shop.staff, other), (other_shop.staff, foreign)):
        change_status(viewer=staff, order=sent, status=OrderStatus.CONFIRMED)
        fulfil(viewer=staff, order=sent)
    rotated = Viewer(kind=ViewerKind.GUEST, workspace_id=shop.workspace.pk, order_id=order.pk, key_version=2)
    viewers = [
        (shop.staff, {order.pk, other.pk}),
        (other_shop.staff, {foreign.pk}),
        (shop.guest(order), {order.pk}),
        (rotated, set()),
        (signed_in(other.contact), {other.pk}),
        (anonymous(shop.workspace.pk), set()),
    ]
    for viewer, seen in viewers:
        assert {found.pk for found in visible_to(viewer)} == seen
        assert {line.order_id for line in lines_visible_to(viewer)} == seen
        assert {parcel.order_id for parcel in fulfilments_visible_to(viewer)} == seen


@pytest.mark.feature("OR-2")
def test_orders_are_found_by_the_state_of_payment_that_they_are_told_to_be_in(shop: Shop) -> None:
    amounts = [Decimal(amount) for amount in ("-1", "0", "4", "9.99", "10", "12")]
    template = shop.order()
    for at, (total, paid, refunded) in enumerate(product([Decimal(0), Decimal(10)], amounts, amounts)):
        template.pk, template.number = None, f"P-{at}"
        template.total, template.paid, template.refunded = total, paid, refunded
        template.save()
    orders = list(Order.objects.filter(number__startswith="P-"))

    assert {order.payment for order in orders} == set(PaymentState)
    for state in PaymentState:
        found = set(Order.objects.filter(in_payment([state]), number__startswith="P-"))
        assert found == {order for order in orders if order.payment is state}, state
    two = Order.objects.filter(in_payment(["paid", "refunded"]), number__startswith="P-")
    assert set(two) == {order for order in orders if order.payment in {"paid", "refunded"}}
    assert not Order.objects.filter(in_payment([])).exists()
