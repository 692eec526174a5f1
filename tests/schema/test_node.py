"""Every object can be fetched again by the global id that it carries (GQ-2)."""

from decimal import Decimal

import pytest
from graphql import GraphQLInterfaceType

from counterfoil.access.viewer import Role
from counterfoil.catalog.actions import NewUnit, save_product
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.interactions.actions import log_interaction
from counterfoil.interactions.models import InteractionType
from counterfoil.orders.actions import change_status
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import OrderStatus
from counterfoil.partners.actions import register_client
from counterfoil.staff.invitations import invite
from schema.relay import pk_of
from schema.root import schema
from tests.conftest import Ask
from tests.factories import Shop, failed_mail

IDS = """{ orders(first: 1) { nodes {
    id store { id } customer { id } contact { id } lines(first: 1) { nodes { id } }
    fulfilments(first: 1) { nodes { id } } messages(first: 1) { nodes { id } } internalNotes(first: 1) { nodes { id } }
} } }"""
NODE = """query ($id: ID!) { node(id: $id) {
    __typename id
    ... on Product { product: name } ... on PartnerClient { program: name }
    ... on Fulfilment { parcel: number } ... on Order { number } ... on OrderLine { line: name }
    ... on Message { text } ... on InternalNote { note: text }
    ... on Invitation { invited: name } ... on Interaction { logged: text }
    ... on Mail { to } ... on Customer { customer: name } ... on Contact { email } ... on Store { store: name }
    ... on StaffMember { member: name } ... on Role { role: name }
} }"""


@pytest.fixture
def ids(shop: Shop, ask: Ask) -> dict[str, str]:
    """The global id of one object of each type, as the schema gives it."""
    order = shop.order(number="INV-7")
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    fulfil(viewer=shop.staff, order=order)
    message = send_message(viewer=shop.staff, order=order, text="Leaves today.")
    write_internal_note(viewer=shop.staff, order=order, text="Pays late.")
    entry = log_interaction(
        viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text="Prefers card.", order=order
    )
    product = save_product(viewer=shop.staff, sku="TT-22", name="Tea tin", units=[NewUnit("each", Decimal(2), "GBP")])
    invitation = invite(viewer=shop.staff, email="pia@fennel.test", name="Pia", role=Role.ADMIN)
    program, _ = register_client(viewer=shop.staff, name="Till", scopes=["orders:read"])
    [found] = ask(shop.staff, IDS)["orders"]["nodes"]
    return {
        "Order": found["id"],
        "Store": found["store"]["id"],
        "Customer": found["customer"]["id"],
        "Contact": found["contact"]["id"],
        "OrderLine": found["lines"]["nodes"][0]["id"],
        "Product": f"product_{product.pk}",
        "PartnerClient": f"client_{program.pk}",
        "Fulfilment": found["fulfilments"]["nodes"][0]["id"],
        "Message": found["messages"]["nodes"][0]["id"],
        "InternalNote": found["internalNotes"]["nodes"][0]["id"],
        "Interaction": f"interaction_{entry.pk}",
        "Mail": f"mail_{failed_mail(message).pk}",
        "Invitation": f"invitation_{invitation.pk}",
        "StaffMember": f"staff_{shop.member.pk}",
        "Role": "role_shop-manager",
    }


@pytest.mark.feature("GQ-2")
def test_every_object_is_fetched_again_by_its_id(shop: Shop, ask: Ask, ids: dict[str, str]) -> None:
    node = schema._schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {kind.name for kind in schema._schema.get_possible_types(node)} == set(ids)

    found = {kind: ask(shop.staff, NODE, id=gid)["node"] for kind, gid in ids.items()}

    assert found == {
        "Order": {"__typename": "Order", "id": ids["Order"], "number": "INV-7"},
        "Store": {"__typename": "Store", "id": ids["Store"], "store": "Fennel & Twine"},
        "Customer": {"__typename": "Customer", "id": ids["Customer"], "customer": "Harbour Café"},
        "Contact": {"__typename": "Contact", "id": ids["Contact"], "email": "ana@harbour.example"},
        "OrderLine": {"__typename": "OrderLine", "id": ids["OrderLine"], "line": "Tea tin, retro spot"},
        "Product": {"__typename": "Product", "id": ids["Product"], "product": "Tea tin"},
        "PartnerClient": {"__typename": "PartnerClient", "id": ids["PartnerClient"], "program": "Till"},
        "Fulfilment": {"__typename": "Fulfilment", "id": ids["Fulfilment"], "parcel": 1},
        "Message": {"__typename": "Message", "id": ids["Message"], "text": "Leaves today."},
        "InternalNote": {"__typename": "InternalNote", "id": ids["InternalNote"], "note": "Pays late."},
        "Interaction": {"__typename": "Interaction", "id": ids["Interaction"], "logged": "Prefers card."},
        "Mail": {"__typename": "Mail", "id": ids["Mail"], "to": "ana@harbour.example"},
        "Invitation": {"__typename": "Invitation", "id": ids["Invitation"], "invited": "Pia"},
        "StaffMember": {"__typename": "StaffMember", "id": ids["StaffMember"], "member": "Mara"},
        "Role": {"__typename": "Role", "id": "role_shop-manager", "role": "Shop manager"},
    }


@pytest.mark.feature("GQ-2")
@pytest.mark.feature("AC-2")
def test_a_guest_fetches_what_their_order_shows(shop: Shop, ask: Ask, ids: dict[str, str]) -> None:
    order_key = pk_of(ids["Order"], "order")
    assert order_key is not None
    order = shop.order()  # another one
    guest = shop.guest(type(order).objects.get(pk=order_key))

    for viewer, seen in (
        (guest, {"Order", "OrderLine", "Fulfilment", "Message", "Store"}),
        (shop.guest(order), {"Store"}),
    ):
        found = {kind for kind, gid in ids.items() if ask(viewer, NODE, id=gid)["node"] is not None}
        assert found == seen


def test_another_workspace_finds_none_of_it(shop: Shop, other_shop: Shop, ask: Ask, ids: dict[str, str]) -> None:
    ids.pop("Role")  # a built-in one is the same everywhere

    assert [ask(other_shop.staff, NODE, id=gid)["node"] for gid in ids.values()] == [None] * len(ids)


@pytest.mark.parametrize(
    "wrong",
    [
        *("", "_", "1", "🫖", "order", "order_", "nothing_1", "Order_1", "\ud800_1"),
        *("order_0", "order_-1", "order_1.0", "order_ 1", "order_٣", "order_1_2", "order_\0"),
        *("order_" + "9" * digits for digits in (18, 19, 5000)),
    ],
    ids=lambda wrong: ascii(wrong[:20]),
)
@pytest.mark.parametrize("field", ["node", "order"])
def test_what_is_no_id_finds_nothing(shop: Shop, ask: Ask, field: str, wrong: str) -> None:
    shop.order()

    assert ask(shop.staff, f"query ($id: ID!) {{ found: {field}(id: $id) {{ id }} }}", id=wrong) == {"found": None}


@pytest.mark.feature("GQ-2")
def test_the_id_of_one_kind_is_no_id_of_another(shop: Shop, ask: Ask) -> None:
    order = shop.order()

    for kind in ("message", "note", "line", "customer"):
        assert ask(shop.staff, "query ($id: ID!) { order(id: $id) { id } }", id=f"{kind}_{order.pk}") == {"order": None}
