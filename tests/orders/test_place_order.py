"""Placing an order: what it becomes, what is refused, and its number."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from counterfoil.access import clock
from counterfoil.access.problems import Forbidden, Invalid
from counterfoil.access.viewer import Role, anonymous
from counterfoil.customers.actions import create_customer
from counterfoil.events.models import Event
from counterfoil.orders.actions import NewLine, place_order
from counterfoil.orders.models import Order, OrderLine
from counterfoil.workspaces.models import Workspace
from tests.factories import LINES, Shop
from tests.together import overlapping, together

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TIN = NewLine("Tea tin, retro spot", 4, Decimal("24.00"), sku="TT-22", unit="case of 12")

type Place = Callable[..., Order]


@pytest.fixture
def place(shop: Shop) -> Place:
    """Place an order of Mara's one customer: `place(currency="JPY")`."""
    contact = create_customer(viewer=shop.staff, name="Harbour Café", contact_name="Ana", email="ana@harbour.example")
    given: dict[str, Any] = {"viewer": shop.staff, "store": shop.store, "contact": contact}
    return partial(place_order, **given, currency="GBP", lines=LINES)


def counts(shop: Shop) -> tuple[int, int, int, int]:
    """Everything that a refusal must leave alone."""
    number = Workspace.objects.get(pk=shop.workspace.pk).last_order_number
    return Order.objects.count(), OrderLine.objects.count(), Event.objects.count(), number


def test_an_order_is_a_draft_with_a_snapshot_of_its_lines(shop: Shop, place: Place) -> None:
    with clock.at(NOON):
        order = Order.objects.get(pk=place().pk)

    assert (order.workspace, order.store, order.contact.name) == (shop.workspace, shop.store, "Ana")
    assert order.customer == order.contact.customer
    assert (order.number, order.status, order.placed_at) == ("1001", "draft", NOON)
    assert (order.currency, order.total) == ("GBP", Decimal("166.20"))
    assert (order.key_version, order.wants_mail) == (1, True)
    assert list(order.lines.order_by("ordinal").values_list("ordinal", "name", "sku", "unit", "quantity")) == [
        (1, "Tea tin, retro spot", "TT-22", "case of 12", 4),
        (2, "Biscuit cutters, set of 3", "BC-07", "", 12),
    ]
    assert [str(line.total) for line in order.lines.order_by("ordinal")] == ["96.0000", "70.2000"]


def test_the_log_notes_a_new_order(shop: Shop, place: Place) -> None:
    order = place()

    event = Event.objects.latest("id")
    assert (event.kind, event.topic, event.internal) == ("order.placed", f"order_{order.pk}", False)
    assert event.workspace == shop.workspace


def test_an_order_of_another_day_keeps_its_day(place: Place) -> None:
    assert Order.objects.get(pk=place(placed_at=NOON).pk).placed_at == NOON


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"lines": ()}, "lines", "An order needs at least one line."),
        ({"lines": (NewLine("Tin", 0, Decimal(1)),)}, "lines", "whole number from 1"),
        ({"lines": (TIN, NewLine("Tin", -1, Decimal(1)))}, "lines", "whole number from 1"),
        ({"lines": (NewLine("Tin", 2**31, Decimal("0.01")),)}, "lines", "to 2,147,483,647"),
        ({"lines": (NewLine("Tin", 1, Decimal("0.00005")),)}, "lines", "0.00005 is no price"),
        ({"lines": (TIN, NewLine("Tin", 1, Decimal("NaN")))}, "lines", "NaN is no price"),
        ({"lines": (NewLine("Tin", 1, Decimal("Infinity")),)}, "lines", "Infinity is no price"),
        ({"lines": (NewLine("Tin", 1, Decimal(10) ** 11),)}, "lines", "is no price"),
        ({"lines": (NewLine("Tin", 2, Decimal("50000000000.00")),)}, "lines", "The order comes to more than"),
        ({"lines": 2 * (NewLine("Tin", 1, Decimal("50000000000.00")),)}, "lines", "The order comes to more than"),
        ({"currency": "ZZZ"}, "currency", "'ZZZ' is no currency code"),
        ({"currency": ""}, "currency", "'' is no currency code"),
        ({"number": ""}, "number", "1 to 40 characters"),
        ({"number": "4" * 41}, "number", "1 to 40 characters"),
        ({"number": "A 1"}, "number", "none of them a space"),
        ({"number": "A\u00a01"}, "number", "none of them a space"),
        ({"number": "A/1"}, "number", "none of them a space or one of"),
        ({"number": "A?1"}, "number", "none of them a space or one of"),
        ({"number": "A#1"}, "number", "none of them a space or one of"),
        ({"number": "100%"}, "number", "none of them a space or one of"),
        ({"number": "A\\1"}, "number", "none of them a space or one of"),
        ({"number": "A\n"}, "number", "none of them a space"),
        ({"number": "A\0"}, "number", "1 to 40 characters"),
        ({"number": "A\ud800"}, "number", "1 to 40 characters"),
    ],
    ids=ascii,
)
def test_what_can_not_be_an_order_is_refused_and_leaves_nothing(
    shop: Shop, place: Place, given: dict[str, Any], field: str | None, words: str
) -> None:
    before = counts(shop)

    with pytest.raises(Invalid) as refusal:
        place(**given)

    assert words in refusal.value.message
    assert refusal.value.field == field
    assert counts(shop) == before


def test_only_staff_place_orders(shop: Shop, place: Place) -> None:
    guest = shop.guest(place())
    before = counts(shop)

    for viewer in (guest, anonymous(shop.workspace.pk)):
        with pytest.raises(Forbidden, match="orders:write"):
            place(viewer=viewer)

    assert counts(shop) == before
    assert place(viewer=shop.hire("Tom", Role.SHOP_MANAGER)).number == "1002"


@pytest.mark.parametrize("number", ["4137", "INV-2026.03", "№7", "受注七", "🫖", "a'b\"c<d>&", "-", "4" * 40])
def test_a_number_given_by_hand_is_kept_exactly(place: Place, number: str) -> None:
    assert Order.objects.get(pk=place(number=number).pk).number == number


def test_a_number_that_is_taken_is_refused(shop: Shop, place: Place) -> None:
    place(number="4137")
    before = counts(shop)

    with pytest.raises(Invalid) as refusal:
        place(number="4137")

    assert (refusal.value.field, refusal.value.message) == ("number", "There is an order 4137 already.")
    assert counts(shop) == before


def test_two_workspaces_may_use_the_same_number(shop: Shop, other_shop: Shop) -> None:
    ours, theirs = shop.order(number="4137"), other_shop.order(number="4137")

    assert ours.number == theirs.number == "4137"
    assert shop.order().number == other_shop.order().number == "1001"


def test_the_workspaces_own_numbers_pass_over_those_given_by_hand(shop: Shop, place: Place) -> None:
    place(number="1001")
    place(number="1003")

    assert [place().number for _ in range(3)] == ["1002", "1004", "1005"]


def test_a_refused_order_costs_no_number(place: Place) -> None:
    with pytest.raises(Invalid):
        place(lines=())

    assert place().number == "1001"


@pytest.mark.django_db(transaction=True)
def test_orders_placed_at_the_same_moment_get_numbers_of_their_own(shop: Shop, place: Place) -> None:
    orders = together(*8 * [place])

    assert all(isinstance(order, Order) for order in orders), orders
    assert sorted(Order.objects.values_list("number", flat=True)) == [str(number) for number in range(1001, 1009)]
    assert Workspace.objects.get(pk=shop.workspace.pk).last_order_number == 1008


@pytest.mark.django_db(transaction=True)
def test_an_order_placed_before_another_has_committed_gets_the_next_number(place: Place) -> None:
    results = overlapping(place, place)

    assert [result.number for result in results if isinstance(result, Order)] == ["1001", "1002"], results


@pytest.mark.django_db(transaction=True)
def test_of_two_orders_under_one_number_at_the_same_moment_one_is_refused(place: Place) -> None:
    first, second = overlapping(*2 * [partial(place, number="4137")])

    assert isinstance(first, Order)
    assert isinstance(second, Invalid)
    assert second.message == "There is an order 4137 already."
    assert Order.objects.get().lines.count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_order_can_not_lie_in_another_workspaces_store_or_be_of_its_contact(
    shop: Shop, other_shop: Shop, place: Place
) -> None:
    stranger = other_shop.order().contact
    before = counts(shop)

    for across in ({"store": other_shop.store}, {"contact": stranger}):
        with pytest.raises(IntegrityError), transaction.atomic():
            place(**across)

    assert counts(shop) == before


@pytest.mark.parametrize(
    "moment",
    [
        datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-23))),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=23))),
        datetime(1899, 12, 31, 23, 59, tzinfo=UTC),
        datetime(2200, 1, 1, tzinfo=UTC),
    ],
    ids=str,
)
def test_a_moment_that_some_clock_can_not_show_is_no_moment_of_an_order(place: Place, moment: datetime) -> None:
    with pytest.raises(Invalid, match="in the years 1900 to 2199") as refusal:
        place(placed_at=moment)

    assert refusal.value.field == "placedAt"
    assert not Order.objects.exists()


@pytest.mark.parametrize("moment", [datetime(1900, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, 23, 59, tzinfo=UTC)])
def test_every_moment_of_these_centuries_is_one(place: Place, moment: datetime) -> None:
    assert Order.objects.get(pk=place(placed_at=moment).pk).placed_at == moment
