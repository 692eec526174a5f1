"""What a workspace and its stores decide about their portal."""

from functools import partial

import pytest

from counterfoil.access.problems import Forbidden, NotFound
from counterfoil.access.viewer import Role
from counterfoil.customers.links import by_link, public_url, workspace_opened_by
from counterfoil.customers.queries import signed_in
from counterfoil.events.models import Event
from counterfoil.workspaces.actions import rotate_public_link, save_store_settings, set_portal_settings
from counterfoil.workspaces.models import Store, Workspace
from counterfoil.workspaces.queries import portal_address
from tests.factories import Shop
from tests.together import together

pytestmark = pytest.mark.django_db


def told(kind: str) -> list[Event]:
    return list(Event.objects.filter(kind=kind).order_by("pk"))


def key_of(workspace: Workspace) -> str:
    workspace.refresh_from_db()
    return public_url("", workspace.pk, workspace.public_link_version).removeprefix("/start/")


def second_store(shop: Shop) -> Store:
    address = {"host": "trade.test", "base_url": "http://trade.test", "mail_from": "orders@trade.test"}
    return Store.objects.create(workspace=shop.workspace, name="Trade", **address)


@pytest.mark.feature("AC-6")
def test_a_rotated_public_link_opens_nothing_and_the_new_one_opens(shop: Shop, other_shop: Shop) -> None:
    old, theirs = key_of(shop.workspace), key_of(other_shop.workspace)
    assert workspace_opened_by(old, workspace_id=shop.workspace.pk) == shop.workspace

    rotate_public_link(viewer=shop.hire("Tom", Role.SHOP_MANAGER))

    assert workspace_opened_by(old, workspace_id=shop.workspace.pk) is None
    assert workspace_opened_by(key_of(shop.workspace), workspace_id=shop.workspace.pk) == shop.workspace
    assert workspace_opened_by(theirs, workspace_id=other_shop.workspace.pk) == other_shop.workspace
    [event] = told("public_link.rotated")
    assert (event.workspace_id, event.topic, event.internal) == (shop.workspace.pk, "public_link", False)


@pytest.mark.django_db(transaction=True)
def test_rotations_at_the_same_moment_each_count(shop: Shop) -> None:
    assert together(*4 * [partial(rotate_public_link, viewer=shop.staff)]) == [None] * 4

    assert (Workspace.objects.get().public_link_version, len(told("public_link.rotated"))) == (5, 4)


@pytest.mark.feature("AC-7")
def test_strict_security_is_off_until_it_is_turned_on_and_each_change_is_told_once(
    shop: Shop, other_shop: Shop
) -> None:
    assert not shop.workspace.strict_security

    for strict in (False, True, True, False):
        set_portal_settings(viewer=shop.staff, strict_security=strict)
        assert Workspace.objects.get(pk=shop.workspace.pk).strict_security is strict
        assert not Workspace.objects.get(pk=other_shop.workspace.pk).strict_security

    assert [(event.topic, event.internal, event.data) for event in told("strict_security.changed")] == [
        ("portal_settings", False, {"strict_security": strict}) for strict in (True, False)
    ]


@pytest.mark.feature("OR-1")
@pytest.mark.feature("AC-5")
def test_what_a_store_does_by_itself_is_off_until_it_is_turned_on_and_told_to_staff_alone(shop: Shop) -> None:
    second = second_store(shop)
    assert (shop.store.confirms_orders, shop.store.sticky_contact) == (False, False)

    for _ in range(2):
        save_store_settings(viewer=shop.staff, store=shop.store, confirms_orders=True, sticky_contact=False)

    shop.store.refresh_from_db()
    second.refresh_from_db()
    assert (shop.store.confirms_orders, shop.store.sticky_contact) == (True, False)
    assert (second.confirms_orders, second.sticky_contact) == (False, False)
    [event] = told("store.changed")
    assert (event.topic, event.internal) == (f"store_{shop.store.pk}", True)
    assert event.data == {"confirms_orders": True, "sticky_contact": False}


@pytest.mark.feature("OR-3")
def test_a_store_tells_customers_of_parcels_until_that_is_turned_off(shop: Shop) -> None:
    others = {"viewer": shop.staff, "store": shop.store, "confirms_orders": False, "sticky_contact": False}
    assert shop.store.announces_parcels

    for announces, expected in ((None, True), (False, False), (None, False), (False, False), (True, True)):
        save_store_settings(**others, announces_parcels=announces)
        shop.store.refresh_from_db()
        assert shop.store.announces_parcels is expected

    nothing_else = {"confirms_orders": False, "sticky_contact": False}
    assert [event.data for event in told("store.changed")] == [
        {**nothing_else, "announces_parcels": announces} for announces in (False, True)
    ]


def test_nobody_but_who_may_does_any_of_it(shop: Shop) -> None:
    order = shop.order()
    before = Event.objects.count()

    for viewer in (shop.guest(order), by_link(order.customer), signed_in(order.contact), shop.hire("Tom")):
        if not viewer.is_staff:
            with pytest.raises(Forbidden, match="customer_links:rotate"):
                rotate_public_link(viewer=viewer)
        with pytest.raises(Forbidden, match="settings:write"):
            set_portal_settings(viewer=viewer, strict_security=True)
        with pytest.raises(Forbidden, match="settings:write"):
            save_store_settings(viewer=viewer, store=shop.store, confirms_orders=True, sticky_contact=True)

    workspace, store = Workspace.objects.get(), Store.objects.get()
    assert (workspace.public_link_version, workspace.strict_security) == (1, False)
    assert (store.confirms_orders, store.sticky_contact) == (False, False)
    assert Event.objects.count() == before


def test_an_admin_of_another_workspace_does_not_find_the_store(shop: Shop, other_shop: Shop) -> None:
    with pytest.raises(NotFound):
        save_store_settings(viewer=other_shop.staff, store=shop.store, confirms_orders=True, sticky_contact=True)

    assert not Store.objects.filter(confirms_orders=True).exists()
    assert told("store.changed") == []


def test_the_portal_is_at_the_address_of_the_first_store(shop: Shop, other_shop: Shop) -> None:
    second_store(shop)

    assert portal_address(shop.workspace.pk) == "http://fennel.test"
    assert portal_address(other_shop.workspace.pk) == "http://other.test"
