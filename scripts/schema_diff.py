"""Hold the schemas against the contracts that were released last: `make schema-diff` (GQ-1).

What breaks a contract has to stand in the changelog by its coordinate, and what stands there has to be so.
`--release` makes today's schemas the contracts.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)
from graphql.utilities import BreakingChangeType, DangerousChangeType, find_schema_changes

ROOT = Path(__file__).parent.parent
CHANGELOG = "CHANGELOG.md"
# Each printed schema, and what was released of it. One that was never released has no contract yet.
CONTRACTS = {
    "schema.graphql": "docs/contract/released.graphql",
    "schema/reporting/reporting.graphql": "docs/contract/released-reporting.graphql",
}
_COORDINATE = re.compile(r"@\w+(?:\(\w+:\))?|\w+\.\w+(?:\(\w+:\))?")
_DECLARED = re.compile(r"^- ((?:`[^`]+`(?:, )?)+)", re.MULTILINE)
_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


@dataclass(frozen=True, slots=True)
class Change:
    """What is different, and where in the schema: `Order.total`, `Mutation.sendMessage(input:)`."""

    coordinate: str
    description: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What breaks operations that the contract allows, and what may surprise them."""

    breaking: tuple[Change, ...] = ()
    dangerous: tuple[Change, ...] = ()


def difference(released: GraphQLSchema, schema: GraphQLSchema) -> Difference:
    """How a schema differs from what was released."""
    changes = find_schema_changes(released, schema)
    kinds = BreakingChangeType, DangerousChangeType
    breaking, dangerous = (
        tuple(
            Change(_coordinate(change.description), change.description)
            for change in changes
            if isinstance(change.type, kind)
        )
        for kind in kinds
    )
    return Difference(breaking, dangerous)


def _coordinate(description: str) -> str:
    """Where a change is, by how graphql-core tells of it."""
    if found := _COORDINATE.search(description):
        return found[0]
    words = description.removeprefix("Standard scalar ").rstrip(".").split()
    return words[-1] if "from union type" in description else words[0]


def declared_in(changelog: str) -> set[str]:
    """The coordinates with which items begin, under "Breaking" of what is not released yet."""
    section = changelog.partition("\n## Unreleased\n")[2].partition("\n## ")[0]
    items = section.partition("\n### Breaking\n")[2].partition("\n### ")[0]
    return {name for found in _DECLARED.findall(items) for name in re.findall(r"`([^`]+)`", found)}


def undated(schema: GraphQLSchema) -> list[str]:
    """What is deprecated without the day, such as 2027-03-01, from which on it may be gone."""
    return [place for place, reason in _deprecated(schema) if not _has_day(reason)]


def _has_day(reason: str) -> bool:
    for day in _DAY.findall(reason):
        try:
            date.fromisoformat(day)
        except ValueError:
            continue
        return True
    return False


def _deprecated(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    for kind in schema.type_map.values():
        members: dict[str, object] = {}
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                members[name] = field
                members |= {f"{name}({key}:)": argument for key, argument in field.args.items()}
        elif isinstance(kind, GraphQLInputObjectType):
            members = dict(kind.fields)
        elif isinstance(kind, GraphQLEnumType):
            members = dict(kind.values)
        for name, member in members.items():
            reason = getattr(member, "deprecation_reason", None)
            if reason is not None:
                yield f"{kind.name}.{name}", reason


def problems(root: Path) -> Iterator[str]:
    """What has to be mended before the schemas in this folder can stand; tells of what is dangerous on the way."""
    declared = declared_in((root / CHANGELOG).read_text(encoding="utf-8"))
    broken = set[str]()
    for current, released in CONTRACTS.items():
        if not (root / current).exists():
            if (root / released).exists():
                yield f"{current} was released, and is not there."
            continue
        schema = build_schema((root / current).read_text(encoding="utf-8"))
        yield from (f"{current}: {place} is deprecated without a day, such as 2027-03-01." for place in undated(schema))
        if not (root / released).exists():
            print(f"{current}: nothing was released yet.")
            continue
        found = difference(build_schema((root / released).read_text(encoding="utf-8")), schema)
        for change in found.dangerous:
            print(f"{current}: take care: {change.description}")
        broken |= {change.coordinate for change in found.breaking}
        for change in found.breaking:
            if change.coordinate not in declared:
                yield (
                    f"{current}: {change.description} If that is meant, write in {CHANGELOG} under Unreleased, "
                    f"### Breaking:\n    - `{change.coordinate}`: what to do instead."
                )
    for name in sorted(declared - broken):
        yield f"{CHANGELOG}: `{name}` is declared as breaking, and breaks nothing that was released. Take it out."


def release(root: Path) -> None:
    """Make the schemas as they are the contracts."""
    for current, released in CONTRACTS.items():
        if (root / current).exists():
            (root / released).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / current, root / released)


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Compare, or release; gives the exit status."""
    if arguments == ["--release"]:
        release(root)
        return 0
    found = list(problems(root))
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
