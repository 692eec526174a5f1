"""Whose choice it is that new messages are mailed: the contact's with an account, else the order's (CN-6)."""

import pytest

from counterfoil.access.problems import Forbidden, NotFound
from counterfoil.access.viewer import anonymous
from counterfoil.customers.models import Contact
from counterfoil.events.models import Event
from counterfoil.orders.actions import place_order, set_mail_preference
from counterfoil.orders.models import Order
from tests.factories import LINES, Shop


def again(shop: Shop, order: Order) -> Order:
    """Another order of the same contact."""
    return place_order(viewer=shop.staff, store=shop.store, contact=order.contact, currency="GBP", lines=LINES)


def kept(order: Order) -> tuple[bool, bool, bool]:
    """What the order says, what its contact says, and what counts."""
    fresh = Order.objects.select_related("contact").get(pk=order.pk)
    return fresh.wants_mail, fresh.contact.wants_mail, fresh.mail_wanted


def choices() -> list[tuple[str, dict[str, bool]]]:
    noted = Event.objects.filter(kind="mail_preference.changed").order_by("id")
    return list(noted.values_list("topic", "data"))


@pytest.mark.feature("CN-6")
def test_without_an_account_the_choice_is_this_orders_alone(shop: Shop) -> None:
    order = shop.order()
    other = again(shop, order)

    set_mail_preference(viewer=shop.staff, order=order, enabled=False)

    assert kept(order) == (False, True, False)
    assert kept(other) == (True, True, True)
    assert choices() == [(f"order_{order.pk}", {"enabled": False})]


@pytest.mark.feature("CN-6")
def test_with_an_account_the_choice_is_the_contacts_on_all_their_orders(shop: Shop) -> None:
    order = shop.order()
    other = again(shop, order)
    Contact.objects.update(has_account=True)

    set_mail_preference(viewer=shop.staff, order=order, enabled=False)

    assert kept(order) == (True, False, False)
    assert kept(other) == (True, False, False)
    assert choices() == [(f"order_{order.pk}", {"enabled": False})]


@pytest.mark.feature("CN-6")
def test_the_orders_choice_counts_no_more_once_the_contact_has_an_account(shop: Shop) -> None:
    order = shop.order()
    set_mail_preference(viewer=shop.staff, order=order, enabled=False)

    Contact.objects.update(has_account=True)

    assert kept(order) == (False, True, True)


@pytest.mark.feature("CN-6")
@pytest.mark.parametrize("has_account", [False, True])
def test_guest_and_staff_turn_it_off_and_on(shop: Shop, has_account: bool) -> None:
    order = shop.order()
    Contact.objects.update(has_account=has_account)
    guest = shop.guest(order)

    set_mail_preference(viewer=guest, order=order, enabled=False)
    assert kept(order)[2] is False
    set_mail_preference(viewer=shop.staff, order=order, enabled=True)
    assert kept(order)[2] is True

    assert [data["enabled"] for _, data in choices()] == [False, True]


def test_choosing_what_is_chosen_is_no_change(shop: Shop) -> None:
    order = shop.order()

    set_mail_preference(viewer=shop.staff, order=order, enabled=True)

    assert kept(order) == (True, True, True)
    assert choices() == []


def test_a_choice_touches_no_other_contact(shop: Shop) -> None:
    order, other = shop.order(), shop.order()
    Contact.objects.update(has_account=True)

    set_mail_preference(viewer=shop.guest(order), order=order, enabled=False)

    assert kept(other) == (True, True, True)


def test_who_does_not_see_the_order_chooses_nothing(shop: Shop, other_shop: Shop) -> None:
    order = shop.order()
    stranger = shop.guest(shop.order())

    for viewer in (stranger, other_shop.staff):
        with pytest.raises(NotFound):
            set_mail_preference(viewer=viewer, order=order, enabled=False)
    with pytest.raises(Forbidden, match="mail_preference:write"):
        set_mail_preference(viewer=anonymous(shop.workspace.pk), order=order, enabled=False)

    assert kept(order) == (True, True, True)
    assert choices() == []
