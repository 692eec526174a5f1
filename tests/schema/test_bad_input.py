"""What is no request, no operation or no value is told so, in a form that programs understand, and nothing is done."""

import json
from typing import Any

import pytest
from django.test import Client

from counterfoil.access.models import MutationRecord
from counterfoil.conversations.models import Message
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.posting import Reply, key_of, token_of

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
SEND = "mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }"
ONE = "query One($first: Int!) { orders(first: $first) { nodes { id } } }"


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order(number="INV-7")


def ask(shop: Shop, body: str | bytes, content_type: str = JSON) -> Reply:
    """What the shop's admin is told; a fault of the server is an answer like any other."""
    headers = {"host": "fennel.test", "accept": GRAPHQL_JSON, "authorization": f"Bearer {token_of(shop.member)}"}
    response = Client(headers=headers, raise_request_exception=False).post(
        "/graphql", body if isinstance(body, bytes) else body.encode(), content_type=content_type
    )
    assert response["Content-Type"] == f"{GRAPHQL_JSON}; charset=utf-8"
    return Reply(response.status_code, json.loads(response.content))


def message(reply: Reply) -> str:
    return str(reply.body["errors"][0]["message"])


def sending(order: Order, **more: Any) -> dict[str, Any]:
    """A body that would send a message."""
    given = {"clientMutationKey": "k1", "orderId": f"order_{order.pk}", "text": "Hello"}
    return {"query": SEND, "variables": {"input": given}, **more}


def refused(reply: Reply, status: int, code: str) -> None:
    """Refused like this, and nothing was done."""
    assert (reply.status, reply.codes) == (status, [code]), reply
    assert "data" not in reply.body
    assert len(message(reply)) < 400
    assert not Message.objects.exists()
    assert not MutationRecord.objects.exists()


# Bodies.


@pytest.mark.feature("GQ-5")
@pytest.mark.parametrize(
    "content_type",
    [
        *("text/plain", "application/graphql", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
        *("application/xml", "application/jsonx", GRAPHQL_JSON, "text/json", "json", "*/*", " "),
        *("application/json; charset=latin-1", "application/json; charset=utf-16", 'application/json;charset="ascii"'),
    ],
)
def test_what_does_not_say_that_it_is_json_in_utf8_is_not_read(shop: Shop, order: Order, content_type: str) -> None:
    refused(ask(shop, json.dumps(sending(order)), content_type), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.feature("GQ-5")
@pytest.mark.parametrize(
    "content_type",
    [JSON, "Application/JSON", "application/json; charset=UTF-8", 'application/json;charset="utf-8"; x=y'],
)
def test_json_in_utf8_may_be_announced_as_one_likes(shop: Shop, order: Order, content_type: str) -> None:
    reply = ask(shop, json.dumps(sending(order)), content_type)

    assert reply.data == {"sendMessage": {"__typename": "SendMessageSuccess"}}


BODIES: dict[str, tuple[str, str]] = {
    "twice the same name": ('"query": "{ position }", ', "The body says `query` twice in one object."),
    "NaN": ('"x": NaN, ', "The body is no JSON."),
    "Infinity": ('"x": [Infinity], ', "The body is no JSON."),
    "minus Infinity": ('"x": {"y": -Infinity}, ', "The body is no JSON."),
    "a number beyond all": ('"x": 1e400, ', "The body is no JSON."),
    "a number below all": ('"x": -1.5E+999, ', "The body is no JSON."),
    "an endless integer": (f'"x": {"9" * 10_000}, ', "The body is no JSON."),
    "a comma too many": (",", "The body is no JSON."),
    "a comment": ("/* x */", "The body is no JSON."),
    "a quote of its own kind": ("'x': 1, ", "The body is no JSON."),
    "a tab in a string": ('"x\t": 1, ', "The body is no JSON."),
    "a NUL in a string": ('"x\0": 1, ', "The body is no JSON."),
}


@pytest.mark.feature("GQ-5")
@pytest.mark.parametrize("name", BODIES)
def test_what_json_does_not_have_is_refused(shop: Shop, order: Order, name: str) -> None:
    more, words = BODIES[name]

    reply = ask(shop, "{" + more + json.dumps(sending(order))[1:])

    refused(reply, 400, "BAD_REQUEST")
    assert message(reply) == words


@pytest.mark.feature("GQ-5")
@pytest.mark.parametrize("prefix", ['"variables": {}, ', '"extensions": {"a": {"b": 1, "c": 2, "b": 1}}, '])
def test_no_object_may_say_something_twice(shop: Shop, order: Order, prefix: str) -> None:
    reply = ask(shop, "{" + prefix + json.dumps(sending(order))[1:])

    refused(reply, 400, "BAD_REQUEST")
    assert message(reply) in {f"The body says `{name}` twice in one object." for name in ("variables", "b")}


def test_that_a_name_stands_twice_is_found_without_comparing_all(shop: Shop) -> None:
    names = ", ".join(f'"{"x" * 50}{number}": 0' for number in range(30_000))

    reply = ask(shop, f'{{{names}, "{"x" * 50}29999": 0}}')

    assert message(reply) == f"The body says `{'x' * 40}` twice in one object."


ENCODED: dict[str, tuple[Any, str]] = {
    "bytes that are no UTF-8": (lambda text: text.encode().replace(b"Hello", b"H\xe9llo"), "The body is not UTF-8."),
    "an overlong slash": (lambda text: text.encode().replace(b"Hello", b"\xc0\xaf"), "The body is not UTF-8."),
    "half a pair as bytes": (lambda text: text.encode().replace(b"Hello", b"\xed\xa0\x80"), "The body is not UTF-8."),
    "cut within a letter": (lambda text: (text + "é").encode()[:-1], "The body is not UTF-8."),
    "UTF-16": (lambda text: text.encode("utf-16"), "The body is not UTF-8."),
    "UTF-16 without a mark": (lambda text: text.encode("utf-16-le"), "The body is no JSON."),
    "a byte order mark": (lambda text: text.encode("utf-8-sig"), "The body is no JSON."),
    "NUL": (lambda _: b"\0", "The body is no JSON."),
    "compressed": (lambda _: bytes.fromhex("1f8b0800000000000003"), "The body is not UTF-8."),
    "more behind it": (lambda text: text.encode() * 2, "The body is no JSON."),
}


@pytest.mark.feature("GQ-5")
@pytest.mark.parametrize("name", ENCODED)
def test_what_is_no_text_is_refused(shop: Shop, order: Order, name: str) -> None:
    encode, words = ENCODED[name]

    reply = ask(shop, encode(json.dumps(sending(order))))

    refused(reply, 400, "BAD_REQUEST")
    assert message(reply) == words


# Operations and their variables.


@pytest.mark.feature("GQ-5")
@pytest.mark.parametrize("name", ["Nope", "send", "Send ", "\0", "\ud800", "é", "x" * 300])
def test_an_operation_that_the_text_does_not_have_is_not_run(shop: Shop, order: Order, name: str) -> None:
    refused(ask(shop, json.dumps(sending(order, operationName=name))), 400, "UNKNOWN_OPERATION")


VARIABLES: dict[str, dict[str, Any] | None] = {
    "none": None,
    "nothing": {},
    "another name": {"inputs": {"clientMutationKey": "k1", "orderId": "order_1", "text": "Hello"}},
    "null": {"input": None},
    "text": {"input": "Hello"},
    "number": {"input": 1},
    "list": {"input": [1, 2]},
    "nothing in it": {"input": {}},
}


@pytest.mark.feature("GQ-3")
@pytest.mark.parametrize("name", VARIABLES)
def test_variables_that_do_not_fit_are_refused(shop: Shop, order: Order, name: str) -> None:
    reply = ask(shop, json.dumps(sending(order, variables=VARIABLES[name])))

    assert set(reply.codes) == {"BAD_VARIABLES"}
    assert reply.status == 400
    assert "data" not in reply.body
    assert not Message.objects.exists()


@pytest.mark.feature("GQ-3")
@pytest.mark.parametrize(
    "part",
    [
        *({"text": value} for value in (None, 1, 1.5, True, [], {}, ["Hello", "Hello"])),
        *({"orderId": value} for value in (None, 1.5, True, {}, ["a", "b"])),
        *({"clientMutationKey": value} for value in (None, 1, False)),
        *({name: "x"} for name in ("internal", "order_id", "", "\0", "\ud800", "x" * 300)),
    ],
    ids=ascii,
)
def test_a_part_of_an_input_that_does_not_fit_is_refused(shop: Shop, order: Order, part: dict[str, Any]) -> None:
    body = sending(order)
    body["variables"]["input"] |= part

    reply = ask(shop, json.dumps(body))

    assert (reply.status, set(reply.codes)) == (400, {"BAD_VARIABLES"})
    assert not Message.objects.exists()


def test_variables_that_nothing_asks_for_are_let_lie(shop: Shop, order: Order) -> None:
    body = sending(order)
    body["variables"] |= {"more": [1, {"a": None}], "\ud800": "\ud800"}

    assert ask(shop, json.dumps(body)).data == {"sendMessage": {"__typename": "SendMessageSuccess"}}


@pytest.mark.feature("GQ-2")
@pytest.mark.parametrize(
    "first", ["10", 1.5, True, None, 2**31, -(2**31) - 1, 10**30, 1e30, [], {}, "\ud800", "\0"], ids=ascii
)
def test_what_is_no_integer_is_no_size(shop: Shop, order: Order, first: object) -> None:
    refused(ask(shop, json.dumps({"query": ONE, "variables": {"first": first}})), 400, "BAD_VARIABLES")


@pytest.mark.feature("GQ-5")
@pytest.mark.parametrize(
    ("declared", "place", "value"),
    [
        ("OrderStatus", "orders(first: 1, filter: {status: $x}) { pageInfo { hasNextPage } }", "\ud800"),
        ("OrderStatus", "orders(first: 1, filter: {status: $x}) { pageInfo { hasNextPage } }", "\0"),
        ("OrderFilter", "orders(first: 1, filter: $x) { pageInfo { hasNextPage } }", {"\ud800": 1}),
        ("OrderFilter", "orders(first: 1, filter: $x) { pageInfo { hasNextPage } }", {"status": "\ud800"}),
        ("Int", "orders(first: $x) { pageInfo { hasNextPage } }", "\ud800"),
        ("ID", "order(id: $x) { id }", ["\ud800"]),
        ("ID", "order(id: $x) { id }", {"\ud800": "\ud800"}),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_what_a_refusal_quotes_can_be_told(shop: Shop, declared: str, place: str, value: object) -> None:
    # JSON can carry half of a surrogate pair, and UTF-8 can't.
    reply = ask(shop, json.dumps({"query": f"query ($x: {declared}!) {{ {place} }}", "variables": {"x": value}}))

    assert (reply.status, reply.codes) == (400, ["BAD_VARIABLES"])
    assert "\ud800" not in message(reply)


def test_what_is_asked_as_a_guest_is_refused_alike(shop: Shop, order: Order) -> None:
    headers = {"host": "fennel.test", "accept": GRAPHQL_JSON, "authorization": f"Bearer {key_of(order)}"}
    body = json.dumps(sending(order, operationName="\ud800"))

    response = Client(headers=headers, raise_request_exception=False).post("/graphql", body, content_type=JSON)

    assert (response.status_code, response.json()["errors"][0]["message"]) == (400, "The text has no operation ?.")
