"""Customers change their own orders: what staff allow, as long as they allow it, and no more (OR-7)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction

from counterfoil.access import clock
from counterfoil.access.problems import Forbidden, Invalid, NotFound, Problem
from counterfoil.access.tenancy import TenantModel
from counterfoil.access.viewer import Viewer, anonymous
from counterfoil.customers.links import by_link
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import signed_in
from counterfoil.events.models import Event
from counterfoil.mail.models import Mail
from counterfoil.orders.actions import ORDERED, NewLine, change_status, place_order
from counterfoil.orders.editing import Change, cancel_own_order, edit_order, what_may_change
from counterfoil.orders.fulfilment import fulfil, move_parcel, set_hold
from counterfoil.orders.models import AddressUse, FulfilmentStatus, Order, OrderLine, OrderStatus, OrderWord
from counterfoil.orders.payments import record_payment
from counterfoil.workspaces.actions import set_order_editing
from counterfoil.workspaces.models import Workspace
from tests.factories import ADDRESSES, LINES, Shop
from tests.together import overlapping, together

pytestmark = [pytest.mark.feature("OR-7"), pytest.mark.django_db]

PLACED = datetime(2026, 6, 17, 9, 20, tzinfo=UTC)
ELSEWHERE = {AddressUse.DELIVERY: replace(ADDRESSES[AddressUse.DELIVERY], street="5 Pier Road")}
EVERYTHING = frozenset(Change)


def allow(shop: Shop, *changes: Change, minutes: int = 300) -> None:
    """Let customers make these changes, and no others."""
    switches = {change.value: change in changes for change in Change}
    set_order_editing(viewer=shop.staff, **switches, minutes=minutes)


@pytest.fixture
def order(shop: Shop) -> Order:
    """Placed at 10:20 in London, where everything may be changed until 15:20."""
    with clock.at(PLACED):
        made = shop.order(number="INV-7", addresses=ADDRESSES)
    allow(shop, *Change)
    return made


def contact(order: Order) -> Viewer:
    return signed_in(order.contact)


def first_line(order: Order) -> int:
    return order.lines.order_by("ordinal").values_list("pk", flat=True)[0]


def do(change: Change, viewer: Viewer, order: Order) -> None:
    """Make a change of this kind, an hour after the order was placed."""
    with clock.at(PLACED + timedelta(hours=1)):
        match change:
            case Change.ADDRESS:
                edit_order(viewer=viewer, order=order, addresses=ELSEWHERE)
            case Change.NOTE:
                edit_order(viewer=viewer, order=order, note="Ring twice.")
            case Change.QUANTITIES:
                edit_order(viewer=viewer, order=order, quantities={first_line(order): 6})
            case Change.CANCEL:
                cancel_own_order(viewer=viewer, order=order)


def open_to(viewer: Viewer, order: Order, *, at: datetime = PLACED + timedelta(hours=1)) -> frozenset[Change]:
    with clock.at(at):
        return what_may_change(viewer, [order.pk])[order.pk].changes


def everything() -> dict[str, list[Any]]:
    models = [model for model in apps.get_models() if issubclass(model, TenantModel)]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


def refused(act: Callable[[], object]) -> Problem:
    """The refusal of an act that leaves every row as it was."""
    before = everything()
    with pytest.raises(Problem) as refusal:
        act()
    assert everything() == before
    return refusal.value


def told(*kinds: str) -> list[tuple[str, str, dict[str, Any]]]:
    """What the log says of changes of the order, by whom."""
    wanted = kinds or ("order.revised", "order.note_changed", "order.addressed", "order.status_changed")
    return list(Event.objects.filter(kind__in=wanted).order_by("pk").values_list("kind", "actor", "data"))


# What each change does.


def test_quantities_change_at_the_prices_of_then_and_the_total_follows(shop: Shop, order: Order) -> None:
    tins, cutters = order.lines.order_by("ordinal")

    with clock.at(PLACED):
        edit_order(viewer=shop.guest(order), order=order, quantities={tins.pk: 6})

    assert list(order.lines.order_by("ordinal").values_list("pk", "quantity", "unit_price", "total")) == [
        (tins.pk, 6, Decimal("24.00"), Decimal("144.00")),
        (cutters.pk, 12, Decimal("5.85"), Decimal("70.20")),
    ]
    order.refresh_from_db()
    assert (order.total, order.status) == (Decimal("214.20"), "draft")
    more = {"at": order.placed_at.isoformat(), "currency": "GBP", "amount": "48.0000"}
    assert told() == [("order.revised", f"guest:order:{order.pk}", {ORDERED: more})]
    assert Event.objects.get(kind="order.revised").customer_id == order.customer_id


def test_an_order_is_found_and_counted_by_what_it_comes_to_after_the_change(shop: Shop, order: Order) -> None:
    before = order.total
    line = order.lines.get(ordinal=1)

    with clock.at(PLACED):
        edit_order(viewer=shop.guest(order), order=order, quantities={line.pk: line.quantity + 1})

    order.refresh_from_db()
    words = set(OrderWord.objects.filter(order=order).values_list("word", flat=True))
    assert f"{order.total:.2f}" in words
    assert f"{before:.2f}" not in words
    revised = Event.objects.get(kind="order.revised")
    assert Decimal(revised.data[ORDERED]["amount"]) == order.total - before


def test_a_line_of_nothing_leaves_the_order_and_the_others_keep_their_place(shop: Shop, order: Order) -> None:
    tins, cutters = order.lines.order_by("ordinal")

    with clock.at(PLACED):
        edit_order(viewer=contact(order), order=order, quantities={tins.pk: 0, cutters.pk: 12})

    assert list(order.lines.values_list("pk", "ordinal", "quantity")) == [(cutters.pk, 2, 12)]
    order.refresh_from_db()
    assert order.total == Decimal("70.20")


def test_prices_below_a_cent_are_rounded_once_a_line(shop: Shop) -> None:
    allow(shop, Change.QUANTITIES)
    order = shop.order(lines=(NewLine("Label", 10, Decimal("0.0425")), NewLine("Bag", 1, Decimal("0.1"))))
    label = first_line(order)

    edit_order(viewer=shop.guest(order), order=order, quantities={label: 30})

    order.refresh_from_db()
    assert (order.lines.get(pk=label).total, order.total) == (Decimal("1.28"), Decimal("1.38"))


def test_an_order_keeps_a_line_and_says_to_cancel_it_instead(shop: Shop, order: Order) -> None:
    nothing = dict.fromkeys(order.lines.values_list("pk", flat=True), 0)

    refusal = refused(partial(_at, PLACED, edit_order, viewer=shop.guest(order), order=order, quantities=nothing))

    assert (refusal.field, refusal.message) == (
        "lines",
        "At least one line stays in an order. If you want none of it, cancel the order.",
    )


def _at(moment: datetime, act: Callable[..., object], **given: Any) -> None:
    with clock.at(moment):
        act(**given)


@pytest.mark.parametrize("quantity", [-1, 2**31, 10**12])
def test_quantities_that_no_line_has_are_refused(shop: Shop, order: Order, quantity: int) -> None:
    change = partial(edit_order, viewer=shop.guest(order), order=order, quantities={first_line(order): quantity})

    refusal = refused(partial(_at, PLACED, change))

    assert (type(refusal), refusal.field) == (Invalid, "lines")
    assert "2,147,483,647" in refusal.message


def test_an_order_that_would_cost_too_much_is_refused(shop: Shop, order: Order) -> None:
    OrderLine.objects.filter(order=order).update(unit_price=Decimal(10_000_000_000))
    change = partial(edit_order, viewer=shop.guest(order), order=order, quantities={first_line(order): 2_000_000})

    assert "split it into several" in refused(partial(_at, PLACED, change)).message


def test_a_line_of_another_order_is_none_of_this_one(shop: Shop, order: Order) -> None:
    theirs = first_line(shop.order())
    change = partial(edit_order, viewer=shop.guest(order), order=order, quantities={theirs: 1})

    refusal = refused(partial(_at, PLACED, change))

    assert (type(refusal), refusal.field) == (NotFound, "lines")


def test_a_note_is_kept_without_space_around_it_and_taken_back_by_an_empty_one(shop: Shop, order: Order) -> None:
    with clock.at(PLACED):
        edit_order(viewer=shop.guest(order), order=order, note="  Ring twice.\r\nThe dog is kind. ")
        order.refresh_from_db()
        assert order.note == "Ring twice.\nThe dog is kind."
        edit_order(viewer=contact(order), order=order, note=" ")

    order.refresh_from_db()
    assert order.note == ""
    changed = "order.note_changed"
    assert told() == [(changed, f"guest:order:{order.pk}", {}), (changed, f"contact:{order.contact_id}", {})]


@pytest.mark.parametrize(("note", "words"), [("x" * 2001, "2,001 characters"), ("a\0b", "NUL"), ("\ud800", "NUL")])
def test_a_note_that_can_not_be_kept_is_refused(shop: Shop, order: Order, note: str, words: str) -> None:
    refusal = refused(partial(_at, PLACED, edit_order, viewer=shop.guest(order), order=order, note=note))

    assert (type(refusal), refusal.field) == (Invalid, "note")
    assert words in refusal.message


def test_a_contact_writes_addresses_and_the_log_holds_none_of_it(shop: Shop, order: Order) -> None:
    with clock.at(PLACED):
        edit_order(viewer=contact(order), order=order, addresses=ELSEWHERE)

    assert dict(order.addresses.values_list("use", "street")) == {"delivery": "5 Pier Road", "billing": "PO Box 9"}
    assert told() == [("order.addressed", f"contact:{order.contact_id}", {"uses": ["delivery"]})]


def test_an_address_is_looked_at_as_when_it_is_placed(shop: Shop, order: Order) -> None:
    nowhere = {AddressUse.BILLING: replace(ADDRESSES[AddressUse.BILLING], country="XX")}

    refusal = refused(partial(_at, PLACED, edit_order, viewer=contact(order), order=order, addresses=nowhere))

    assert (type(refusal), refusal.field) == (Invalid, "billingAddress.country")


def test_who_cancels_their_order_cancels_it_once(shop: Shop, order: Order) -> None:
    with clock.at(PLACED):
        cancel_own_order(viewer=shop.guest(order), order=order)
        cancel_own_order(viewer=shop.guest(order), order=order)

    order.refresh_from_db()
    assert (order.status, order.fulfilment) == ("cancelled", "cancelled")
    assert told() == [
        ("order.status_changed", f"guest:order:{order.pk}", {"from": "draft", "to": "cancelled"}),
    ]


def test_what_is_so_already_is_no_change_and_needs_no_leave(shop: Shop, order: Order) -> None:
    allow(shop)
    before = everything()

    quantities = dict(order.lines.values_list("pk", "quantity"))
    edit_order(viewer=contact(order), order=order, addresses=ADDRESSES, note="", quantities=quantities)
    edit_order(viewer=shop.guest(order), order=order)

    assert everything() == before


def test_all_of_a_change_is_done_or_nothing(shop: Shop, order: Order) -> None:
    allow(shop, Change.NOTE)
    change = partial(edit_order, viewer=shop.guest(order), order=order, note="Ring.", quantities={first_line(order): 1})

    assert refused(partial(_at, PLACED, change)).field == "lines"


def test_nobody_is_mailed(shop: Shop, order: Order) -> None:
    mails = Mail.objects.count()

    for change in Change:
        do(change, contact(order), order)

    assert Mail.objects.count() == mails


def test_what_was_paid_stays_and_the_payment_follows_the_new_total(shop: Shop, order: Order) -> None:
    record_payment(viewer=shop.staff, order=order, amount=Decimal("166.20"))

    with clock.at(PLACED):
        edit_order(viewer=shop.guest(order), order=order, quantities={first_line(order): 5})

    order.refresh_from_db()
    assert (order.paid, order.total, order.payment.value) == (Decimal("166.20"), Decimal("190.20"), "partially_paid")


# Each switch, each viewer, each state.


@pytest.mark.parametrize("allowed", Change)
@pytest.mark.parametrize("who", ["guest", "contact"])
def test_each_switch_opens_its_own_change_and_no_other(shop: Shop, order: Order, who: str, allowed: Change) -> None:
    viewer = shop.guest(order) if who == "guest" else contact(order)
    allow(shop, allowed)
    mine = {allowed} - ({Change.ADDRESS} if who == "guest" else set())

    assert open_to(viewer, order) == mine
    for change in EVERYTHING - mine:
        assert isinstance(refused(partial(do, change, viewer, order)), Forbidden)
    for change in mine:
        do(change, viewer, order)
    assert len(told()) == len(mine)


def test_nothing_is_open_until_staff_open_it(shop: Shop) -> None:
    order = shop.order(addresses=ADDRESSES)

    for viewer in (shop.guest(order), contact(order)):
        found = what_may_change(viewer, [order.pk])[order.pk]
        assert (found.changes, found.until) == (frozenset(), None)
        assert found.reason is not None
        assert [type(refused(partial(do, change, viewer, order))) for change in Change] == [Forbidden] * 4


def test_nobody_else_changes_an_order_by_this_way(shop: Shop, other_shop: Shop, order: Order) -> None:
    """A customer's link stands in for no other credential (AC-1); staff have ways of their own."""
    by_customer = by_link(Customer.objects.get(pk=order.customer_id))
    for viewer in (by_customer, anonymous(shop.workspace.pk), shop.staff, shop.hire("Tom"), other_shop.staff):
        assert what_may_change(viewer, [order.pk]) == {}
        for change in Change:
            assert "orders:edit" in refused(partial(do, change, viewer, order)).message


def test_the_order_of_somebody_else_is_not_found(shop: Shop, other_shop: Shop, order: Order) -> None:
    mine, abroad = shop.order(), other_shop.order()
    stale = shop.guest(order)
    Order.objects.filter(pk=order.pk).update(key_version=2)
    strangers = (shop.guest(mine), contact(mine), other_shop.guest(abroad), contact(abroad), stale)

    for viewer in strangers:
        assert what_may_change(viewer, [order.pk]) == {}
        changes = EVERYTHING - ({Change.ADDRESS} if viewer.order_id else set())
        for change in changes:
            assert isinstance(refused(partial(do, change, viewer, order)), NotFound)


def _confirmed(shop: Shop, order: Order) -> None:
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)


def _sent_in_part(shop: Shop, order: Order) -> None:
    _confirmed(shop, order)
    fulfil(viewer=shop.staff, order=order, quantities={first_line(order): 1})


def _held_after_a_parcel(shop: Shop, order: Order) -> None:
    _sent_in_part(shop, order)
    set_hold(viewer=shop.staff, order=order, on_hold=True)


def _back_in_the_shop(shop: Shop, order: Order) -> None:
    _sent_in_part(shop, order)
    parcel = order.fulfilments.get()
    move_parcel(viewer=shop.staff, fulfilment=parcel, status=FulfilmentStatus.CANCELLED)


def _invoiced(shop: Shop, order: Order) -> None:
    _confirmed(shop, order)
    change_status(viewer=shop.staff, order=order, status=OrderStatus.INVOICED)


def _cancelled(shop: Shop, order: Order) -> None:
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CANCELLED)


def _held(shop: Shop, order: Order) -> None:
    set_hold(viewer=shop.staff, order=order, on_hold=True)


REST = EVERYTHING - {Change.QUANTITIES}
STATES: list[tuple[Callable[[Shop, Order], None], frozenset[Change], str]] = [
    (lambda *_: None, EVERYTHING, ""),
    (_held, EVERYTHING, ""),
    (_confirmed, REST, "The shop has confirmed the order"),
    (_back_in_the_shop, REST, "The shop has confirmed the order"),
    (_sent_in_part, frozenset(), "A part of the order has left already"),
    (_held_after_a_parcel, frozenset(), "A part of the order has left already"),
    (_invoiced, frozenset(), "The order is invoiced already"),
    (_cancelled, frozenset(), "The order is cancelled"),
]


@pytest.mark.parametrize(("bring", "opened", "why"), STATES)
def test_what_is_open_depends_on_where_the_order_stands(
    shop: Shop, order: Order, bring: Callable[[Shop, Order], None], opened: frozenset[Change], why: str
) -> None:
    bring(shop, order)
    viewer = contact(order)
    events = len(told())

    assert open_to(viewer, order) == opened
    order.refresh_from_db()
    for change in EVERYTHING - opened - ({Change.CANCEL} if order.status == "cancelled" else set()):
        refusal = refused(partial(do, change, viewer, order))
        assert isinstance(refusal, Invalid)
        assert refusal.message.startswith(why)
    for change in sorted(opened):  # to cancel comes after the others but for quantities
        if change is not Change.CANCEL:
            do(change, viewer, order)
    if Change.CANCEL in opened:
        do(Change.CANCEL, viewer, order)
    assert len(told()) == events + len(opened)


# The window.


def test_the_window_ends_to_the_moment(shop: Shop, order: Order) -> None:
    ends = PLACED + timedelta(minutes=300)
    viewer, late = shop.guest(order), ends + timedelta(microseconds=1)

    assert open_to(viewer, order, at=ends) == EVERYTHING - {Change.ADDRESS}
    assert open_to(viewer, order, at=late) == frozenset()
    _at(ends, edit_order, viewer=viewer, order=order, note="Ring.")
    refusal = refused(partial(_at, late, edit_order, viewer=viewer, order=order, note="Ring twice."))

    assert (type(refusal), refusal.field) == (Invalid, "note")
    assert refusal.message == (
        "The time to change this order ended on 17 June 2026, 15:20. "
        "Write to the shop if something should be different."
    )
    assert refused(partial(_at, late, cancel_own_order, viewer=viewer, order=order)).message == refusal.message


def test_until_when_stays_told_after_it_is_over(shop: Shop, order: Order) -> None:
    with clock.at(PLACED + timedelta(days=9)):
        found = what_may_change(shop.guest(order), [order.pk])[order.pk]

    assert (found.changes, found.until) == (frozenset(), PLACED + timedelta(hours=5))
    assert found.reason is not None
    assert found.reason.startswith("The time to change this order ended on 17 June 2026, 15:20.")


def test_a_longer_window_opens_an_order_again(shop: Shop, order: Order) -> None:
    later = PLACED + timedelta(days=2)
    assert open_to(contact(order), order, at=later) == frozenset()

    allow(shop, *Change, minutes=3 * 24 * 60)

    assert open_to(contact(order), order, at=later) == EVERYTHING


# Customers who may not order (AC-9).


@pytest.mark.feature("AC-9")
def test_who_is_blocked_from_ordering_changes_no_quantities_and_still_cancels(shop: Shop, order: Order) -> None:
    Customer.objects.filter(pk=order.customer_id).update(ordering_blocked=True)
    viewer = contact(order)

    assert open_to(viewer, order) == REST
    for quantity in (1, 9):  # less would be an order too: of other goods than were agreed
        refusal = refused(
            partial(_at, PLACED, edit_order, viewer=viewer, order=order, quantities={first_line(order): quantity})
        )
        assert isinstance(refusal, Forbidden)
        assert refusal.message.startswith("Ordering is temporarily unavailable")
    do(Change.NOTE, viewer, order)
    do(Change.CANCEL, viewer, order)


@pytest.mark.feature("AC-9")
def test_of_an_account_that_is_not_active_nothing_is_changed(shop: Shop, order: Order) -> None:
    Customer.objects.filter(pk=order.customer_id).update(is_active=False)

    assert open_to(shop.guest(order), order) == frozenset()
    for change in REST - {Change.ADDRESS} | {Change.QUANTITIES}:
        refusal = refused(partial(do, change, shop.guest(order), order))
        assert (type(refusal), refusal.message) == (
            Forbidden,
            "The account is not currently active. Please contact the shop.",
        )


# At the same moment.


@pytest.mark.django_db(transaction=True)
def test_who_changes_while_staff_confirm_is_told_and_the_order_stands_as_confirmed(shop: Shop, order: Order) -> None:
    confirm = partial(_confirmed, shop, order)
    change = partial(do, Change.QUANTITIES, shop.guest(order), order)

    _, refusal = overlapping(confirm, change)

    assert isinstance(refusal, Invalid)
    assert refusal.message.startswith("The shop has confirmed the order")
    order.refresh_from_db()
    assert (order.status, order.total) == ("confirmed", Decimal("166.20"))


@pytest.mark.django_db(transaction=True)
def test_staff_who_confirm_a_moment_later_confirm_what_was_changed(shop: Shop, order: Order) -> None:
    results = overlapping(partial(do, Change.QUANTITIES, shop.guest(order), order), partial(_confirmed, shop, order))

    assert results == [None, None]
    order.refresh_from_db()
    assert (order.status, order.total) == ("confirmed", Decimal("214.20"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("packer_first", [True, False])
def test_an_order_is_either_cancelled_or_sent(shop: Shop, order: Order, packer_first: bool) -> None:
    _confirmed(shop, order)
    send = partial(fulfil, viewer=shop.staff, order=order)
    cancel = partial(do, Change.CANCEL, shop.guest(order), order)

    first, second = overlapping(*((send, cancel) if packer_first else (cancel, send)))

    assert not isinstance(first, Exception)
    assert isinstance(second, Invalid)
    order.refresh_from_db()
    assert (order.status, order.fulfilments.count()) == (("confirmed", 1) if packer_first else ("cancelled", 0))


@pytest.mark.django_db(transaction=True)
def test_two_edits_at_once_both_stand(shop: Shop, order: Order) -> None:
    tins, cutters = order.lines.order_by("ordinal")

    def change(viewer: Viewer, pk: int) -> None:
        _at(PLACED, edit_order, viewer=viewer, order=order, quantities={pk: 1})

    results = together(partial(change, shop.guest(order), tins.pk), partial(change, contact(order), cutters.pk))

    assert results == [None, None]
    order.refresh_from_db()
    assert order.total == Decimal("29.85")
    assert len(told("order.revised")) == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_each_take_out_the_other_line_leave_one(shop: Shop, order: Order) -> None:
    tins, cutters = order.lines.order_by("ordinal")

    def take_out(pk: int) -> None:
        _at(PLACED, edit_order, viewer=shop.guest(order), order=order, quantities={pk: 0})

    results = together(partial(take_out, tins.pk), partial(take_out, cutters.pk))

    assert sorted(type(result).__name__ for result in results) == ["Invalid", "NoneType"]
    assert order.lines.count() == 1


@pytest.mark.feature("AC-9")
@pytest.mark.django_db(transaction=True)
def test_a_flag_that_is_set_at_the_same_moment_counts(shop: Shop, order: Order) -> None:
    def block() -> None:
        with transaction.atomic():
            Customer.objects.select_for_update().get(pk=order.customer_id)
            Customer.objects.filter(pk=order.customer_id).update(ordering_blocked=True)

    _, refusal = overlapping(block, partial(do, Change.QUANTITIES, shop.guest(order), order))

    assert isinstance(refusal, Forbidden)
    order.refresh_from_db()
    assert order.total == Decimal("166.20")


# Placed with a note.


def test_an_order_is_placed_with_a_note_that_is_kept_when_it_comes_again_without_one(shop: Shop) -> None:
    person = shop.order().contact
    place = partial(
        place_order, viewer=shop.staff, store=shop.store, contact=person, currency="GBP", lines=LINES, external_id="o7"
    )

    assert place(note=" Ring twice. ").note == "Ring twice."
    assert place().note == "Ring twice."
    assert place(note="Ring once.").note == "Ring once."
    assert place(note="Ring once.").note == "Ring once."
    assert [kind for kind, _, _ in told("order.revised")] == ["order.revised"]


def test_the_note_of_an_order_that_is_confirmed_comes_again_as_it_was_or_not_at_all(shop: Shop) -> None:
    person = shop.order().contact
    place = partial(
        place_order, viewer=shop.staff, store=shop.store, contact=person, currency="GBP", lines=LINES, external_id="o7"
    )
    _confirmed(shop, place(note="Ring."))

    assert refused(partial(place, note="Knock.")).message.startswith("An order that is confirmed can't get other notes")
    assert place(note="Ring.").note == "Ring."


# Many orders at once.


def test_what_may_change_of_many_orders_is_one_question(
    shop: Shop, order: Order, django_assert_num_queries: Callable[[int], Any]
) -> None:
    viewer = contact(order)
    more = [
        place_order(viewer=shop.staff, store=shop.store, contact=order.contact, currency="GBP", lines=LINES).pk
        for _ in range(5)
    ]

    for pks in ([order.pk], [order.pk, *more]):
        with django_assert_num_queries(1):
            assert len(what_may_change(viewer, pks)) == len(pks)


def test_a_workspace_that_allows_nothing_leaves_the_others_alone(shop: Shop, other_shop: Shop, order: Order) -> None:
    theirs = other_shop.order()

    assert what_may_change(other_shop.guest(theirs), [theirs.pk])[theirs.pk].changes == frozenset()
    assert Workspace.objects.get(pk=other_shop.workspace.pk).customers_cancel is False
