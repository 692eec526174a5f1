"""Parcels: all or chosen quantities of an order's lines, never more than was ordered (OR-2, OR-3)."""

from functools import partial

import pytest
from django.db import IntegrityError, transaction

from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.access.viewer import anonymous
from counterfoil.events.models import Event
from counterfoil.orders.actions import change_status
from counterfoil.orders.fulfilment import (
    correct_parcel,
    fulfil,
    fulfilment_state,
    is_web_address,
    move_parcel,
    set_hold,
)
from counterfoil.orders.models import Fulfilment, FulfilmentState, FulfilmentStatus, Order, OrderLine, OrderStatus
from tests.factories import Shop
from tests.together import together


def confirmed(shop: Shop) -> Order:
    """An order of 4 tins and 12 cutters that may be sent."""
    order = shop.order()
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    return order


def lines_of(order: Order) -> list[OrderLine]:
    return list(OrderLine.objects.filter(order=order).order_by("ordinal"))


def state_of(order: Order) -> tuple[str, list[int]]:
    """Where the order stands, and how much of each line has left."""
    return Order.objects.get(pk=order.pk).fulfilment, [line.fulfilled for line in lines_of(order)]


def kinds(order: Order) -> list[str]:
    return list(Event.objects.filter(topic=order.topic).order_by("id").values_list("kind", flat=True))


@pytest.mark.feature("OR-3")
def test_without_a_choice_a_parcel_takes_everything_that_is_left(shop: Shop) -> None:
    order = confirmed(shop)
    tins, cutters = lines_of(order)

    fulfil(viewer=shop.staff, order=order, quantities={tins.pk: 1, cutters.pk: 0})
    assert state_of(order) == (FulfilmentState.PARTIALLY_FULFILLED, [1, 0])
    second = fulfil(
        viewer=shop.staff,
        order=order,
        carrier=" Royal Mail ",
        tracking_number="AB 123",
        tracking_url="https://track.example/AB%20123?x=1",
    )

    assert state_of(order) == (FulfilmentState.FULFILLED, [4, 12])
    assert (second.ordinal, second.carrier, second.status) == (2, "Royal Mail", FulfilmentStatus.SHIPPED)
    assert dict(second.lines.values_list("line", "quantity")) == {tins.pk: 3, cutters.pk: 12}
    assert kinds(order)[-2:] == ["order.parcel_sent"] * 2
    with pytest.raises(Invalid, match="Nothing is left to send of this order: everything has left"):
        fulfil(viewer=shop.staff, order=order)
    with pytest.raises(Invalid, match="nothing in this parcel"):
        fulfil(viewer=shop.staff, order=order, quantities={tins.pk: 0})


@pytest.mark.feature("OR-3")
@pytest.mark.parametrize("quantity", [-1, 5, 10**9, 2**63])
def test_more_than_is_left_is_refused_and_nothing_is_sent(shop: Shop, quantity: int) -> None:
    order = confirmed(shop)
    tins, cutters = lines_of(order)

    with pytest.raises(Invalid) as refusal:
        fulfil(viewer=shop.staff, order=order, quantities={cutters.pk: 12, tins.pk: quantity})

    assert refusal.value.field == "lines"
    assert refusal.value.message.startswith("Of Tea tin, retro spot 4 of 4 are left to send")
    assert state_of(order) == (FulfilmentState.UNFULFILLED, [0, 0])
    assert Fulfilment.objects.count() == 0


@pytest.mark.feature("OR-3")
def test_a_line_of_another_order_is_not_found(shop: Shop, other_shop: Shop) -> None:
    order = confirmed(shop)

    for other in (confirmed(shop), confirmed(other_shop)):
        with pytest.raises(NotFound):
            fulfil(viewer=shop.staff, order=order, quantities={lines_of(other)[0].pk: 1})
    with pytest.raises(NotFound):
        fulfil(viewer=other_shop.staff, order=order)


@pytest.mark.feature("OR-3")
@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "JaVaScRiPt:x",
        "//no.scheme",
        "ftp://x.example",
        "https://",
        "https://a b",
        "http://[",
        "https:///path",
        "\x01https://x.example",
        "#☠1☢",
    ],
)
def test_a_tracking_address_that_is_none_of_the_web_is_refused(shop: Shop, address: str) -> None:
    order = confirmed(shop)

    with pytest.raises(Invalid) as refusal:
        fulfil(viewer=shop.staff, order=order, tracking_url=address)

    assert refusal.value.field == "trackingUrl"
    assert Fulfilment.objects.count() == 0


def test_what_is_an_address_of_the_web() -> None:
    assert is_web_address("http://track.example/#☠1☢")
    assert is_web_address("HTTPS://TRACK.EXAMPLE")


@pytest.mark.parametrize(
    ("field", "name"), [("carrier", "carrier"), ("tracking_number", "trackingNumber"), ("tracking_url", "trackingUrl")]
)
def test_what_is_too_long_is_refused_by_its_name(shop: Shop, field: str, name: str) -> None:
    order = confirmed(shop)

    with pytest.raises(Invalid) as refusal:
        fulfil(viewer=shop.staff, order=order, **{field: "https://x.example/" + "x" * 500})

    assert refusal.value.field == name


@pytest.mark.feature("OR-2")
def test_what_is_no_confirmed_order_or_is_on_hold_is_not_sent(shop: Shop) -> None:
    order = shop.order()
    with pytest.raises(Invalid, match="draft"):
        fulfil(viewer=shop.staff, order=order)

    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    set_hold(viewer=shop.staff, order=order, on_hold=True)
    set_hold(viewer=shop.staff, order=order, on_hold=True)
    assert state_of(order)[0] == FulfilmentState.ON_HOLD
    with pytest.raises(Invalid, match="on hold"):
        fulfil(viewer=shop.staff, order=order)
    set_hold(viewer=shop.staff, order=order, on_hold=False)
    assert state_of(order)[0] == FulfilmentState.UNFULFILLED
    assert kinds(order)[-2:] == ["order.held", "order.released"]

    change_status(viewer=shop.staff, order=order, status=OrderStatus.CANCELLED)
    assert state_of(order)[0] == FulfilmentState.CANCELLED
    with pytest.raises(Invalid, match="cancelled"):
        fulfil(viewer=shop.staff, order=order)


def test_an_order_of_which_a_part_has_left_can_not_become_a_draft(shop: Shop) -> None:
    order = confirmed(shop)
    fulfil(viewer=shop.staff, order=order, quantities={lines_of(order)[0].pk: 1})

    with pytest.raises(Invalid, match="left already"):
        change_status(viewer=shop.staff, order=order, status=OrderStatus.DRAFT)


@pytest.mark.feature("OR-3")
def test_a_parcel_that_is_cancelled_leaves_its_units_to_send_again(shop: Shop) -> None:
    order = confirmed(shop)
    parcel = fulfil(viewer=shop.staff, order=order)

    move_parcel(viewer=shop.staff, fulfilment=parcel, status=FulfilmentStatus.CANCELLED)
    move_parcel(viewer=shop.staff, fulfilment=parcel, status=FulfilmentStatus.CANCELLED)

    assert state_of(order) == (FulfilmentState.UNFULFILLED, [0, 0])
    assert kinds(order).count("order.parcel_moved") == 1
    with pytest.raises(Invalid):
        move_parcel(viewer=shop.staff, fulfilment=parcel, status=FulfilmentStatus.SHIPPED)
    fulfil(viewer=shop.staff, order=order)
    assert state_of(order) == (FulfilmentState.FULFILLED, [4, 12])


def test_a_parcel_is_corrected_and_the_same_again_is_no_change(shop: Shop) -> None:
    order = confirmed(shop)
    parcel = fulfil(viewer=shop.staff, order=order)

    for _ in range(2):
        correct_parcel(
            viewer=shop.staff,
            fulfilment=parcel,
            carrier="DPD",
            tracking_number="7",
            tracking_url="http://dpd.example/7",
        )

    parcel.refresh_from_db()
    assert (parcel.carrier, parcel.tracking_number, parcel.tracking_url) == ("DPD", "7", "http://dpd.example/7")
    assert kinds(order).count("order.parcel_corrected") == 1


def test_who_may_not_send_changes_nothing(shop: Shop) -> None:
    order = confirmed(shop)
    for viewer in (shop.guest(order), anonymous(shop.workspace.pk)):
        with pytest.raises(Forbidden):
            fulfil(viewer=viewer, order=order)
        with pytest.raises(Forbidden):
            set_hold(viewer=viewer, order=order, on_hold=True)

    assert state_of(order) == (FulfilmentState.UNFULFILLED, [0, 0])


@pytest.mark.feature("OR-3")
@pytest.mark.django_db(transaction=True)
def test_of_two_packers_on_the_last_units_at_the_same_moment_one_is_told(shop: Shop) -> None:
    for _ in range(5):
        order = confirmed(shop)
        tins, cutters = lines_of(order)
        choices = ({tins.pk: 4}, {tins.pk: 4, cutters.pk: 1})
        results = together(*(partial(fulfil, viewer=shop.staff, order=order, quantities=some) for some in choices))

        refused = [result for result in results if isinstance(result, Exception)]
        assert [type(result) for result in refused] == [Invalid], results
        assert str(refused[0]) == "Nothing is left to send of Tea tin, retro spot: all 4 have left."
        assert lines_of(order)[0].fulfilled == 4
        assert Fulfilment.objects.filter(order=order).count() == 1


def test_the_database_itself_refuses_to_send_more_than_was_ordered(shop: Shop) -> None:
    line = lines_of(confirmed(shop))[0]

    for fulfilled, returned in ((5, 0), (2, 3)):
        with pytest.raises(IntegrityError), transaction.atomic():
            OrderLine.objects.filter(pk=line.pk).update(fulfilled=fulfilled, returned=returned)


@pytest.mark.once
@pytest.mark.feature("OR-2")
@pytest.mark.parametrize(
    ("status", "on_hold", "fulfilled", "returned", "state"),
    [
        ("draft", False, 0, 0, "unfulfilled"),
        ("confirmed", False, 3, 0, "partially_fulfilled"),
        ("confirmed", False, 3, 3, "partially_fulfilled"),
        ("invoiced", False, 10, 9, "fulfilled"),
        ("invoiced", False, 10, 10, "refunded"),
        ("confirmed", True, 3, 0, "on_hold"),
        ("confirmed", True, 10, 0, "fulfilled"),
        ("cancelled", True, 0, 0, "cancelled"),
        ("cancelled", True, 3, 0, "partially_fulfilled"),
    ],
)
def test_where_ten_units_stand(status: str, on_hold: bool, fulfilled: int, returned: int, state: str) -> None:
    found = fulfilment_state(OrderStatus(status), on_hold=on_hold, ordered=10, fulfilled=fulfilled, returned=returned)

    assert found == state
