"""An internal note never reaches a customer, by any field of the schema, any event, or any stream (CN-2).

The walk below is made from the schema itself: every field of every type that can be reached, with every kind of id,
so that a field which is added later is walked too.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing, suppress
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
)

from counterfoil.access.viewer import Viewer, anonymous
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.conversations.models import Message
from counterfoil.events.feed import read_after
from counterfoil.orders.models import Order
from schema import client
from schema.context import Context
from schema.root import schema
from tests.factories import Shop
from tests.posting import key_of
from tests.serving import PATIENCE, in_loop

SECRET = "Pays late; ask for the money first."
SCHEMA = schema._schema
DEEPEST = 7

type Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


def selection(output: GraphQLOutputType, above: tuple[str, ...] = ()) -> str:
    """Everything that can be selected of a type, down to types that stand above already.

    Each field has an alias of its own, since fields of one name and several types do not merge.
    """
    named = get_named_type(output)
    if isinstance(named, GraphQLScalarType | GraphQLEnumType):
        return ""
    if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        possible = SCHEMA.get_possible_types(named)
        return "{ __typename " + " ".join(f"... on {kind.name} {selection(kind, above)}" for kind in possible) + " }"
    assert isinstance(named, GraphQLObjectType)
    fields = []
    for name, field in named.fields.items():
        inner = get_named_type(field.type)
        if inner.name in (*above, named.name) or len(above) == DEEPEST:
            continue
        arguments = {"first": "100"} if "first" in field.args else {}
        assert {key for key, value in field.args.items() if is_required_argument(value)} <= set(arguments)
        given = f"({', '.join(f'{key}: {value}' for key, value in arguments.items())})" if arguments else ""
        fields.append(f"{named.name}_{name}: {name}{given} {selection(field.type, (*above, named.name))}")
    return "{ __typename " + " ".join(fields) + " }"


def ids_of(order: Order, note: Message, message: Message) -> list[str]:
    """Every id that a guest may know or guess, the note's number under every kind."""
    kinds = (
        "order",
        "line",
        "fulfilment",
        "message",
        "note",
        "customer",
        "contact",
        "store",
        "mail",
        "event",
        "conversation",
        "interaction",
    )
    rows = {order.pk, note.pk, message.pk, order.customer_id, order.contact_id, order.store_id, note.conversation_id}
    return [f"{kind}_{pk}" for kind in kinds for pk in sorted(rows)]


def queries(order: Order, ids: list[str]) -> Iterator[str]:
    """Every field of Query, with every id and number that there is, and all that can be selected of it."""
    query = SCHEMA.query_type
    assert query is not None
    for name, field in query.fields.items():
        for arguments in arguments_of(set(field.args), order, ids):
            if name != "orders" and "status" in arguments.get("filter", ""):
                continue
            given = ", ".join(f"{key}: {value}" for key, value in arguments.items())
            yield f"query {{ {name}{f'({given})' if given else ''} {selection(field.type, ('Query',))} }}"


def arguments_of(names: set[str], order: Order, ids: list[str]) -> list[dict[str, str]]:
    known: dict[str, list[str]] = {
        "id": [json.dumps(gid) for gid in ids],
        "number": [json.dumps(order.number)],
        "first": ["100"],
        "filter": ["{}", '{search: "late"}', "{status: DRAFT}"],
        "after": ["null"],
        "days": ["30"],
        "customerId": [json.dumps(f"customer_{order.customer_id}")],
        "search": ['"late"', '"Pays lat"'],
    }
    assert names <= set(known), f"teach this walk the argument {names - set(known)}"
    tuples: list[dict[str, str]] = [{}]
    for name in sorted(names):
        tuples = [{**given, name: value} for given in tuples for value in known[name]]
    return tuples


def mutations(order: Order, ids: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mutation, on this order, with each id where it takes another one."""
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        kind = get_named_type(field.args["input"].type)
        assert isinstance(kind, GraphQLInputObjectType)
        for number, gid in enumerate(ids if "upTo" in kind.fields else ids[:1]):
            known = {
                "clientMutationKey": f"{name} {number}",
                "orderId": f"order_{order.pk}",
                "text": "Hello",
                "enabled": True,
                "upTo": gid,
                "status": "CANCELLED",
                "onHold": True,
                "lines": [{"lineId": f"line_{order.pk}", "quantity": 1}]
                if name in ("fulfilOrder", "editOrder")
                else [{"name": "Tin", "quantity": 1, "unitPrice": "1.00"}],
                "productId": "product_1" if name == "setProductImage" else None,
                "customerId": f"customer_{order.customer_id}",
                "contactId": f"contact_{order.contact_id}" if name == "endAccountSessions" else None,
                "externalId": None,
                "sku": "TT-22",
                "name": "Tea tin",
                "category": "Kitchen",
                "active": True,
                "trustedOnly": True,
                "image": None,
                "units": [{"name": "each", "price": "1.00", "currency": "GBP"}],
                "contactName": "Ana",
                "email": "ana@harbour.example",
                "role": "ADMIN",
                "invitationId": "invitation_1",
                "currency": "GBP",
                "number": None,
                "placedAt": None,
                "deliveryAddress": None,
                "billingAddress": None,
                "browser": "",
                "orderKey": "",
                "carrier": "DPD",
                "trackingNumber": "7",
                "trackingUrl": "https://dpd.example/7",
                "readNotices": None,
                "fulfilmentId": "fulfilment_1",
                "amount": "1.00",
                "scopes": ["orders:read"],
                "partnerClientId": "client_1",
                "staffId": "staff_1",
                "roleId": "role_1",
                "permissions": ["orders:read"],
                "required": False,
                "type": "NOTE",
                "interactionId": "interaction_1",
                "mailId": "mail_1",
                "needsAcknowledgement": False,
                "isOn": True,
                "otherId": f"customer_{order.customer_id}",
                "reason": "",
                "isActive": True,
                "orderIds": [f"order_{order.pk}"],
                "customerIds": [f"customer_{order.customer_id}"],
                "orderingBlocked": False,
                "strictSecurity": False,
                "note": True if name == "setOrderEditing" else "Ring twice.",
                "address": True,
                "quantities": True,
                "cancel": True,
                "minutes": 60,
                "storeId": f"store_{order.store_id}",
                "confirmsOrders": True,
                "stickyContact": True,
                "announcesParcels": None,
            }
            assert set(kind.fields) <= set(known), f"teach this walk the inputs of {name}"
            given = {key: known[key] for key in kind.fields}
            document = f"mutation ($input: {kind.name}!) {{ {name}(input: $input) {selection(field.type)} }}"
            yield document, {"input": given}


def walk(viewer: Viewer, order: Order, note: Message, message: Message) -> str:
    """Everything that the schema says to this viewer."""
    ids = ids_of(order, note, message)
    said = []
    for document, variables in [
        *((query, {}) for query in queries(order, ids)),
        *mutations(order, ids),
    ]:
        result = schema.execute_sync(document, variable_values=variables, context_value=Context(viewer=viewer))
        assert not result.errors, (document, result.errors)
        said.append(json.dumps(result.data))
    return "\n".join(said)


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order(number="INV-7")


@pytest.fixture
def note(shop: Shop, order: Order) -> Message:
    send_message(viewer=shop.staff, order=order, text="Your tins leave today.")
    noted = write_internal_note(viewer=shop.hire("Whispering Tom"), order=order, text=SECRET)
    send_message(viewer=shop.guest(order), order=order, text="Thank you!")
    return noted


@pytest.mark.feature("CN-2")
@pytest.mark.once
def test_no_field_of_the_schema_shows_a_guest_a_note(shop: Shop, order: Order, note: Message) -> None:
    message = Message.objects.filter(author="staff", visibility="customer").get()
    stranger = shop.guest(shop.order())

    for viewer in (shop.guest(order), stranger, anonymous(shop.workspace.pk)):
        said = walk(viewer, order, note, message)
        assert SECRET not in said
        assert "Whispering Tom" not in said
        assert f"note_{note.pk}" not in said
        assert '"InternalNote"' not in said


@pytest.mark.feature("CN-2")
@pytest.mark.once
def test_the_walk_that_shows_a_guest_no_note_shows_it_to_staff(shop: Shop, order: Order, note: Message) -> None:
    message = Message.objects.filter(author="staff", visibility="customer").get()

    said = walk(shop.staff, order, note, message)

    # by order, by number, in the list of orders, by its own id, and in the answers of mutations
    assert said.count(SECRET) >= 7
    assert f'"note_{note.pk}"' in said
    assert "Whispering Tom" in said


@pytest.mark.feature("CN-2")
@pytest.mark.once
def test_the_walk_shows_a_guest_their_own_messages(shop: Shop, order: Order, note: Message) -> None:
    message = Message.objects.filter(author="staff", visibility="customer").get()

    said = walk(shop.guest(order), order, note, message)

    assert "Your tins leave today." in said
    assert "Thank you!" in said


@pytest.mark.feature("CN-2")
def test_notes_are_counted_by_no_page_of_messages(shop: Shop, order: Order) -> None:
    for number in range(5):
        write_internal_note(viewer=shop.staff, order=order, text=f"{SECRET} {number}")
    send_message(viewer=shop.staff, order=order, text="one")
    send_message(viewer=shop.staff, order=order, text="two")

    result = schema.execute_sync(
        '{ orderByNumber(number: "INV-7") { messages(first: 2) { nodes { text } pageInfo { hasNextPage } } } }',
        context_value=Context(viewer=shop.guest(order)),
    )

    assert result.data is not None
    assert result.data["orderByNumber"]["messages"] == {
        "nodes": [{"text": "two"}, {"text": "one"}],
        "pageInfo": {"hasNextPage": False},
    }


@pytest.mark.feature("CN-2")
@pytest.mark.django_db(transaction=True)
def test_no_event_of_a_note_reaches_who_reads_without_internal_ones(shop: Shop, order: Order, note: Message) -> None:
    topics = [f"order_{order.pk}"]

    public = read_after(0, shop.workspace.pk, topics, internal=False)
    internal = read_after(0, shop.workspace.pk, topics, internal=True)

    assert [event.kind for event in public] == ["order.placed", "message.sent", "message.sent"]
    assert [event.kind for event in internal] == ["order.placed", "message.sent", "note.written", "message.sent"]
    assert not [event for event in public if note.pk in event.data.values()]
    assert SECRET not in json.dumps([event.data for event in internal])


@pytest.mark.feature("CN-2")
@pytest.mark.django_db(transaction=True)
def test_a_guests_page_that_polls_is_told_of_no_note(shop: Shop, order: Order, note: Message) -> None:
    request, response = RequestFactory(headers={"host": "fennel.test"}).get("/"), HttpResponse()
    assert client.follow_order_link(request, response, "INV-7", key_of(order))
    request.COOKIES = {name: cookie.value for name, cookie in response.cookies.items()}

    watch = client.portal_watch(request, [f"order_{order.pk}", "*", f"note_{note.pk}", f"customer_{order.customer_id}"])

    assert watch is not None
    assert (watch.topics, watch.internal) == (frozenset({f"order_{order.pk}"}), False)
    nudges: Any = client.poll(watch, 0)["nudges"]
    assert [nudge["kind"] for nudge in nudges] == ["order.placed", "message.sent", "message.sent"]


@pytest.mark.feature("CN-2")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("topic", ["order_{order}", "*", "note_{note}", "customer_{customer}", "message_{note}", ""])
def test_no_subscription_streams_a_note_to_a_guest(shop: Shop, order: Order, note: Message, topic: str) -> None:
    send_message(viewer=shop.guest(order), order=order, text="The last one.")
    topic = topic.format(order=order.pk, note=note.pk, customer=order.customer_id)
    text = "subscription ($id: ID!) { messageAdded(orderId: $id, after: 0) { position message { text } } }"

    texts = in_loop(streamed(text, shop.guest(order), topic, until="The last one."))

    assert texts == (["Your tins leave today.", "Thank you!", "The last one."] if topic == f"order_{order.pk}" else [])


async def streamed(text: str, viewer: Viewer, order_id: str, *, until: str) -> list[str]:
    """The texts that a subscription streams, up to a last one; what it has within a second where that never comes."""
    texts: list[str] = []
    answers: Any = await schema.subscribe(text, variable_values={"id": order_id}, context_value=Context(viewer=viewer))
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE if order_id.startswith("order_") else 0.3), aclosing(answers):
            async for answer in answers:
                assert not answer.errors, answer.errors
                texts.append(answer.data["messageAdded"]["message"]["text"])
                if texts[-1] == until:
                    break
    return texts
