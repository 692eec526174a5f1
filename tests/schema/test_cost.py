"""What an operation costs before it runs: fields, sizes, aliases and fragments (GQ-6)."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse

from schema.cost import CHANGE, READ, ROW, SCHEMA, price_of
from schema.root import schema

pytestmark = [pytest.mark.feature("GQ-6"), pytest.mark.once]


def cost(text: str, **variables: Any) -> int:
    document = parse(text)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return price_of(schema._schema, document, operation).of(variables)


def test_each_field_costs_a_point() -> None:
    assert cost("{ __typename }") == 1
    assert cost("{ viewer { kind name } }") == 3
    assert cost("{ viewer { kind name } workspace { name } }") == 5


def test_what_stands_in_a_connection_counts_once_a_row() -> None:
    assert cost("{ orders(first: 1) { nodes { id } } }") == READ + 2 + ROW + 1
    assert cost("{ orders(first: 20) { nodes { id } } }") == READ + 2 + 20 * (ROW + 1)
    assert cost("{ orders(first: 20) { nodes { id number total { amount } } } }") == READ + 2 + 20 * (ROW + 4)
    assert cost("{ orders(first: 20) { edges { cursor node { id } } pageInfo { endCursor } } }") == READ + 4 + 20 * (
        ROW + 3
    )


def test_a_connection_in_a_connection_multiplies_and_is_read_once() -> None:
    text = "{ orders(first: 10) { nodes { lines(first: 5) { nodes { id name } } } } }"

    assert cost(text) == 2 * READ + 2 + 10 * (ROW + 2 + 5 * (ROW + 2))


def test_sizes_come_from_variables_and_their_absence_is_the_largest_page() -> None:
    text = "query ($n: Int!) { orders(first: $n) { nodes { id } } }"

    assert cost(text, n=7) == READ + 2 + 7 * (ROW + 1)
    assert {
        cost(text),
        cost(text, n=None),
        cost(text, n="7"),
        cost(text, n=0),
        cost(text, n=-5),
        cost(text, n=True),
    } == {READ + 2 + 100 * (ROW + 1)}
    assert cost(text, n=10**9) == READ + 2 + 100 * (ROW + 1)
    assert cost("{ orders(first: 99999999999999999999) { nodes { id } } }") == READ + 2 + 100 * (ROW + 1)


def test_an_aliased_nested_connection_costs_twice() -> None:
    once = "{ orders(first: 10) { nodes { lines(first: 5) { nodes { id } } } } }"
    twice = (
        "{ orders(first: 10) { nodes { a: lines(first: 5) { nodes { id } } b: lines(first: 5) { nodes { id } } } } }"
    )
    lines = READ + 10 * (2 + 5 * (ROW + 1))

    assert cost(once) == READ + 2 + 10 * ROW + lines
    assert cost(twice) == READ + 2 + 10 * ROW + 2 * lines


def test_a_fragment_counts_wherever_it_stands() -> None:
    written_out = "{ a: orders(first: 3) { nodes { id number } } b: orders(first: 4) { nodes { id number } } }"
    with_fragment = """{ a: orders(first: 3) { nodes { ...Facts } } b: orders(first: 4) { nodes { ...Facts } } }
        fragment Facts on Order { id ... on Node { ... { number: id } } }"""

    assert cost(with_fragment) == cost(written_out)


def test_what_may_be_skipped_is_counted() -> None:
    assert cost("query ($no: Boolean!) { viewer { kind name @skip(if: $no) } }", no=True) == 3


def test_a_change_costs_more_than_a_read() -> None:
    text = 'mutation { sendMessage(input: {clientMutationKey: "1", orderId: "o", text: "Hi"}) { __typename } }'

    assert cost(text) == CHANGE + 2


def test_what_the_schema_is_costs_the_same_whatever_of_it_is_asked() -> None:
    assert cost("{ __schema { queryType { name } } }") == SCHEMA + 1
    assert cost(get_introspection_query(input_value_deprecation=True, schema_description=True)) == SCHEMA + 1
    assert cost('{ a: __type(name: "Order") { name } b: __schema { types { name } } }') == 2 * (SCHEMA + 1)
    assert cost("{ __typename }") == 1


def test_an_object_by_its_id_is_a_read() -> None:
    assert cost('{ node(id: "order_1") { id } }') == READ + 2
    assert cost('{ orderByNumber(number: "1") { customer { name } } }') == 2 * READ + 3
