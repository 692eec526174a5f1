"""The size of an operation's text is bounded before it is understood (GQ-6)."""

import pytest
from graphql import parse

from schema import limits
from schema.shape import TooMuch, measure

pytestmark = [pytest.mark.feature("GQ-6"), pytest.mark.once]
ALIASES = "{ " + " ".join(f"a{number}: position" for number in range(limits.ALIASES)) + " %s }"
DEEP = "{ a " * (limits.DEPTH - 1) + "{ a %s }" + "}" * (limits.DEPTH - 1)
FRAGMENTS = "{ ...F0 } " + " ".join(
    f"fragment F{number} on Query {{ ...F{number + 1} ...F{number + 1} }}" for number in range(9)
)


@pytest.mark.parametrize(
    ("text", "within"),
    [
        (ALIASES % "", True),
        (ALIASES % "b: position", False),
        (DEEP % "", True),
        (DEEP % "{ a }", False),
        ("{ a " + "@include(if: true) " * limits.DIRECTIVES + "}", True),
        ("{ a " + "@include(if: true) " * (limits.DIRECTIVES + 1) + "}", False),
        ("query " + "@include(if: true) " * (limits.DIRECTIVES + 1) + "{ a }", False),
        ("{ ... " + "@include(if: true) " * (limits.DIRECTIVES + 1) + "{ a } }", False),
        (" ".join(f"query Q{number} {{ a }}" for number in range(limits.OPERATIONS)), True),
        (" ".join(f"query Q{number} {{ a }}" for number in range(limits.OPERATIONS + 1)), False),
        ("{ " + "a " * 100 + "}", True),
        ("{ " + "a " * 110 + "}", False),  # 5,995 pairs to compare
        ("{ " + "a { b } " * 80 + "}", False),  # of a and of b
        (FRAGMENTS + " fragment F9 on Query { a }", False),  # 512 times the same field
        ("{ " + " ".join(f"f{number}" for number in range(limits.FIELDS)) + " }", True),
        ("{ " + " ".join(f"f{number}" for number in range(limits.FIELDS + 1)) + " }", False),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)
def test_a_text_is_measured(text: str, within: bool) -> None:
    if within:
        measure(parse(text))
    else:
        with pytest.raises(TooMuch):
            measure(parse(text))


def test_a_cycle_of_fragments_is_left_to_validation() -> None:
    measure(parse("{ ...A } fragment A on Query { ...B a } fragment B on Query { ...A b }"))


def test_what_nothing_uses_is_measured_too() -> None:
    with pytest.raises(TooMuch):
        measure(parse("{ a } fragment F on Query { " + "a " * 110 + "}"))


def test_whether_it_asks_for_the_schema_is_seen_through_fragments_and_aliases() -> None:
    assert measure(parse("{ ...F } fragment F on Query { ... { x: __schema { types { name } } } }")).introspects
    assert measure(parse('{ __type(name: "Order") { name } }')).introspects
    assert not measure(parse("{ __typename schema: position }")).introspects
