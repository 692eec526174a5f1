"""Regenerating an order's key ends every link and every guest from before, at once (CN-8)."""

from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.access.links import order_keys
from counterfoil.access.problems import Forbidden, NotFound
from counterfoil.access.viewer import anonymous
from counterfoil.events.models import Event
from counterfoil.orders.actions import links_of, rotate_all_order_keys, rotate_order_key
from counterfoil.orders.models import Order
from counterfoil.orders.queries import lines_visible_to, opened_by, visible_to
from tests.factories import Shop
from tests.together import overlapping, together


def rotations() -> int:
    return Event.objects.filter(kind="order_key.rotated").count()


@pytest.mark.feature("CN-8")
@pytest.mark.feature("AC-1")
def test_a_rotated_key_opens_nothing_and_the_new_one_opens_the_order(shop: Shop) -> None:
    order = shop.order(number="INV-7")
    guest = shop.guest(order)
    old_link = order.guest_url
    assert list(visible_to(guest)) == [order]

    rotate_order_key(viewer=shop.staff, order=order)

    order.refresh_from_db()
    new_key = order_keys.derive(order.pk, 2)
    assert order.guest_url == f"http://fennel.test/order/INV-7?key={new_key}"
    assert order.guest_url != old_link
    assert opened_by(old_link.partition("key=")[2], workspace_id=shop.workspace.pk) is None
    assert opened_by(new_key, workspace_id=shop.workspace.pk) == order
    assert not visible_to(guest).exists()
    assert not lines_visible_to(guest).exists()
    assert list(visible_to(shop.guest(order))) == [order]


def test_the_log_notes_a_rotation_where_guests_streams_see_it(shop: Shop) -> None:
    order = shop.order()

    rotate_order_key(viewer=shop.staff, order=order)

    event = Event.objects.get(kind="order_key.rotated")
    assert (event.topic, event.actor, event.internal) == (f"order_{order.pk}", shop.staff.reference, False)
    assert event.data == {}


@pytest.mark.feature("CN-8")
def test_the_keys_of_other_orders_stay(shop: Shop) -> None:
    order, other = shop.order(), shop.order()
    other_guest = shop.guest(other)

    rotate_order_key(viewer=shop.staff, order=order)

    assert list(visible_to(other_guest)) == [other]


def test_nobody_but_staff_rotates_a_key(shop: Shop) -> None:
    order = shop.order()

    for viewer in (shop.guest(order), anonymous(shop.workspace.pk)):
        with pytest.raises(Forbidden, match="order_keys:rotate"):
            rotate_order_key(viewer=viewer, order=order)

    assert (Order.objects.get().key_version, rotations()) == (1, 0)


def test_staff_of_another_workspace_do_not_find_the_order(shop: Shop, other_shop: Shop) -> None:
    order = shop.order()

    with pytest.raises(NotFound):
        rotate_order_key(viewer=other_shop.staff, order=order)

    assert (Order.objects.get().key_version, rotations()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_rotations_at_the_same_moment_each_count(shop: Shop) -> None:
    order = shop.order()

    results = together(*4 * [partial(rotate_order_key, viewer=shop.staff, order=order)])

    assert results == [None] * 4
    assert (Order.objects.get().key_version, rotations()) == (5, 4)


@pytest.mark.django_db(transaction=True)
def test_a_rotation_before_another_has_committed_counts_too(shop: Shop) -> None:
    order = shop.order()

    assert overlapping(*2 * [partial(rotate_order_key, viewer=shop.staff, order=order)]) == [None, None]
    assert (Order.objects.get().key_version, rotations()) == (3, 2)


# All at once


@pytest.mark.feature("CN-8")
def test_all_keys_end_at_once_in_one_workspace_alone(shop: Shop, other_shop: Shop) -> None:
    orders, theirs = [shop.order(), shop.order()], other_shop.order()
    guests = [shop.guest(order) for order in orders]
    their_guest = other_shop.guest(theirs)

    with CaptureQueriesContext(connection) as statements:
        assert rotate_all_order_keys(viewer=shop.staff) == 2

    assert sum("UPDATE" in statement["sql"] for statement in statements) == 1
    assert not any(visible_to(guest).exists() for guest in guests)
    assert [list(visible_to(shop.guest(order))) for order in orders] == [[order] for order in orders]
    assert list(visible_to(their_guest)) == [theirs]
    event = Event.objects.get(kind="order_keys.rotated")
    assert (event.workspace_id, event.actor, event.internal) == (shop.workspace.pk, shop.staff.reference, False)
    assert event.data == {"orders": 2}


def test_nobody_but_staff_rotates_all_keys_or_learns_how_many_there_are(shop: Shop) -> None:
    order = shop.order()

    for viewer in (shop.guest(order), anonymous(shop.workspace.pk)):
        for act in (partial(rotate_all_order_keys, viewer=viewer), partial(links_of, viewer)):
            with pytest.raises(Forbidden, match="order_keys:rotate"):
                act()

    assert Order.objects.get().key_version == 1
    assert links_of(shop.staff) == 1


def test_without_an_order_nothing_is_noted(shop: Shop) -> None:
    assert rotate_all_order_keys(viewer=shop.staff) == 0

    assert not Event.objects.filter(kind="order_keys.rotated").exists()
