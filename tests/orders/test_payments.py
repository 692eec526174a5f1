"""Noting payments: where an order stands on the payment axis, whatever the other two say (OR-2)."""

from decimal import Decimal

import pytest

from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.events.models import Event
from counterfoil.orders.actions import change_status
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.orders.payments import record_payment
from tests.factories import NewLine, Shop, make_shop
from tests.together import together


def standing(order: Order) -> tuple[str, Decimal, Decimal]:
    found = Order.objects.get(pk=order.pk)
    return found.payment.value, found.paid, found.refunded


@pytest.mark.feature("OR-2")
def test_payments_move_the_order_along_its_payment_axis_alone(shop: Shop) -> None:
    order = shop.order(lines=(NewLine("Tin", 1, Decimal("100.00")),))
    seen = []
    for amount in ("40.00", "60.00", "-25.00", "-75.00"):
        record_payment(viewer=shop.staff, order=order, amount=Decimal(amount))
        seen.append(standing(order))

    assert seen == [
        ("partially_paid", Decimal(40), 0),
        ("paid", Decimal(100), 0),
        ("partially_refunded", Decimal(100), Decimal(25)),
        ("refunded", Decimal(100), Decimal(100)),
    ]
    found = Order.objects.get(pk=order.pk)
    assert (found.status, found.fulfilment) == ("draft", "unfulfilled")
    events = Event.objects.filter(kind__contains="payment").order_by("pk")
    assert list(events.values_list("kind", "data", "internal")) == [
        ("order.payment_taken", {"amount": "40.00", "currency": "GBP"}, False),
        ("order.payment_taken", {"amount": "60.00", "currency": "GBP"}, False),
        ("order.payment_returned", {"amount": "25.00", "currency": "GBP"}, False),
        ("order.payment_returned", {"amount": "75.00", "currency": "GBP"}, False),
    ]


@pytest.mark.feature("OR-2")
@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("0", "0 is no amount in GBP: use whole steps of 0.01."),
        ("0.005", "0.005 is no amount in GBP"),
        ("-10.01", "Only 10.00 GBP can be given back."),
        ("NaN", "NaN is no price"),
        ("Infinity", "Infinity is no price"),
        ("1E20", "1E+20 is no price"),
        ("99999999999.99", "An order takes at most 99,999,999,999.9999 GBP."),
    ],
)
def test_an_amount_that_can_not_be_is_refused_and_nothing_changes(shop: Shop, amount: str, told: str) -> None:
    order = shop.order()
    record_payment(viewer=shop.staff, order=order, amount=Decimal("10.00"))

    with pytest.raises(Invalid) as refused:
        record_payment(viewer=shop.staff, order=order, amount=Decimal(amount))

    assert refused.value.message.startswith(told)
    assert refused.value.field == "amount"
    assert standing(order)[1:] == (Decimal(10), 0)


def test_a_cancelled_orders_money_can_be_given_back(shop: Shop) -> None:
    order = shop.order()
    record_payment(viewer=shop.staff, order=order, amount=order.total)
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CANCELLED)

    record_payment(viewer=shop.staff, order=order, amount=-order.total)

    assert standing(order)[0] == "refunded"


def test_customers_and_strangers_note_nothing(shop: Shop, other_shop: Shop) -> None:
    order = shop.order()

    with pytest.raises(Forbidden):
        record_payment(viewer=shop.guest(order), order=order, amount=Decimal(1))
    with pytest.raises(NotFound):
        record_payment(viewer=other_shop.staff, order=order, amount=Decimal(1))
    assert standing(order)[0] == "not_charged"


@pytest.mark.feature("OR-2")
def test_two_refunds_at_the_same_moment_never_give_back_more_than_there_is(transactional_db: None) -> None:
    shop = make_shop()
    order = shop.order()
    record_payment(viewer=shop.staff, order=order, amount=Decimal("10.00"))

    def give_back() -> None:
        record_payment(viewer=shop.staff, order=order, amount=Decimal("-6.00"))

    refused = [answer for answer in together(give_back, give_back) if answer is not None]

    assert [str(answer) for answer in refused] == ["Only 4.00 GBP can be given back."]
    assert standing(order) == ("partially_refunded", Decimal(10), Decimal(6))
