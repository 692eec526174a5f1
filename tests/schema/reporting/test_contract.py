"""The reporting schema as partners read it: frozen in shape, described in full, narrowed by every column it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_introspection_type,
    is_leaf_type,
    is_specified_scalar_type,
)

from schema.reporting.root import print_reporting
from schema.reporting.root import schema as reporting
from schema.root import schema as main

ROOT = Path(__file__).parents[3]
SCHEMA = reporting.graphql_schema
OURS = {
    name: kind
    for name, kind in SCHEMA.type_map.items()
    if not is_introspection_type(kind) and not is_specified_scalar_type(kind)
}
# A list, and what its rows are.
LISTS = {
    "orders": "Order",
    "orderLines": "OrderLine",
    "fulfilments": "Fulfilment",
    "customers": "Customer",
    "products": "Product",
}
# Every column that there is: a new one is a decision.
COLUMNS = {
    "Order": "id number status fulfilment payment placedAt total paid refunded customer lines fulfilments",
    "OrderLine": "id name sku unit quantity fulfilled returned unitPrice total order",
    "Fulfilment": "id number status carrier trackingNumber trackingUrl createdAt order",
    "Customer": "id name externalId",
    "Product": "id sku name category active externalId",
}

pytestmark = [pytest.mark.once, pytest.mark.feature("GQ-10")]


def fields(name: str) -> dict[str, str]:
    kind = SCHEMA.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    return {field: str(found.type) for field, found in kind.fields.items()}


def test_reporting_graphql_is_the_schema() -> None:
    printed = (ROOT / "schema/reporting/reporting.graphql").read_text(encoding="utf-8")

    assert printed == print_reporting(), "reporting.graphql is not the schema: run `make schema`, look at what changed."


def test_the_command_prints_it_and_nothing_else(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "counterfoil.site.command", "schema", "--reporting"],
        env=os.environ | {"COUNTERFOIL_DATA_DIR": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == print_reporting()


def test_only_the_allowed_columns_are_shown() -> None:
    assert {name: " ".join(fields(name)) for name in COLUMNS} == COLUMNS
    assert list(fields("Query")) == [*LISTS, "node"]
    assert (SCHEMA.mutation_type, SCHEMA.subscription_type) == (None, None)


def test_each_column_can_be_filtered_by() -> None:
    query = SCHEMA.query_type
    assert query is not None
    missing = []
    for of, kind in LISTS.items():
        arguments = set(query.fields[of].args)
        found = SCHEMA.type_map[kind]
        assert isinstance(found, GraphQLObjectType)
        for name, field in found.fields.items():
            inner = get_named_type(field.type)
            if inner.name == "Money":
                wanted = {f"{name}From", f"{name}To"}
            elif inner.name == "DateTime":
                wanted = {f"{name}From", f"{name}Before"}
            elif inner.name == "Int" and name != "number":
                wanted = {f"{name}From", f"{name}To"}
            elif is_leaf_type(inner):
                wanted = {name}
            elif inner.name in {"Customer", "Order"}:
                wanted = {f"{name}Id"}
            else:
                continue  # a connection
            missing += [f"{of}({argument}:)" for argument in wanted - arguments]

    assert missing == []


def test_everything_has_a_description_that_is_a_sentence() -> None:
    places: dict[str, str | None] = {}
    for name, kind in OURS.items():
        places[name] = kind.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, found in kind.fields.items():
                places[f"{name}.{field}"] = found.description
                places |= {f"{name}.{field}({key}:)": value.description for key, value in found.args.items()}
        elif isinstance(kind, GraphQLEnumType):
            places |= {f"{name}.{value}": found.description for value, found in kind.values.items()}

    assert {"Query.orders(placedAtFrom:)", "OrderStatus.DRAFT", "Order.total", "OrderEdge.cursor"} <= set(places)
    assert [place for place, text in places.items() if not re.fullmatch(r"[`A-Z].*[.:]", text or "", re.S)] == []


def test_lists_and_rows_say_which_scope_they_need() -> None:
    query = SCHEMA.query_type
    assert query is not None
    scopes = dict.fromkeys(("orders", "orderLines", "fulfilments"), "orders:read") | {
        "customers": "customers:read",
        "products": "products:read",
    }
    for of, scope in scopes.items():
        assert f"Needs the scope {scope}." in (query.fields[of].description or "")
        assert f"Needs the scope {scope}." in (OURS[LISTS[of]].description or "") or scope == "orders:read"
        assert scope in (OURS[LISTS[of]].description or "")


def test_what_both_schemas_have_is_of_the_same_type_in_both() -> None:
    shared = 0
    for name, kind in OURS.items():
        theirs = main._schema.type_map.get(name)
        if isinstance(kind, GraphQLEnumType) and isinstance(theirs, GraphQLEnumType):
            assert {value: found.description for value, found in kind.values.items()} == {
                value: found.description for value, found in theirs.values.items()
            }, name
        if isinstance(kind, GraphQLObjectType) and isinstance(theirs, GraphQLObjectType) and name != "Query":
            for field in kind.fields.keys() & theirs.fields.keys():
                shared += 1
                assert str(kind.fields[field].type) == str(theirs.fields[field].type), (name, field)
    assert shared >= 60
