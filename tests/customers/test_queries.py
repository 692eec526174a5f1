"""Who sees customers."""

import pytest

from counterfoil.access.viewer import Viewer, ViewerKind, anonymous
from counterfoil.customers.queries import contacts_visible_to, customers_visible_to
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
