"""Ids and texts that name nothing, or that no database holds: wherever a mutation of the schema takes one."""

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type, get_nullable_type, is_list_type

from counterfoil.access.models import StaffMember
from counterfoil.access.viewer import Role
from counterfoil.catalog.actions import NewUnit, save_product
from counterfoil.conversations.actions import send_message
from counterfoil.interactions.actions import log_interaction
from counterfoil.interactions.models import InteractionType
from counterfoil.orders.actions import change_status
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.partners.actions import register_client
from counterfoil.staff.invitations import invite
from counterfoil.staff.roles import save_role
from schema.root import schema
from tests.factories import failed_mail
from tests.schema import test_access_matrix as measured
from tests.schema.test_access_matrix import Change, World, change, everything
from tests.two_workspaces import NAMED, ids_of

world = measured.world
MUTATIONS = sorted(measured.MUTATIONS)
UNKNOWN = "999999"
MALFORMED = [
    "",
    "_",
    "{kind}",
    "{kind}_",
    "{kind}_x",
    "{kind}_-1",
    "{kind}_0",
    "{kind}_1.0",
    "{kind}_ 1",
    "_1",
    "1",
    "\0",
]
MALFORMED += ["{kind}_1_1", "{kind}_١", "{KIND}_1", "\ud800", "{kind}_" + "9" * 18, "{kind}_" + "9" * 30]
ADDRESS = {"name": "Ana Reis", "street": "4 Pier Road", "city": "Whitby", "country": "GB"}
WRITTEN = ["before\0after", "\0", "before\ud800after", "\udc00"]

type Place = tuple[str, ...]  # of a value within an input; an item of a list is its first


def places(kind: GraphQLInputObjectType, of: str, above: Place = ()) -> Iterator[Place]:
    """Where an input has values of a scalar, inputs within it too."""
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType):
            yield from places(inner, of, (*above, name))
        elif inner.name == of:
            yield (*above, name)


def places_of(mutation: str, of: str) -> list[Place]:
    field = schema._schema.mutation_type.fields[mutation] if schema._schema.mutation_type else None
    assert field is not None
    kind = get_named_type(field.args["input"].type)
    assert isinstance(kind, GraphQLInputObjectType)
    return list(places(kind, of))


def with_value(sent: Change, place: Place, value: str) -> dict[str, Any]:
    """What the mutation is given, with this value at that place."""
    given: dict[str, Any] = deepcopy({"clientMutationKey": "1", **sent.named, **sent.given})
    at: Any = given
    for name in place[:-1]:
        at.setdefault(name, dict(ADDRESS) if name.endswith("Address") else [{"quantity": 1}])
        at = at[name] if isinstance(at[name], dict) else at[name][0]
    kind: Any = schema._schema.type_map[f"{sent.kind}Input"]
    many = len(place) == 1 and is_list_type(get_nullable_type(kind.fields[place[0]].type))
    at[place[-1]] = [value] if many else value
    return given


def asked(world: World, sent: Change, place: Place, value: str) -> dict[str, Any]:
    """What is answered to the shop's admin, or to who may do this."""
    who = {"ClaimOrder": "other contact", "EditOrder": "contact", "CancelOwnOrder": "contact"}.get(sent.kind, "admin")
    reply = world.ask[who](sent.document, input=with_value(sent, place, value))
    [answer] = reply.data.values()
    assert isinstance(answer, dict)
    return answer


@pytest.fixture
def foreign(world: World) -> dict[str, list[str]]:
    """Ids of rows of every kind that another workspace has."""
    elsewhere = StaffMember.objects.exclude(workspace=world.shop.workspace).get()
    staff, order = elsewhere.viewer, Order.objects.select_related("contact").get(number="INV-7-elsewhere")
    change_status(viewer=staff, order=order, status=OrderStatus.CONFIRMED)
    fulfil(viewer=staff, order=order, quantities={order.lines.get(ordinal=1).pk: 1})
    failed_mail(send_message(viewer=staff, order=order, text="Your tins leave today."))
    log_interaction(viewer=staff, customer=order.customer, type=InteractionType.NOTE, text="Prefers card.")
    save_product(viewer=staff, sku="TT-22", name="Tea tin", units=[NewUnit("each", Decimal(2), "GBP")])
    invite(viewer=staff, email="pia@fennel.test", name="Pia", role=Role.SHOP_MANAGER)
    save_role(viewer=staff, name="Packer", permissions=["orders:read"])
    register_client(viewer=staff, name="Stock", scopes=["orders:read"])
    kinds = {
        "order": "Order", "line": "OrderLine", "fulfilment": "Fulfilment", "message": "Message", "staff": "StaffMember",
        "customer": "Customer", "contact": "Contact", "product": "Product", "role": "CustomRole",
        "invitation": "Invitation", "client": "PartnerClient", "store": "Store",
        "interaction": "Interaction", "mail": "Mail",
    }  # fmt: skip
    return ids_of(elsewhere.workspace_id, kinds)


@pytest.mark.feature("AC-12")
@pytest.mark.feature("GQ-3")
@pytest.mark.slow_on_postgresql
@pytest.mark.parametrize("mutation", [mutation for mutation in MUTATIONS if places_of(mutation, "ID")])
def test_an_id_of_another_workspace_or_type_or_of_no_form_is_an_id_of_nothing(
    world: World, foreign: dict[str, list[str]], mutation: str
) -> None:
    sent = change(world, mutation)
    before = everything()

    for place in places_of(mutation, "ID"):
        kind = NAMED[place[-1]]
        others = [f"{other}_1" for other in foreign if other != kind]
        malformed = [one.format(kind=kind, KIND=kind.upper()) for one in MALFORMED]
        of_nothing = asked(world, sent, place, f"{kind}_{UNKNOWN}")
        told = {one: asked(world, sent, place, one) for one in (*foreign[kind][:2], *others, *malformed)}

        assert foreign[kind]
        assert of_nothing["code"] in {"NOT_FOUND", "INVALID"}, place
        assert {one: answer for one, answer in told.items() if answer != of_nothing} == {}, place

    assert everything() == before


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize("kind", ["order", "line", "fulfilment", "message", "customer", "contact", "product", "role"])
def test_a_node_of_another_workspace_or_of_no_form_is_none(
    world: World,
    foreign: dict[str, list[str]],
    kind: str,
) -> None:
    malformed = [one.format(kind=kind, KIND=kind.upper()) for one in MALFORMED]
    for one in (*foreign[kind], *malformed):
        assert world.ask["admin"]("query ($id: ID!) { node(id: $id) { id } }", id=one).data == {"node": None}, one
        assert world.ask["admin"]("query ($id: ID!) { order(id: $id) { id } }", id=one).data == {"order": None}, one


@pytest.mark.feature("GQ-3")
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_text_that_no_database_holds_is_a_problem_of_its_field(world: World, mutation: str) -> None:
    sent = change(world, mutation)
    before = everything()

    for place in places_of(mutation, "String"):
        for text in WRITTEN:
            answer = asked(world, sent, place, text)
            assert answer["__typename"] == "Problem", (place, ascii(text))
            assert (answer["code"], answer["field"].partition(".")[0]) == ("INVALID", place[0]), ascii(text)

    assert everything() == before


@pytest.mark.feature("GQ-1")
@pytest.mark.parametrize("text", [*WRITTEN, "%", "'", "x" * 10_000, "\u202e"], ids=lambda text: ascii(text[:20]))
def test_a_text_that_nobody_wrote_finds_nothing(world: World, text: str) -> None:
    document = """query ($it: String!) {
        orderByNumber(number: $it) { id } orders(first: 9, filter: {search: $it}) { nodes { id } }
        products(first: 9, filter: {skus: [$it]}) { nodes { id } }
        customers(first: 9, filter: {search: $it}) { nodes { id } }
        found: products(first: 9, filter: {search: $it}) { nodes { id } } }"""

    nothing: dict[str, list[str]] = {"nodes": []}
    assert world.ask["admin"](document, it=text).data == {
        "orderByNumber": None, "orders": nothing, "products": nothing, "customers": nothing, "found": nothing,
    }  # fmt: skip
