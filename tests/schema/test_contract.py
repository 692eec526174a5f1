"""The schema as partners read it: described in full, printed in schema.graphql, of one shape (GQ-1, GQ-3)."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
)

from schema.root import print_schema, schema

ROOT = Path(__file__).parents[2]
SCHEMA = schema._schema
OURS = [
    kind for kind in SCHEMA.type_map.values() if not is_introspection_type(kind) and not is_specified_scalar_type(kind)
]
# Lists that are as long as the policy's table, whatever is stored.
OF_THE_POLICY = {"CurrentViewer.permissions", "Query.permissions", "Role.permissions"}

# Lists that can't grow: of the scopes or types that there are, and of as many days or names as were asked for.
BOUNDED = {
    "PartnerClient.scopes",
    "PartnerClient.usageByDay",
    "PartnerClient.usageByOperation",
    "Query.partnerScopes",
    "ChangeOrdersSuccess.outcomes",  # as many as were named, at most 100
    "SetOrdersHoldSuccess.outcomes",
    "ChangeCustomersSuccess.outcomes",
    "Query.interactionTypes",
    "Query.activity",
    "DayOfActivity.ordered",  # a sum a currency
    "SwitchInteractionTypeSuccess.interactionTypes",
    "StoreHealth.checks",  # one a subject
}

CONNECTIONS = [
    "Customer.contacts",
    "Customer.interactions",
    "Customer.linkedAccounts",
    "Customer.timeline",
    "Customer.unacknowledged",
    "Fulfilment.lines",
    "Order.fulfilments",
    "Order.history",
    "Order.internalNotes",
    "Order.lines",
    "Order.messages",
    "Order.packingNotices",
    "Order.timeline",
    "PartnerClient.secrets",
    "Product.units",
    "Query.customers",
    "Query.failedMails",
    "Query.invitations",
    "Query.orders",
    "Query.partnerClients",
    "Query.products",
    "Query.roles",
    "Query.staffMembers",
    "Query.stores",
    "Query.unacknowledgedInteractions",
    "Query.waitingConversations",
]

pytestmark = pytest.mark.once


def described() -> dict[str, str | None]:
    """Everything that can have a description, by its place in the schema."""
    found: dict[str, str | None] = {}
    for kind in OURS:
        found[kind.name] = kind.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                found[f"{kind.name}.{name}"] = field.description
                found |= {f"{kind.name}.{name}({key}:)": value.description for key, value in field.args.items()}
        elif isinstance(kind, GraphQLInputObjectType):
            found |= {f"{kind.name}.{name}": field.description for name, field in kind.fields.items()}
        elif isinstance(kind, GraphQLEnumType):
            found |= {f"{kind.name}.{name}": value.description for name, value in kind.values.items()}
    for directive in SCHEMA.directives:
        if not is_specified_directive(directive):
            found[f"@{directive.name}"] = directive.description
            found |= {f"@{directive.name}({key}:)": value.description for key, value in directive.args.items()}
    return found


@pytest.mark.feature("GQ-1")
def test_schema_graphql_is_the_schema() -> None:
    printed = (ROOT / "schema.graphql").read_text(encoding="utf-8")

    assert printed == print_schema(), "schema.graphql is not the schema: run `make schema`, and look at what changed."


@pytest.mark.feature("GQ-1")
def test_everything_in_the_schema_has_a_description() -> None:
    places = described()

    assert {"Query.orders(first:)", "OrderStatus.DRAFT", "SendMessageInput.text", "Position"} <= set(places)
    assert [place for place, text in places.items() if not (text or "").strip()] == []


@pytest.mark.feature("GQ-1")
def test_descriptions_are_sentences() -> None:
    wrong = [
        place
        for place, text in described().items()
        if text and (text != text.strip() or (not text[0].isupper() and text[0] != "`") or text[-1] not in ".:")
    ]

    assert set(wrong) == {"Date", "DateTime", "Decimal"}  # Strawberry's own


@pytest.mark.feature("GQ-3")
def test_every_mutation_takes_one_input_with_a_key_and_answers_a_result_or_a_problem() -> None:
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    assert len(mutation.fields) >= 6

    for name, field in mutation.fields.items():
        assert list(field.args) == ["input"], name
        given = field.args["input"].type
        assert isinstance(given, GraphQLNonNull), name
        assert isinstance(given.of_type, GraphQLInputObjectType), name
        assert str(given.of_type.fields["clientMutationKey"].type) == "String!", name
        assert isinstance(field.type, GraphQLNonNull), name
        answer = field.type.of_type
        assert isinstance(answer, GraphQLUnionType), name
        kinds = [kind.name for kind in answer.types]
        assert kinds == [answer.name.removesuffix("Result") + "Success", "Problem"], name


@pytest.mark.feature("GQ-2")
def test_every_list_that_can_grow_is_a_connection_that_asks_for_a_size() -> None:
    connections = []
    for kind in OURS:
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for name, field in kind.fields.items():
            if get_named_type(field.type).name.endswith("Connection"):
                connections.append(f"{kind.name}.{name}")
                assert str(field.args["first"].type) == "Int!"
                assert str(field.args["after"].type) == "String"
            elif "[" in str(field.type) and f"{kind.name}.{name}" not in BOUNDED | OF_THE_POLICY:
                assert kind.name.endswith("Connection"), f"{kind.name}.{name} is a bare list"

    assert sorted(connections) == CONNECTIONS


@pytest.mark.feature("GQ-2")
def test_every_connection_has_the_shape_that_relay_asks_for() -> None:
    for kind in OURS:
        if isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection"):
            node = kind.name.removesuffix("Connection")
            assert {name: str(field.type) for name, field in kind.fields.items()} == {
                "nodes": f"[{node}!]!",
                "edges": f"[{node}Edge!]!",
                "pageInfo": "PageInfo!",
            }


@pytest.mark.feature("CN-2")
def test_a_note_and_a_message_are_two_types_that_share_no_list() -> None:
    message, note = SCHEMA.type_map["Message"], SCHEMA.type_map["InternalNote"]
    assert isinstance(message, GraphQLObjectType)
    assert isinstance(note, GraphQLObjectType)

    unions = [kind for kind in OURS if isinstance(kind, GraphQLUnionType)]
    assert not [union for union in unions if {message, note} <= set(union.types)]
    assert "visibility" not in message.fields
    assert {"sentAt", "deliveredAt", "readAt", "mail", "isMine"}.isdisjoint(note.fields)
