"""Of a story each viewer is told what they may read, and of another workspace's nothing (IN-11, AC-12)."""

from collections.abc import Iterable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.access.policy import GRANTABLE, Permission
from counterfoil.access.viewer import Viewer, anonymous
from counterfoil.customers.links import by_link
from counterfoil.customers.queries import signed_in
from counterfoil.events.models import Event
from counterfoil.orders.models import Order
from counterfoil.partners.actions import register_client
from counterfoil.staff.roles import save_role
from schema.timeline.kinds import OF_EVENTS, OF_ROWS
from tests.conftest import Ask
from tests.eventful import Eventful, eventful
from tests.factories import Shop
from tests.schema.timeline.asking import entries, kinds
from tests.schema.timeline.test_story import NOT_OF_THE_ORDER, OF_THE_CUSTOMER

pytestmark = [pytest.mark.feature("IN-11"), pytest.mark.feature("AC-12")]

# What a story leaves out for who reads all but one thing.
WITHOUT = {
    Permission.MESSAGES_READ: {"message.sent", "mail.sent"},
    Permission.NOTES_READ: {"note.written"},
    Permission.INTERACTIONS_READ: {"interaction.logged", "interaction.acknowledged"},
    Permission.CUSTOMER_LINKS_READ: {"customer_link.rotated", "account_session.ended"},
    Permission.ORDER_KEYS_READ: {"order_key.rotated"},
}


def partner(shop: Shop, permissions: Iterable[Permission]) -> Viewer:
    client, _ = register_client(viewer=shop.staff, name="Till", scopes=permissions)
    return client.acting(client.scopes)


def member(shop: Shop, permissions: Iterable[Permission]) -> Viewer:
    role = save_role(viewer=shop.staff, name="Reader", permissions=list(permissions))
    return shop.hire("Pia", role)


def all_but(missing: Permission) -> set[Permission]:
    """Every permission to read without this one."""
    return {one for one in GRANTABLE if one.value.endswith(":read") and one is not missing}


@pytest.mark.parametrize("reading", [partner, member])
@pytest.mark.parametrize("missing", WITHOUT)
def test_what_a_viewer_may_not_read_is_not_in_their_story(shop: Shop, missing: Permission, reading: object) -> None:
    happened = eventful(shop)
    viewer = (partner if reading is partner else member)(shop, all_but(missing))

    told = kinds(viewer, happened.gid)

    assert told == [kind for kind in OF_THE_CUSTOMER if kind not in WITHOUT[missing]]
    of_order = [kind for kind in OF_THE_CUSTOMER if kind not in NOT_OF_THE_ORDER | WITHOUT[missing]]
    assert kinds(viewer, happened.order.topic) == of_order


def test_what_a_viewer_may_not_read_is_not_read_for_them_either(shop: Shop) -> None:
    happened = eventful(shop)
    viewer = partner(shop, {Permission.ORDERS_READ, Permission.CUSTOMERS_READ})

    with CaptureQueriesContext(connection) as statements:
        told = kinds(viewer, happened.gid)

    asked = " ".join(statement["sql"] for statement in statements)
    for hidden in set().union(*WITHOUT.values()):
        assert hidden not in told
        assert hidden not in asked
    for table in ("conversations_message", "mail_mail", "interactions_interaction"):
        assert table not in asked


def test_who_reads_orders_alone_is_not_told_the_names_of_customers_people(shop: Shop) -> None:
    happened = eventful(shop)
    viewer = partner(shop, {Permission.ORDERS_READ})

    told = entries(viewer, happened.order.topic)

    [turned_off] = [entry for entry in told if entry["kind"] == "mail_preference.changed"]
    assert turned_off["actor"] == "CUSTOMER"
    assert "actorName" not in turned_off
    assert "interaction.logged" not in [entry["kind"] for entry in told]
    assert "Ana" not in str(told)


@pytest.mark.parametrize("reading", [partner, member])
def test_who_reads_orders_and_messages_but_no_customers_is_told_no_mail_address(shop: Shop, reading: object) -> None:
    happened = eventful(shop)
    viewer = (partner if reading is partner else member)(shop, {Permission.ORDERS_READ, Permission.MESSAGES_READ})

    told = entries(viewer, happened.order.topic)

    sent = [entry["mail"] for entry in told if entry["kind"] == "mail.sent"]
    assert [mail["to"] for mail in sent] == [None, None]
    assert "@" not in str(told)


def test_a_story_of_a_customer_is_null_without_the_right_to_read_orders(shop: Shop, ask: Ask) -> None:
    happened = eventful(shop)
    viewer = partner(shop, {Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ})

    found = ask(
        viewer,
        f'{{ node(id: "{happened.gid}") {{ ... on Customer {{ timeline(first: 9) {{ nodes {{ kind }} }} }} }} }}',
    )

    assert found == {"node": {"timeline": None}}


@pytest.mark.parametrize("who", ["guest", "customer", "contact", "anonymous"])
def test_who_is_not_of_the_shop_gets_no_story(shop: Shop, ask: Ask, who: str) -> None:
    happened = eventful(shop)
    order = Order.objects.select_related("contact", "customer").get(pk=happened.order.pk)
    viewer = {
        "guest": shop.guest(order),
        "customer": by_link(order.customer),
        "contact": signed_in(order.contact),
        "anonymous": anonymous(shop.workspace.pk),
    }[who]
    text = """query ($order: ID!, $customer: ID!) {
        order: node(id: $order) { ... on Order { timeline(first: 9) { nodes { kind } } } }
        customer: node(id: $customer) { ... on Customer { timeline(first: 9) { nodes { kind } } } } }"""

    found = ask(viewer, text, order=order.topic, customer=happened.gid)

    assert found == {"order": None if who == "anonymous" else {"timeline": None}, "customer": None}


def test_a_story_tells_nothing_of_another_customer_or_workspace(shop: Shop, other_shop: Shop, ask: Ask) -> None:
    mine, theirs = eventful(shop), eventful(other_shop)
    beside = shop.order(customer="Beside")

    assert kinds(shop.staff, mine.gid) == OF_THE_CUSTOMER
    assert kinds(shop.staff, f"customer_{beside.customer_id}") == ["order.placed", "customer.created"]
    for told in (entries(shop.staff, mine.gid), entries(shop.staff, mine.order.topic)):
        assert not _ids_of(theirs) & set(_ids_in(told))
    for gid in (theirs.gid, theirs.order.topic):
        assert ask(shop.staff, "query ($id: ID!) { node(id: $id) { id } }", id=gid) == {"node": None}


def test_stories_of_many_customers_do_not_mix(shop: Shop, ask: Ask) -> None:
    first, second = eventful(shop), shop.order(customer="Quay", number="Q-1")
    text = """{ customers(first: 9) { nodes { name timeline(first: 2) { nodes { kind order { number } }
        pageInfo { hasNextPage } } } } }"""

    told = {one["name"]: one["timeline"] for one in ask(shop.staff, text)["customers"]["nodes"]}

    assert [node["kind"] for node in told[first.customer.name]["nodes"]] == OF_THE_CUSTOMER[:2]
    assert told["Quay"]["nodes"] == [
        {"kind": "order.placed", "order": {"number": second.number}},
        {"kind": "customer.created", "order": None},
    ]
    assert [told[name]["pageInfo"]["hasNextPage"] for name in (first.customer.name, "Quay", "Pier 2")] == [
        True,
        False,
        True,
    ]


def test_every_kind_of_a_story_needs_something(shop: Shop) -> None:
    assert all(kind.needs for kind in {**OF_EVENTS, **OF_ROWS}.values())
    assert Event.objects.count() == 0


def _ids_of(happened: Eventful) -> set[str]:
    return {
        happened.gid,
        happened.order.topic,
        f"interaction_{happened.entry.pk}",
        f"fulfilment_{happened.parcel.pk}",
        f"contact_{happened.order.contact_id}",
    }


def _ids_in(told: object) -> Iterable[str]:
    if isinstance(told, dict):
        for name, value in told.items():
            if name == "id":
                yield value
            yield from _ids_in(value)
    elif isinstance(told, list):
        for value in told:
            yield from _ids_in(value)
