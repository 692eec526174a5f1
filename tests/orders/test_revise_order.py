"""Other lines for an order, while it is a draft (OR-8)."""

from decimal import Decimal

import pytest

from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.events.models import Event
from counterfoil.orders.actions import NewLine, change_status, place_order, revise_order
from counterfoil.orders.models import Order, OrderStatus
from tests.factories import LINES, Shop

TWINE = NewLine("Jute twine", 20, Decimal("1.95"), sku="TW-02")


@pytest.mark.feature("OR-8")
def test_a_draft_gets_other_lines_and_another_total(shop: Shop) -> None:
    order = shop.order()

    for _ in range(2):
        revise_order(viewer=shop.staff, order=order, lines=[TWINE, LINES[0]])

    assert list(order.lines.order_by("ordinal").values_list("name", "quantity")) == [
        ("Jute twine", 20),
        ("Tea tin, retro spot", 4),
    ]
    assert Order.objects.get().total == Decimal("135.00")
    assert Event.objects.filter(kind="order.revised").count() == 1


@pytest.mark.feature("OR-8")
def test_an_order_that_is_no_draft_keeps_its_lines(shop: Shop, other_shop: Shop) -> None:
    order = shop.order()
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)

    revise_order(viewer=shop.staff, order=order, lines=LINES)  # the same is no change
    with pytest.raises(Invalid, match="back to draft"):
        revise_order(viewer=shop.staff, order=order, lines=[TWINE])
    with pytest.raises(Forbidden):
        revise_order(viewer=shop.guest(order), order=order, lines=[TWINE])
    with pytest.raises(NotFound):
        revise_order(viewer=other_shop.staff, order=order, lines=[TWINE])

    assert order.lines.count() == 2


@pytest.mark.parametrize(
    "line",
    [
        NewLine("", 1, Decimal(1)),
        NewLine("x" * 301, 1, Decimal(1)),
        NewLine("Tin", 1, Decimal(1), sku="x" * 81),
        NewLine("Tin", 1, Decimal(1), unit="a\0"),
    ],
)
def test_texts_that_a_line_can_not_keep_are_refused(shop: Shop, line: NewLine) -> None:
    order = shop.order()

    with pytest.raises(Invalid) as refusal:
        revise_order(viewer=shop.staff, order=order, lines=[line])
    assert refusal.value.field == "lines"
    with pytest.raises(Invalid):
        place_order(viewer=shop.staff, store=shop.store, contact=order.contact, currency="GBP", lines=[line])
    assert Order.objects.count() == 1
