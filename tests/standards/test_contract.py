"""`schema.graphql`, as the build of a client in JavaScript reads it (GQ-1)."""

from pathlib import Path

import pytest

from tests.standards.node import run

ROOT = Path(__file__).parents[2]


@pytest.mark.once
@pytest.mark.feature("GQ-1")
def test_the_printed_schema_is_one_for_graphql_js_too() -> None:
    [read] = run("contract", path=str(ROOT / "schema.graphql"))

    assert read == {"errors": [], "subscriptions": ["interactionAdded", "messageAdded", "orderChanged"]}


@pytest.mark.once
def test_the_lock_file_has_a_hash_for_each_package_and_names_no_host() -> None:
    lock = (ROOT / "tests/standards/package-lock.json").read_text()

    assert "://" not in lock
    assert lock.count('"integrity": "sha512-') == 6
