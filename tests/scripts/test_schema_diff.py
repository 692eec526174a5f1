"""`make schema-diff`: what breaks the released contract is declared, and what is declared breaks it (GQ-1)."""

from pathlib import Path

import pytest
from graphql import build_schema

from scripts.schema_diff import CONTRACTS, ROOT, Change, declared_in, difference, main, problems, undated

pytestmark = [pytest.mark.once, pytest.mark.feature("GQ-1")]
SCHEMA = """
directive @beta(since: String) on FIELD_DEFINITION
interface Node { id: ID! }
enum Status { DRAFT SENT }
scalar Day
input Filter { status: Status = DRAFT }
type Order implements Node { id: ID! total: String! sentOn: Day }
type Parcel { id: ID! }
union Found = Order | Parcel
type Query { orders(first: Int!, filter: Filter): [Order!]! found: Found }
"""
REPORTING = "type Query { rows: Int }"
# What is changed, the coordinate by which it is declared, and what is said of it.
BREAKING = [
    (" total: String!", "", "Order.total", "Field Order.total was removed."),
    ("total: String!", "total: Int!", "Order.total", "Field Order.total changed type from String! to Int!."),
    ("total: String!", "total: String", "Order.total", "Field Order.total changed type from String! to String."),
    ("first: Int!", "first: Int!, by: ID!", "Query.orders(by:)", "A required argument Query.orders(by:) was added."),
    ("first: Int!, ", "", "Query.orders(first:)", "Argument Query.orders(first:) was removed."),
    ("Int!", "ID!", "Query.orders(first:)", "Argument Query.orders(first:) has changed type from Int! to ID!."),
    (" SENT }", " }", "Status.SENT", "Enum value Status.SENT was removed."),
    ("input Filter {", "input Filter { day: Day!", "Filter.day", "A required field Filter.day was added."),
    ("Order | Parcel", "Order", "Found", "Parcel was removed from union type Found."),
    ("Order implements Node", "Order", "Order", "Order no longer implements interface Node."),
    ("scalar Day", "enum Day { MONDAY }", "Day", "Day changed from a Scalar type to an Enum type."),
    ("@beta(since: String)", "@beta", "@beta(since:)", "Argument @beta(since:) was removed."),
    ("directive @beta(since: String) on FIELD_DEFINITION", "", "@beta", "Directive @beta was removed."),
]  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose schema is as it was released, with nothing declared."""
    (tmp_path / "schema.graphql").write_text(SCHEMA)
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n### Added\n\n- `Order.total`: a total.\n")
    assert main(["--release"], tmp_path) == 0
    return tmp_path


def change(project: Path, old: str, new: str, *, file: str = "schema.graphql") -> None:
    text = (project / file).read_text()
    assert text.count(old) == 1
    (project / file).write_text(text.replace(old, new))


def declare(project: Path, *items: str) -> None:
    said = "\n".join(f"- {item}" for item in items)
    change(project, "### Added", f"### Breaking\n\n{said}\n\n### Added", file="CHANGELOG.md")


@pytest.mark.parametrize("breaking", BREAKING, ids=lambda breaking: f"{breaking[2]} {breaking[1]}")
def test_a_breaking_change_is_refused_until_it_is_declared(
    project: Path, capsys: pytest.CaptureFixture[str], breaking: tuple[str, str, str, str]
) -> None:
    old, new, coordinate, description = breaking
    change(project, old, new)

    assert main([], project) == 1
    said = capsys.readouterr().err
    assert f"schema.graphql: {description} If that is meant" in said
    assert f"    - `{coordinate}`: what to do instead.\n" in said

    released = build_schema((project / CONTRACTS["schema.graphql"]).read_text())
    every = difference(released, build_schema((project / "schema.graphql").read_text())).breaking
    assert Change(coordinate, description) in every
    declare(project, *{f"`{one.coordinate}`: do so." for one in every})
    assert main([], project) == 0
    assert capsys.readouterr().err == ""


def test_a_removed_type_is_declared_by_its_name(project: Path) -> None:
    change(project, " | Parcel", "")
    change(project, "type Parcel { id: ID! }", "")

    declare(project, "`Parcel`, `Found`: gone.")

    assert list(problems(project)) == []


def test_what_is_declared_and_does_not_happen_is_refused(project: Path) -> None:
    change(project, " total: String!", "")
    declare(project, "`Order.total`: ask for `Order.sum`.", "`Order.sentOn`, `Status.SENT`: gone.")

    assert list(problems(project)) == [
        f"CHANGELOG.md: `{name}` is declared as breaking, and breaks nothing that was released. Take it out."
        for name in ("Order.sentOn", "Status.SENT")
    ]


def test_what_is_dangerous_is_told_and_not_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(project, "DRAFT SENT", "DRAFT SENT LOST")
    change(project, "filter: Filter)", "filter: Filter, after: ID)")
    change(project, "= DRAFT", "= SENT")

    assert main([], project) == 0

    assert capsys.readouterr().out.splitlines() == [
        "schema.graphql: take care: Enum value Status.LOST was added.",
        "schema.graphql: take care: Filter.status has changed defaultValue from DRAFT to SENT.",
        "schema.graphql: take care: An optional argument Query.orders(after:) was added.",
    ]


def test_what_is_new_or_only_worded_otherwise_is_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(project, "type Order", '"What was ordered."\ntype Order')
    change(project, "total: String!", "total: String! paid: String!")

    assert main([], project) == 0

    assert capsys.readouterr() == ("", "")


def test_only_items_of_what_is_not_released_declare() -> None:
    text = """# Changelog

## Unreleased

### Added

- `Order.added`: new.

### Breaking

- `Order.total`, `Order.paid`: ask for `Order.sum`.
- Words before `Order.sum`.

### Fixed

- `Order.fixed`: mended.

## 0.1.0

### Breaking

- `Order.old`: gone.
"""

    assert declared_in(text) == {"Order.total", "Order.paid"}
    assert declared_in(text.replace("Unreleased", "0.2.0")) == set()


def test_the_second_contract_is_held_too_once_it_is_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reporting = project / "schema" / "reporting" / "reporting.graphql"
    reporting.parent.mkdir(parents=True)
    reporting.write_text(REPORTING)
    assert main([], project) == 0
    assert capsys.readouterr().out == "schema/reporting/reporting.graphql: nothing was released yet.\n"

    main(["--release"], project)
    reporting.write_text("type Query { lines: Int }")
    [said] = problems(project)
    assert said.startswith("schema/reporting/reporting.graphql: Field Query.rows was removed.")

    reporting.unlink()
    assert list(problems(project)) == ["schema/reporting/reporting.graphql was released, and is not there."]


@pytest.mark.parametrize("reason", ["Ask for sum.", "Gone 2027-13-01.", "Gone on 1 March 2027.", "Gone 12027-03-011."])
def test_what_is_deprecated_without_a_day_is_named(project: Path, reason: str) -> None:
    deprecated = f'@deprecated(reason: "{reason}")'
    change(project, "total: String!", f"total: String! {deprecated}")
    change(project, "filter: Filter)", f"filter: Filter {deprecated})")
    change(project, " SENT }", f" SENT {deprecated} }}")
    change(project, "status: Status = DRAFT", f"status: Status = DRAFT {deprecated}")
    schema = (project / "schema.graphql").read_text()

    assert sorted(undated(build_schema(schema))) == [
        "Filter.status", "Order.total", "Query.orders(filter:)", "Status.SENT",
    ]  # fmt: skip
    assert undated(build_schema(schema.replace(reason, f"{reason} Gone from 2027-03-01."))) == []
    assert len(list(problems(project))) == 4


def test_the_schema_breaks_nothing_that_was_released_and_is_not_declared(capsys: pytest.CaptureFixture[str]) -> None:
    assert (ROOT / CONTRACTS["schema.graphql"]).exists()

    assert main([]) == 0, capsys.readouterr().err
