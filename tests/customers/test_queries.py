"""Who sees customers."""

import pytest

from counterfoil.access.viewer import Viewer, ViewerKind, anonymous
from counterfoil.customers.queries import contacts_visible_to, customers_visible_to, matching
from tests.factories import Shop


def test_staff_see_the_customers_of_their_workspace_alone(shop: Shop, other_shop: Shop) -> None:
    ours, theirs = shop.order(), other_shop.order()

    assert list(customers_visible_to(shop.staff)) == [ours.customer]
    assert list(contacts_visible_to(shop.staff)) == [ours.contact]
    assert list(customers_visible_to(other_shop.staff)) == [theirs.customer]
    assert list(contacts_visible_to(other_shop.staff)) == [theirs.contact]


@pytest.mark.feature("AC-2")
def test_an_order_key_shows_no_customer_not_even_the_one_who_ordered(shop: Shop) -> None:
    guest = shop.guest(shop.order())

    for viewer in (guest, anonymous(shop.workspace.pk)):
        assert not customers_visible_to(viewer).exists()
        assert not contacts_visible_to(viewer).exists()


def test_staff_without_a_role_see_no_customers(shop: Shop) -> None:
    shop.order()
    nobody = Viewer(kind=ViewerKind.STAFF, workspace_id=shop.workspace.pk, staff_id=shop.member.pk)

    assert not customers_visible_to(nobody).exists()
    assert not contacts_visible_to(nobody).exists()


def test_customers_are_narrowed_by_their_flags(shop: Shop) -> None:
    closed, blocked = shop.order().customer, shop.order().customer
    type(closed).objects.filter(pk=closed.pk).update(is_active=False)
    type(blocked).objects.filter(pk=blocked.pk).update(ordering_blocked=True)
    mine = customers_visible_to(shop.staff).order_by("pk")

    assert list(matching(mine)) == [closed, blocked]
    assert list(matching(mine, is_active=False)) == [closed]
    assert list(matching(mine, is_active=True)) == [blocked]
    assert list(matching(mine, ordering_blocked=True)) == [blocked]
    assert not matching(mine, is_active=False, ordering_blocked=True).exists()
