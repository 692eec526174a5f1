"""Each type and field says which scopes it needs, and what it says is what was measured (GQ-1)."""

import re

import pytest
import strawberry
from graphql import GraphQLInterfaceType, GraphQLObjectType

from counterfoil.access.policy import Permission
from schema.root import schema
from schema.scopes import needs, say_scopes, scopes_of, sentence, type_needs
from tests.schema import test_access_matrix as measured
from tests.schema import test_subscription_access as heard

pytestmark = [pytest.mark.once, pytest.mark.feature("GQ-1")]
SCHEMA = schema._schema
NEEDS = re.compile(r"Needs the (?:scopes?|permission) ([\w:, ]+?)(?:, which no scope gives)?\.")
ROOTS = {"Query", "Mutation", "Subscription"}
# What is there for whoever asks.
FREE = {
    *(
        "CurrentViewer",
        "Workspace",
        "Store",
        "StoreConnection",
        "StoreEdge",
        "Permission",
        "Scope",
        "OrderEditing",
        "AttentionCounts",
    ),
    *("Money", "PageInfo", "Problem"),  # parts of what needs scopes and of what needs none
}
# How the tables of what was measured call what `node` finds.
NODES = {
    "Order": "node",
    "OrderLine": "node of a line",
    "Fulfilment": "node of a parcel",
    "Message": "node of a message",
    "InternalNote": "node of a note",
    "Customer": "node of a customer",
    "Contact": "node of a contact",
    "Interaction": "node of an interaction",
    "Product": "node of a product",
    "Mail": "node of a mail",
    "Store": "node of a store",
}
ADMINS_NODES = {"PartnerClient", "Invitation", "StaffMember", "Role"}


def kind(name: str) -> GraphQLObjectType:
    found = SCHEMA.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found


def said(description: str | None) -> set[str]:
    """The scopes, or the permission, that a description says last; it says them once."""
    assert description is not None
    assert description.count("Needs the ") <= 1
    found = NEEDS.search(description)
    if found is None:
        return set()
    assert description.endswith(found[0])
    return set(re.split(", | and ", found[1]))


def fields(name: str) -> dict[str, set[str]]:
    return {field: said(one.description) for field, one in kind(name).fields.items()}


def test_every_query_mutation_and_subscription_says_the_scopes_without_which_it_does_nothing() -> None:
    of_node = {"node"}  # whose scopes are those of what it finds
    for root, rows in (("Query", measured.QUERIES), ("Mutation", measured.MUTATIONS)):
        names = {row for row in rows if " " not in row} - of_node
        found = fields(root)
        assert set(found) - of_node == names
        for name in names & measured.CONTACTS_ALONE:
            assert found[name] == {"orders:claim"}, name
            assert (kind(root).fields[name].description or "").endswith(", which no scope gives."), name
        for name in names & measured.BUYERS_ALONE:
            assert found[name] == {"orders:edit"}, name
            assert (kind(root).fields[name].description or "").endswith(", which no scope gives."), name
        for name in names - measured.ADMINS_ALONE - measured.CONTACTS_ALONE - measured.BUYERS_ALONE:
            assert found[name] == measured.SCOPES_OF[name], name
            assert found[name] or (kind(root).fields[name].description or "").endswith(" No scope needed."), name
        for name in names & measured.ADMINS_ALONE:
            assert found[name] <= {"staff:write", "partners:write", "settings:write"}, name
            assert (kind(root).fields[name].description or "").endswith(", which no scope gives."), name
    assert fields("Subscription") == {name: needed for name, needed in heard.SCOPES_OF.items() if " " not in name}


def test_what_node_finds_says_the_scopes_without_which_it_finds_nothing() -> None:
    node = SCHEMA.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {found.name for found in SCHEMA.get_possible_types(node)} == {*NODES, *ADMINS_NODES}

    for name, row in NODES.items():
        assert said(kind(name).description) == measured.SCOPES_OF[row], name
        assert fields(name)["id"] == measured.SCOPES_OF[row], name
    for name in ADMINS_NODES:
        assert (kind(name).description or "").endswith(", which no scope gives."), name


def test_each_field_of_an_order_says_the_scopes_without_which_it_is_empty() -> None:
    expected = {name: {"orders:read"} for name in measured.ORDER_FIELDS}
    for name, scope in {**measured.ORDER_SCOPES, "messages": "messages:read"}.items():
        expected[name].add(scope)

    assert fields("Order") == expected


def test_every_field_says_what_its_type_needs_and_only_what_is_free_says_nothing() -> None:
    found = {one.name: {scope.value for scope in needed} for one, needed in scopes_of(SCHEMA).items()}

    assert {name for name, needed in found.items() if not needed} == FREE | ROOTS
    for name in set(found) - FREE - ROOTS:
        for field, scopes in fields(name).items():
            assert found[name] <= scopes, f"{name}.{field}"
    asking = {f"{name}.{field}": scopes for name in FREE for field, scopes in fields(name).items() if scopes}
    assert asking == {
        "Workspace.publicUrl": {"customer_links:read"},
        "Store.health": {"settings:write"},
        "AttentionCounts.waiting": {"orders:read", "messages:read"},
        "AttentionCounts.unacknowledged": {"customers:read", "interactions:read"},
        "AttentionCounts.failedMails": {"orders:read", "messages:read"},
        "AttentionCounts.drafts": {"orders:read"},
    }
    assert found["SendMessageSuccess"] == {"orders:read", "messages:write"}
    assert found["MessageEdge"] == found["MessageMail"] == {"orders:read", "messages:read"}
    assert found["ChangeOrderStatusSuccess"] == {"orders:write"}
    assert found["Unit"] == {"products:read"}


@pytest.mark.parametrize(
    ("needed", "words"),
    [
        ((), "No scope needed."),
        ((Permission.ORDERS_READ,), "Needs the scope orders:read."),
        ((Permission.NOTES_READ, Permission.ORDERS_READ), "Needs the scopes orders:read and notes:read."),
        (
            (Permission.RECEIPTS_WRITE, Permission.ORDERS_READ, Permission.MESSAGES_READ),
            "Needs the scopes orders:read, messages:read and receipts:write.",
        ),
        ((Permission.STAFF_WRITE,), "Needs the permission staff:write, which no scope gives."),
    ],
)
def test_scopes_in_words(needed: tuple[Permission, ...], words: str) -> None:
    assert sentence(needed) == words


def test_a_type_that_declares_nothing_needs_what_all_ways_to_it_need() -> None:
    @strawberry.type(description="A label.")
    class Label:
        text: str = strawberry.field(description="Its text.")

    @strawberry.type(description="Words.")
    class Words:
        text: str = strawberry.field(description="Their text.")

    @type_needs(Permission.PRODUCTS_READ)
    @strawberry.type(description="A tin.")
    class Tin:
        label: Label = strawberry.field(description="Its label.")
        words: Words = strawberry.field(description="Its words.")
        price: str = strawberry.field(description="Its price.", metadata=needs(Permission.ORDERS_READ))

    @strawberry.type
    class Query:
        tin: Tin | None = strawberry.field(description="A tin.", metadata=needs(Permission.PRODUCTS_READ))
        label: Label | None = strawberry.field(description="A label.", metadata=needs(Permission.PRODUCTS_WRITE))
        words: Words | None = strawberry.field(description="Words.", metadata=needs())

    built = strawberry.Schema(Query)._schema
    say_scopes(built)

    texts = {
        f"{name}.{field}": one.description
        for name in ("Query", "Tin", "Label", "Words")
        for field, one in built.type_map[name].fields.items()  # type: ignore[attr-defined]
    }
    assert texts == {
        "Query.tin": "A tin. Needs the scope products:read.",
        "Query.label": "A label. Needs the scope products:write.",
        "Query.words": "Words. No scope needed.",
        "Tin.label": "Its label. Needs the scope products:read.",
        "Tin.words": "Its words. Needs the scope products:read.",
        "Tin.price": "Its price. Needs the scopes orders:read and products:read.",
        "Label.text": "Its text. Needs the scope products:read.",
        "Words.text": "Their text.",
    }
    assert [built.type_map[name].description for name in ("Tin", "Label")] == [
        "A tin. Needs the scope products:read.",
        "A label.",
    ]
