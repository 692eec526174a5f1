"""Our executor tells what graphql-core's tells: the same data, the same errors at the same paths."""

from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

import pytest
import strawberry
from strawberry import Info
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.execution import RowExecution

pytestmark = pytest.mark.once


@strawberry.enum
class Colour(Enum):
    RED = "red"


class Row(NamedTuple):
    """Stands for every type below."""

    name: Any = "Ada"
    count: Any = 1
    price: Any = Decimal("1.50")
    colour: Any = Colour.RED
    nickname: Any = None
    child: Any = None
    maybe: Any = None
    children: Any = ()
    gaps: Any = ()
    is_leaf: bool = False
    found: Any = None  # what resolvers give, or raise


@strawberry.type
class Leaf:
    name: str
    count: int

    @classmethod
    def is_type_of(cls, row: Row, _info: object) -> bool:
        return isinstance(row, Row) and row.is_leaf


@strawberry.type
class Thing:
    name: str
    count: int
    price: Decimal
    colour: Colour
    nickname: str | None
    child: Leaf
    maybe: Leaf | None
    children: list[Leaf]
    gaps: list[Leaf | None] | None

    @strawberry.field
    def shout(self, times: int = 1) -> str:
        if times < 0:
            raise ValueError("too quiet")
        return self.name.upper() * times

    @strawberry.field
    def nearest(self, info: Info, colour: Colour = Colour.RED, at_most: int | None = strawberry.UNSET) -> Leaf:
        return _given(self, f"nearest {colour} {at_most} {info.path.key} {info.field_name}")

    @strawberry.field
    def maybe_nearest(self) -> Leaf | None:
        return _given(self, "maybe")

    @strawberry.field
    def around(self, first: int) -> list[Leaf]:
        return _given(self, f"around {first}")

    @strawberry.field
    def of(self, colours: list[Colour]) -> str:
        colours.append(Colour.RED)
        return _given(self, f"of {len(colours)}") and "told"

    @strawberry.field
    @staticmethod
    def alone() -> str:
        return "alone"

    @strawberry.field
    def outside(root: Any) -> int:  # noqa: N805  (another word of Strawberry's for the row)
        return int(root.count)


CALLS: list[str] = []


def _given(row: Any, call: str) -> Any:
    CALLS.append(call)
    if isinstance(row.found, type):
        raise row.found("refused")
    return row.found


LEAF = Row(is_leaf=True, count=7)
WHOLE = Row(child=LEAF, children=[LEAF, LEAF._replace(name="Björn ☃")], gaps=[LEAF, None])
EVERYTHING = """{ things {
  __typename label: name count price colour nickname shout again: shout(times: 2)
  child { ...leaf } maybe { ...leaf } children { ...leaf count } gaps { ...leaf }
} } fragment leaf on Leaf { __typename name }"""


RESOLVED = """query($many: Int!, $colour: Colour, $at: Int) { things {
  nearest(colour: $colour, atMost: $at) { name } other: nearest(atMost: null) { count } maybeNearest { ...leaf }
  around(first: $many) { ...leaf } of(colours: [RED]) alone outside
} } fragment leaf on Leaf { __typename name }"""


def _answers(thing: object, text: str, *, rows: int = 1, **variables: object) -> list[tuple[object, object]]:
    @strawberry.type
    class Query:
        @strawberry.field
        def things(self) -> list[Thing] | None:
            return [thing] * rows  # type: ignore[list-item]

    told = []
    for executor in (StrawberryGraphQLCoreExecutionContext, RowExecution):
        schema = strawberry.Schema(query=Query, execution_context_class=executor)
        result = schema.execute_sync(text, variable_values=variables)
        errors = [(error.message, error.path, error.locations) for error in result.errors or []]
        told.append((result.data, errors))
    return told


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"nickname": "Addie", "maybe": LEAF},
        {"children": (LEAF,) * 3, "gaps": None},
        {"children": []},
        {"name": None},
        {"name": 12},
        {"name": {"no": "text"}},
        {"count": "many"},
        {"count": 2**40},
        {"price": "dear"},
        {"colour": "green"},
        {"colour": None},
        {"nickname": ValueError("a value that is an error")},
        {"child": None},
        {"child": WHOLE},
        {"child": LEAF._replace(name=None)},
        {"child": LookupError("nobody")},
        {"maybe": LEAF._replace(count=None, name=None)},
        {"maybe": WHOLE},
        {"children": None},
        {"children": 5},
        {"children": "text"},
        {"children": iter([LEAF])},
        {"children": [LEAF, LEAF._replace(name=None), LEAF._replace(count="x")]},
        {"children": [LEAF, None]},
        {"children": [LEAF, WHOLE]},
        {"gaps": [LEAF._replace(name=None), None, LEAF]},
    ],
    ids=str,
)
def test_whatever_a_row_holds_the_answer_is_graphql_cores(changed: dict[str, Any]) -> None:
    if "children" in changed and hasattr(changed["children"], "__next__"):
        core = _answers(WHOLE._replace(children=iter([LEAF])), EVERYTHING)[0]
        ours = _answers(WHOLE._replace(children=[LEAF]), EVERYTHING)[1]
    else:
        core, ours = _answers(WHOLE._replace(**changed), EVERYTHING)

    assert ours == core


@pytest.mark.parametrize(
    "text",
    [
        "{ things { name @skip(if: $no) count @include(if: $no) child { name @include(if: $yes) } } }",
        "{ things { name name child { name } child { count } children { n: name } children { count } } }",
        "{ things { shout(times: -1) } }",
        "{ things { ... on Thing { name ... { count } } } }",
        "{ __schema { queryType { name } } things { count } }",
    ],
)
def test_however_a_selection_is_written_the_answer_is_graphql_cores(text: str) -> None:
    query = f"query($yes: Boolean = true, $no: Boolean = false) {text}" if "$" in text else text

    core, ours = _answers(WHOLE, query)

    assert ours == core


@pytest.mark.parametrize("variables", [{}, {"colour": "RED"}, {"at": None}, {"colour": None}, {"many": 2**40}], ids=str)
@pytest.mark.parametrize(
    "found",
    [LEAF, None, WHOLE, [LEAF, LEAF], (LEAF,), [LEAF, None], ValueError("a value"), ValueError, iter(())],
    ids=str,
)
def test_whatever_a_resolver_gives_it_runs_once_and_the_answer_is_graphql_cores(
    found: Any, variables: dict[str, Any]
) -> None:
    CALLS.clear()

    core, ours = _answers(WHOLE._replace(found=found), RESOLVED, rows=2, **{"many": 3, **variables})

    assert ours == core
    half = len(CALLS) // 2
    assert CALLS[half:] == CALLS[:half]
    assert bool(CALLS) == (variables not in ({"many": 2**40}, {"colour": None}))  # the wrong ones


def test_an_argument_that_a_resolver_changes_is_another_one_for_each_row() -> None:
    CALLS.clear()

    _answers(WHOLE._replace(found=LEAF), "{ things { of(colours: [RED]) } }", rows=2)

    assert CALLS == ["of 2"] * 4


def test_what_has_no_attribute_of_a_fields_name_is_graphql_cores_error() -> None:
    core, ours = _answers(object(), "{ things { name } }")

    assert ours == core
    assert ours[1]


def test_a_middleware_sees_every_field() -> None:
    from strawberry.extensions import SchemaExtension

    seen: list[str] = []

    class Watch(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(info.field_name)
            return _next(root, info, *args, **kwargs)

    @strawberry.type
    class Query:
        @strawberry.field
        def thing(self) -> Thing:
            return WHOLE  # type: ignore[return-value]

    schema = strawberry.Schema(query=Query, extensions=[Watch], execution_context_class=RowExecution)
    schema.execute_sync("{ thing { name child { count } } }")

    assert seen == ["thing", "name", "child", "count"]
