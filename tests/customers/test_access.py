"""What staff do about how a customer gets in."""

from collections.abc import Callable
from functools import partial

import pytest

from counterfoil.access import clock
from counterfoil.access.problems import Forbidden, NotFound
from counterfoil.access.viewer import Role, Viewer, anonymous
from counterfoil.customers.access import end_account_sessions, rotate_customer_link, set_customer_flags
from counterfoil.customers.links import by_link, customer_opened_by, customer_url
from counterfoil.customers.models import AccountSession, Contact, Customer
from counterfoil.customers.queries import signed_in
from counterfoil.events.models import Event
from tests.factories import Shop
from tests.together import overlapping, together

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(shop: Shop) -> Customer:
    return shop.order().customer


@pytest.fixture
def contact(customer: Customer) -> Contact:
    return Contact.objects.get(customer=customer)


def sign_in(contact: Contact, *browsers: str) -> None:
    now = clock.now()
    for browser in browsers:
        AccountSession.objects.create(workspace_id=contact.workspace_id, contact=contact, digest=browser, began_at=now)


def told(kind: str) -> list[Event]:
    return list(Event.objects.filter(kind=kind).order_by("pk"))


def buyers(shop: Shop) -> list[Viewer]:
    """Everybody who is no staff, and may do none of this."""
    order = shop.order()
    return [anonymous(shop.workspace.pk), shop.guest(order), by_link(order.customer), signed_in(order.contact)]


@pytest.mark.feature("AC-6")
@pytest.mark.feature("AC-1")
def test_a_rotated_link_opens_nothing_and_the_new_one_opens_the_portal(shop: Shop, customer: Customer) -> None:
    def key() -> str:
        customer.refresh_from_db()
        return customer_url("", customer.pk, customer.link_version).removeprefix("/c/")

    old = key()
    assert customer_opened_by(old, workspace_id=shop.workspace.pk) == customer

    rotate_customer_link(viewer=shop.hire("Tom", Role.SHOP_MANAGER), customer=customer)

    assert customer_opened_by(old, workspace_id=shop.workspace.pk) is None
    assert customer_opened_by(key(), workspace_id=shop.workspace.pk) == customer


@pytest.mark.feature("AC-6")
def test_a_rotation_is_told_to_those_who_have_the_link_and_to_no_other_customer(shop: Shop, customer: Customer) -> None:
    other = shop.order().customer

    rotate_customer_link(viewer=shop.staff, customer=customer)

    [event] = told("customer_link.rotated")
    assert (event.topic, event.internal, event.data) == (f"customer_{customer.pk}", False, {})
    assert (event.actor, Customer.objects.get(pk=other.pk).link_version) == (shop.staff.reference, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at_once", [together, overlapping])
def test_rotations_at_the_same_moment_each_count(
    shop: Shop, customer: Customer, at_once: Callable[..., list[None]]
) -> None:
    assert at_once(*2 * [partial(rotate_customer_link, viewer=shop.staff, customer=customer)]) == [None, None]

    assert (Customer.objects.get().link_version, len(told("customer_link.rotated"))) == (3, 2)


@pytest.mark.feature("AC-9")
def test_each_flag_is_set_by_itself_and_told_with_the_other(shop: Shop, customer: Customer) -> None:
    for given, expected in (
        ({"ordering_blocked": True}, (True, True)),
        ({"is_active": False}, (False, True)),
        ({"ordering_blocked": False}, (False, False)),
        ({"is_active": True, "ordering_blocked": True}, (True, True)),
    ):
        set_customer_flags(viewer=shop.staff, customer=customer, **given)

        found = Customer.objects.get(pk=customer.pk)
        event = told("customer.flags_changed")[-1]
        assert (found.is_active, found.ordering_blocked) == expected
        assert (event.topic, event.internal) == (f"customer_{customer.pk}", False)
        assert event.data == {"is_active": expected[0], "ordering_blocked": expected[1]}
    assert len(told("customer.flags_changed")) == 4


@pytest.mark.feature("AC-9")
def test_flags_that_stand_already_are_no_event(shop: Shop, customer: Customer) -> None:
    set_customer_flags(viewer=shop.staff, customer=customer, is_active=False)

    for given in ({"is_active": False}, {"ordering_blocked": False}, {}):
        set_customer_flags(viewer=shop.staff, customer=customer, **given)

    assert len(told("customer.flags_changed")) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.feature("AC-9")
def test_two_flags_set_at_the_same_moment_are_both_set(shop: Shop, customer: Customer) -> None:
    done = overlapping(
        partial(set_customer_flags, viewer=shop.staff, customer=customer, is_active=False),
        partial(set_customer_flags, viewer=shop.staff, customer=customer, ordering_blocked=True),
    )

    assert done == [None, None]
    assert Customer.objects.values_list("is_active", "ordering_blocked").get() == (False, True)
    assert told("customer.flags_changed")[-1].data == {"is_active": False, "ordering_blocked": True}


@pytest.mark.feature("AC-3")
def test_a_contact_is_signed_out_of_every_browser_and_nobody_else_is(shop: Shop, contact: Contact) -> None:
    other = shop.order().contact
    sign_in(contact, "laptop", "phone")
    sign_in(other, "tablet")

    assert end_account_sessions(viewer=shop.staff, contact=contact) == 2

    assert list(AccountSession.objects.values_list("digest", flat=True)) == ["tablet"]
    [event] = told("account_session.ended")
    assert (event.topic, event.internal, event.data) == (f"contact_{contact.pk}", False, {"sessions": 2})


def test_ending_the_sessions_of_who_is_signed_in_nowhere_is_no_event(shop: Shop, contact: Contact) -> None:
    assert end_account_sessions(viewer=shop.staff, contact=contact) == 0
    assert told("account_session.ended") == []


def test_nobody_but_the_shop_does_any_of_it(shop: Shop, customer: Customer, contact: Contact) -> None:
    sign_in(contact, "laptop")
    viewers = buyers(shop)
    before = Event.objects.count()

    for viewer in viewers:
        with pytest.raises(Forbidden, match="customer_links:rotate"):
            rotate_customer_link(viewer=viewer, customer=customer)
        with pytest.raises(Forbidden, match="customers:write"):
            set_customer_flags(viewer=viewer, customer=customer, is_active=False)
        with pytest.raises(Forbidden, match="customer_links:rotate"):
            end_account_sessions(viewer=viewer, contact=contact)

    customer.refresh_from_db()
    assert (customer.link_version, customer.is_active, AccountSession.objects.count()) == (1, True, 1)
    assert Event.objects.count() == before


def test_staff_of_another_workspace_find_neither_customer_nor_contact(
    shop: Shop, other_shop: Shop, customer: Customer, contact: Contact
) -> None:
    sign_in(contact, "laptop")
    before = Event.objects.count()

    for act in (
        partial(rotate_customer_link, customer=customer),
        partial(set_customer_flags, customer=customer, is_active=False),
        partial(end_account_sessions, contact=contact),
    ):
        with pytest.raises(NotFound):
            act(viewer=other_shop.staff)

    customer.refresh_from_db()
    assert (customer.link_version, customer.is_active, AccountSession.objects.count()) == (1, True, 1)
    assert Event.objects.count() == before
