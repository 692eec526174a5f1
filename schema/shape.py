"""What an operation's text looks like before anybody asks what it means (GQ-6).

Validation compares fields that share a name in the answer pair by pair, fragments multiply what is written once, and
deep nesting recurses. So the text is measured first, in one walk that ends as soon as it is too much.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from schema import limits


class TooMuch(Exception):
    """A text that asks for more than a limit allows; its text says of what, and what to do."""


class Shape(NamedTuple):
    """What is to be known of a text that keeps within the limits."""

    introspects: bool


class _Place(NamedTuple):
    """A selection to walk: where its fields stand in the answer, how deep, and inside of which fragments."""

    selections: SelectionSetNode
    path: int
    depth: int
    inside: frozenset[str]


def measure(document: DocumentNode) -> Shape:
    """The shape of a parsed text. Raises `TooMuch`."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) > limits.OPERATIONS:
        raise TooMuch(f"The text has {len(operations)} operations; {limits.OPERATIONS} is the most. Send fewer.")
    return _Walk(document).shape()


class _Walk:
    """Goes through all fields that a text asks for, fragments taken in wherever they are used."""

    def __init__(self, document: DocumentNode) -> None:
        self._definitions = [
            node for node in document.definitions if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
        ]
        self._fragments = {
            node.name.value: node for node in self._definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._used: set[str] = set()
        self._paths: dict[tuple[int, str], int] = {}
        self._standing: Counter[int] = Counter()  # fields, by their place in the answer
        self._aliases = self._fields = self._merges = 0
        self._introspects = False

    def shape(self) -> Shape:
        """Walk everything; a fragment that nothing uses too, because validation does."""
        operations = [node for node in self._definitions if isinstance(node, OperationDefinitionNode)]
        for number, definition in enumerate(operations):
            self._walk(definition, number)
        for number, (name, fragment) in enumerate(self._fragments.items(), len(operations)):
            if name not in self._used:
                self._walk(fragment, number)
        return Shape(self._introspects)

    def _walk(self, definition: OperationDefinitionNode | FragmentDefinitionNode, number: int) -> None:
        self._look_at_directives(definition)
        waiting = [_Place(definition.selection_set, -1 - number, 1, frozenset())]
        while waiting:
            waiting.extend(self._look_at(waiting.pop()))

    def _look_at(self, place: _Place) -> Iterator[_Place]:
        """Count what is selected at one place; gives the places within it."""
        for node in place.selections.selections:
            self._look_at_directives(node)
            if isinstance(node, FieldNode):
                path = self._count(node, place)
                if node.selection_set:
                    yield _Place(node.selection_set, path, place.depth + 1, place.inside)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                self._used.add(name)
                self._more_fields()  # or a fragment of nothing but spreads would be free
                if name in self._fragments and name not in place.inside:  # a cycle is left to validation
                    within = place.inside | {name}
                    yield _Place(self._fragments[name].selection_set, place.path, place.depth, within)
            elif node.selection_set:  # type: ignore[attr-defined]
                yield place._replace(selections=node.selection_set)  # type: ignore[attr-defined]

    def _count(self, node: FieldNode, place: _Place) -> int:
        if place.depth > limits.DEPTH:
            raise TooMuch(f"Fields lie more than {limits.DEPTH} deep. Ask for less at once, or by `node`.")
        self._more_fields()
        if node.alias:
            self._aliases += 1
            if self._aliases > limits.ALIASES:
                raise TooMuch(f"There are more than {limits.ALIASES} aliases. Send several requests.")
        name = node.name.value
        self._introspects = self._introspects or name in {"__schema", "__type"}
        key = place.path, node.alias.value if node.alias else name
        path = self._paths.setdefault(key, len(self._paths))
        self._merges += self._standing[path]
        if self._merges > limits.MERGES:
            raise TooMuch("The same fields are asked for again and again. Ask for each once.")
        self._standing[path] += 1
        return path

    def _more_fields(self) -> None:
        self._fields += 1
        if self._fields > limits.FIELDS:
            raise TooMuch(f"There are more than {limits.FIELDS:,} fields, fragments taken in. Send several requests.")

    def _look_at_directives(self, node: object) -> None:
        found = len(getattr(node, "directives", None) or ())
        if found > limits.DIRECTIVES:
            raise TooMuch(f"There are {found} directives at one place; {limits.DIRECTIVES} is the most.")
