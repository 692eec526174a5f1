"""Customers who point at each other."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest

from counterfoil.access import clock
from counterfoil.access.problems import Forbidden, Invalid, NotFound, Problem
from counterfoil.access.viewer import Viewer, anonymous
from counterfoil.customers.linked import link_customers, unlink_customers
from counterfoil.customers.links import by_link
from counterfoil.customers.models import Contact, Customer, LinkedAccount
from counterfoil.customers.queries import signed_in
from counterfoil.events.models import Event
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.together import overlapping, together

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def customer(shop: Shop) -> Customer:
    return shop.order().customer


@pytest.fixture
def pier(shop: Shop) -> Customer:
    return shop.order(customer="Harbour Café Pier 2", contact="Ben", email="ben@harbour.example").customer


def pointers() -> set[tuple[int, int, str]]:
    return set(LinkedAccount.objects.values_list("customer_id", "other_id", "reason"))


def told() -> list[Event]:
    return list(Event.objects.filter(kind__in=("customer.linked", "customer.unlinked")).order_by("pk"))


@pytest.mark.feature("IN-9")
def test_linked_customers_point_at_each_other_for_the_same_reason(
    shop: Shop, customer: Customer, pier: Customer
) -> None:
    with clock.at(NOON):
        made = link_customers(viewer=shop.staff, customer=customer, other=pier, reason="  Same owner ")

    assert (made.customer_id, made.other_id, made.reason) == (customer.pk, pier.pk, "Same owner")
    assert pointers() == {(customer.pk, pier.pk, "Same owner"), (pier.pk, customer.pk, "Same owner")}
    assert set(LinkedAccount.objects.values_list("created_at", flat=True)) == {NOON}


@pytest.mark.feature("IN-9")
def test_nothing_of_linked_customers_is_merged(shop: Shop, customer: Customer, pier: Customer) -> None:
    before = [
        list(Customer.objects.order_by("pk").values()),
        list(Contact.objects.order_by("pk").values()),
        list(Order.objects.order_by("pk").values()),
    ]

    link_customers(viewer=shop.staff, customer=customer, other=pier)

    assert before == [
        list(Customer.objects.order_by("pk").values()),
        list(Contact.objects.order_by("pk").values()),
        list(Order.objects.order_by("pk").values()),
    ]


@pytest.mark.feature("IN-9")
def test_both_customers_hear_of_it_and_only_staff_do(shop: Shop, customer: Customer, pier: Customer) -> None:
    link_customers(viewer=shop.staff, customer=customer, other=pier, reason="Same owner")
    unlink_customers(viewer=shop.staff, customer=pier, other=customer)

    assert [(event.kind, event.topic, event.customer_id, event.data) for event in told()] == [
        ("customer.linked", f"customer_{customer.pk}", customer.pk, {"other": pier.pk}),
        ("customer.linked", f"customer_{pier.pk}", pier.pk, {"other": customer.pk}),
        ("customer.unlinked", f"customer_{pier.pk}", pier.pk, {"other": customer.pk}),
        ("customer.unlinked", f"customer_{customer.pk}", customer.pk, {"other": pier.pk}),
    ]
    assert {(event.internal, event.actor) for event in told()} == {(True, shop.staff.reference)}


def test_who_is_linked_already_stays_linked_as_they_are(shop: Shop, customer: Customer, pier: Customer) -> None:
    first = link_customers(viewer=shop.staff, customer=customer, other=pier, reason="Same owner")

    for one, another, reason in ((customer, pier, "Same owner"), (customer, pier, ""), (pier, customer, "Same owner")):
        link_customers(viewer=shop.staff, customer=one, other=another, reason=reason)

    assert link_customers(viewer=shop.staff, customer=customer, other=pier).pk == first.pk
    assert pointers() == {(customer.pk, pier.pk, "Same owner"), (pier.pk, customer.pk, "Same owner")}
    assert len(told()) == 2


def test_another_reason_replaces_the_one_that_stands_both_ways(shop: Shop, customer: Customer, pier: Customer) -> None:
    with clock.at(NOON):
        link_customers(viewer=shop.staff, customer=customer, other=pier, reason="Same owner")

    changed = link_customers(viewer=shop.staff, customer=pier, other=customer, reason="Sold to the neighbour")

    assert (changed.customer_id, changed.reason) == (pier.pk, "Sold to the neighbour")
    assert {reason for _, _, reason in pointers()} == {"Sold to the neighbour"}
    assert LinkedAccount.objects.filter(created_at=NOON).count() == 2
    assert len(told()) == 4


@pytest.mark.feature("IN-9")
def test_a_circle_of_links_is_fine_and_each_link_ends_alone(shop: Shop, customer: Customer, pier: Customer) -> None:
    third = shop.order(customer="Harbour Café Kiosk").customer
    for one, another in ((customer, pier), (pier, third), (third, customer)):
        link_customers(viewer=shop.staff, customer=one, other=another)
    assert len(pointers()) == 6

    unlink_customers(viewer=shop.staff, customer=customer, other=pier)

    assert pointers() == {(one.pk, third.pk, "") for one in (customer, pier)} | {
        (third.pk, one.pk, "") for one in (customer, pier)
    }


def test_unlinking_who_is_not_linked_is_no_event(shop: Shop, customer: Customer, pier: Customer) -> None:
    unlink_customers(viewer=shop.staff, customer=customer, other=pier)
    unlink_customers(viewer=shop.staff, customer=customer, other=customer)

    assert told() == []


def test_a_customer_is_not_linked_with_itself(shop: Shop, customer: Customer) -> None:
    with pytest.raises(Invalid, match="Harbour Café can’t be linked with itself") as refusal:
        link_customers(viewer=shop.staff, customer=customer, other=customer)

    assert (refusal.value.field, pointers(), told()) == ("otherId", set(), [])


@pytest.mark.parametrize("reason", ["x" * 201, "two\nlines", "nul\0", "half \ud800"])
def test_a_reason_is_one_line_of_at_most_200_characters(
    shop: Shop, customer: Customer, pier: Customer, reason: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        link_customers(viewer=shop.staff, customer=customer, other=pier, reason=reason)

    assert (refusal.value.field, pointers(), told()) == ("reason", set(), [])


def test_a_reason_of_200_characters_of_any_script_is_kept(shop: Shop, customer: Customer, pier: Customer) -> None:
    reason = ("نفس المالك · 同一业主 · " * 20)[:199] + "é"

    assert link_customers(viewer=shop.staff, customer=customer, other=pier, reason=reason).reason == reason


def test_customers_of_another_workspace_are_not_there(shop: Shop, other_shop: Shop, customer: Customer) -> None:
    foreign = other_shop.order().customer
    for act in (link_customers, unlink_customers):
        with pytest.raises(NotFound) as refusal:
            act(viewer=shop.staff, customer=customer, other=foreign)
        assert refusal.value.field == "otherId"
        with pytest.raises(NotFound) as refusal:
            act(viewer=shop.staff, customer=foreign, other=customer)
        assert refusal.value.field == "customerId"

    assert (pointers(), told()) == (set(), [])


def test_nobody_links_but_who_may_change_customers(shop: Shop, customer: Customer, pier: Customer) -> None:
    order = shop.order()
    buyers: list[Viewer] = [
        anonymous(shop.workspace.pk),
        shop.guest(order),
        by_link(order.customer),
        signed_in(order.contact),
    ]
    link_customers(viewer=shop.staff, customer=customer, other=order.customer)
    before = pointers()

    for viewer in buyers:
        with pytest.raises(Forbidden, match="customers:write"):
            link_customers(viewer=viewer, customer=customer, other=pier)
        with pytest.raises(Forbidden, match="customers:write"):
            unlink_customers(viewer=viewer, customer=customer, other=order.customer)

    assert (pointers(), len(told())) == (before, 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at_once", [together, overlapping])
def test_two_who_link_the_same_customers_at_once_make_one_link(
    shop: Shop, customer: Customer, pier: Customer, at_once: Callable[..., list[LinkedAccount | Problem]]
) -> None:
    done = at_once(
        partial(link_customers, viewer=shop.staff, customer=customer, other=pier),
        partial(link_customers, viewer=shop.staff, customer=pier, other=customer),
    )

    assert all(isinstance(one, LinkedAccount) for one in done), done
    assert pointers() == {(customer.pk, pier.pk, ""), (pier.pk, customer.pk, "")}
    assert len(told()) == 2
