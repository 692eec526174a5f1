"""Documents that are trusted: what a text says, and the manifest of the pages' own (GQ-7)."""

import hashlib
import json
from pathlib import Path

import pytest

from schema import trusted
from schema.checks import documents_by_file, operation_documents

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.once, pytest.mark.feature("GQ-7")]


def test_the_manifest_holds_every_document_of_the_pages_by_its_hash_and_nothing_else() -> None:
    expected = {}
    for path in operation_documents():
        content = path.read_bytes()
        expected[hashlib.sha256(content).hexdigest()] = path.relative_to(ROOT).as_posix()

    manifest = json.loads((ROOT / "schema" / "trusted_documents.json").read_bytes())

    assert len(expected) >= 10
    assert {digest: facts["file"] for digest, facts in manifest.items()} == expected
    assert manifest[hashlib.sha256((ROOT / "portal_ui/landing/operations.graphql").read_bytes()).hexdigest()] == {
        "file": "portal_ui/landing/operations.graphql",
        "operations": ["LandingPage"],
    }


def test_the_manifest_is_what_would_be_written_now() -> None:
    assert trusted.MANIFEST == ROOT / "schema" / "trusted_documents.json"
    assert trusted.read_exactly(trusted.MANIFEST) == trusted.manifest_of(documents_by_file()), "run make schema"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("{ position }", []),
        ("query A { position } subscription B { orderChanged { kind } }", []),
        ("\ufeffquery A { position }", []),
        ("{ colour }", ["Cannot query field 'colour' on type 'Query'. (line 1)"]),
        ("\nquery A {", ["Syntax Error: Expected Name, found <EOF>. (line 2)"]),
        ("", ["Syntax Error: Unexpected <EOF>. (line 1)"]),
        ("fragment A on Order { id }", ["Fragment 'A' is never used. (line 1)"]),
        ("type A { id: ID }", ["The 'A' definition is not executable. (line 1)"]),
        ("{a" * 5000, ["Syntax Error: Document is nested too deeply. Parsing aborted. (line 1)"]),
        (
            "query A { position } query A { viewer { name } }",
            ["There can be only one operation named 'A'. (line 1)"],
        ),
    ],
)
def test_what_the_schema_would_not_answer_is_said(text: str, problems: list[str]) -> None:
    assert trusted.problems_of(text) == problems


def test_operations_go_by_their_names() -> None:
    assert trusted.operations_in("query A { position } mutation B { __typename } fragment C on Order { id }") == [
        "A",
        "B",
    ]
    assert trusted.operations_in("{ position }") == ["anonymous"]
