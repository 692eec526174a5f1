"""The system check of the operations that lie beside the views (GQ-1)."""

from pathlib import Path

import pytest
from django.core.checks.registry import registry

from schema.checks import check_documents, operation_documents, operations_are_valid

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.once


def errors_of(folder: Path, text: str) -> list[str]:
    """What the check says of a document."""
    document = folder / "tins" / "operations.graphql"
    document.parent.mkdir(exist_ok=True)
    document.write_text(text, encoding="utf-8")
    found = check_documents([document])
    assert {message.id for message in found} <= {"schema.E001"}
    return [str(message.msg) for message in found]


@pytest.mark.feature("GQ-1")
def test_it_reads_every_operations_document_of_both_uis() -> None:
    there = {path for ui in ("admin_ui", "portal_ui") for path in (ROOT / ui).rglob("operations.graphql")}

    assert len(there) >= 5
    assert set(operation_documents()) == there


@pytest.mark.feature("GQ-1")
def test_the_operations_of_both_uis_are_valid() -> None:
    assert operations_are_valid(None) == []
    assert operations_are_valid in registry.registered_checks


@pytest.mark.feature("GQ-1")
def test_no_view_writes_its_operation_in_code() -> None:
    written = [
        path
        for ui in ("admin_ui", "portal_ui")
        for path in (ROOT / ui).rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in ("query {", "mutation {", "query(", "mutation("))
    ]

    assert written == []


def test_a_good_document_has_no_errors(tmp_path: Path) -> None:
    text = """
    query Tin($number: String!) { orderByNumber(number: $number) { ...Order } }
    mutation Turn($input: RotateOrderKeyInput!) { rotateOrderKey(input: $input) { __typename } }
    fragment Order on Order { id number }
    """

    assert errors_of(tmp_path, text) == []


@pytest.mark.feature("GQ-1")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("query Tin { orders(first: 1) { nodes { colour } } }", "Cannot query field 'colour' on type 'Order'"),
        ("query Tin { orders { nodes { id } } }", "'Int!' is required"),
        ('query Tin { orders(first: "1") { nodes { id } } }', "Int cannot represent non-integer value"),
        ('mutation Turn { rotateOrderKey(input: {orderId: "1"}) { __typename } }', "clientMutationKey"),
        ("query Tin($n: String!) { viewer { kind } }", "'$n' is never used"),
        ("query Tin { viewer { ...Nothing } }", "Unknown fragment 'Nothing'"),
        ("query Tin { viewer { kind } } fragment Lost on Order { id }", "Fragment 'Lost' is never used"),
        ("query Tin { viewer { kind } } query Tin { position }", "only one operation named 'Tin'"),
        ("{ viewer { kind } }", "An operation has no name."),
        ("query Tin { viewer { kind } } query { position }", "no name"),
        ("query Tin {", "Syntax Error"),
        ("", "Syntax Error"),
    ],
)
def test_a_broken_document_is_found(tmp_path: Path, text: str, words: str) -> None:
    errors = errors_of(tmp_path, text)

    assert errors
    assert all(error.startswith("tins/operations.graphql: ") for error in errors)
    assert any(words in error.replace('"', "'") for error in errors), errors
