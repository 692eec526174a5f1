"""The order axis: draft → confirmed → invoiced; confirmed → draft; draft, confirmed → cancelled (OR-6)."""

from functools import partial
from itertools import product

import pytest
from django.db import IntegrityError, transaction

from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.access.viewer import Role, anonymous
from counterfoil.events.models import Event
from counterfoil.orders.actions import change_status
from counterfoil.orders.models import Order, OrderStatus
from tests.factories import Shop
from tests.together import overlapping, together

STEPS = {
    ("draft", "confirmed"),
    ("draft", "cancelled"),
    ("confirmed", "draft"),
    ("confirmed", "invoiced"),
    ("confirmed", "cancelled"),
}


def changes() -> list[dict[str, str]]:
    """The changes of status in the log."""
    return list(Event.objects.filter(kind="order.status_changed").order_by("id").values_list("data", flat=True))


def order_in(shop: Shop, status: str) -> Order:
    order = shop.order()
    Order.objects.filter(pk=order.pk).update(status=status)
    return order


@pytest.mark.feature("OR-6")
@pytest.mark.parametrize(("before", "after"), list(product(OrderStatus.values, OrderStatus.values)))
def test_an_order_takes_exactly_the_steps_of_its_axis(shop: Shop, before: str, after: str) -> None:
    order = order_in(shop, before)

    if (before, after) in STEPS:
        change_status(viewer=shop.staff, order=order, status=OrderStatus(after))
        assert Order.objects.get().status == after
        assert changes() == [{"from": before, "to": after}]
        return
    if before == after:
        change_status(viewer=shop.staff, order=order, status=OrderStatus(after))
    else:
        with pytest.raises(Invalid) as refusal:
            change_status(viewer=shop.staff, order=order, status=OrderStatus(after))
        assert refusal.value.field == "status"
        assert refusal.value.message == f"An order that is {before} can't become {after}."
    assert Order.objects.get().status == before
    assert changes() == []


@pytest.mark.feature("OR-6")
def test_a_change_is_noted_with_who_made_it(shop: Shop) -> None:
    order = shop.order()
    tom = shop.hire("Tom", Role.SHOP_MANAGER)

    change_status(viewer=tom, order=order, status=OrderStatus.CONFIRMED)

    event = Event.objects.get(kind="order.status_changed")
    assert (event.actor, event.topic, event.internal) == (tom.reference, f"order_{order.pk}", False)


@pytest.mark.feature("OR-6")
def test_the_order_in_the_callers_hand_may_be_old(shop: Shop) -> None:
    order = shop.order()
    Order.objects.filter(pk=order.pk).update(status="invoiced")

    with pytest.raises(Invalid, match="An order that is invoiced can't become confirmed"):
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)

    assert order.status == "draft"
    assert Order.objects.get().status == "invoiced"


def test_nobody_but_staff_changes_a_status(shop: Shop) -> None:
    order = shop.order()

    for viewer in (shop.guest(order), anonymous(shop.workspace.pk)):
        with pytest.raises(Forbidden, match="orders:write"):
            change_status(viewer=viewer, order=order, status=OrderStatus.CANCELLED)

    assert Order.objects.get().status == "draft"
    assert changes() == []


def test_staff_of_another_workspace_do_not_find_the_order(shop: Shop, other_shop: Shop) -> None:
    order = shop.order()

    with pytest.raises(NotFound):
        change_status(viewer=other_shop.staff, order=order, status=OrderStatus.CANCELLED)

    assert Order.objects.get().status == "draft"
    assert changes() == []


@pytest.mark.feature("OR-6")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("faster", "slower"), [("invoiced", "cancelled"), ("cancelled", "invoiced")])
def test_of_two_staff_at_once_the_slower_is_told(shop: Shop, faster: str, slower: str) -> None:
    order = order_in(shop, "confirmed")

    first, second = overlapping(
        *(
            partial(change_status, viewer=viewer, order=order, status=OrderStatus(status))
            for viewer, status in ((shop.staff, faster), (shop.hire("Tom"), slower))
        )
    )

    assert first is None
    assert isinstance(second, Invalid)
    assert second.message == f"An order that is {faster} can't become {slower}."
    assert Order.objects.get().status == faster
    assert changes() == [{"from": "confirmed", "to": faster}]


@pytest.mark.django_db(transaction=True)
def test_two_staff_who_want_the_same_step_take_it_once(shop: Shop) -> None:
    order = shop.order()

    results = together(*4 * [partial(change_status, viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)])

    assert results == [None] * 4
    assert changes() == [{"from": "draft", "to": "confirmed"}]


def test_the_database_knows_no_other_status(shop: Shop) -> None:
    order = shop.order()

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(status="lost")
    assert Order.objects.get().status == "draft"
