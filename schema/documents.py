"""Operations' texts, read once: parsed, measured, validated, and with their prices (GQ-6).

All that is kept depends on the text alone, so everybody who sends the same one shares it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, parse, specified_rules, validate
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from schema import limits
from schema.cost import Price, price_of
from schema.errors import refusal
from schema.shape import Shape, TooMuch, measure

_KEPT = 512
_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
_MOST_ERRORS = 10  # each unknown name is compared with all that there are


class Registered(str):
    """The text of a trusted document: somebody with a shell on the server has looked at it (GQ-7)."""

    __slots__ = ()


class Prepared(NamedTuple):
    """A text that is ready to run, by the names of its operations, or why it can't be run."""

    document: DocumentNode
    operations: Mapping[str | None, tuple[OperationDefinitionNode, Price]]
    shape: Shape
    errors: tuple[GraphQLError, ...] = ()


_NOTHING = DocumentNode(definitions=())


class Documents:
    """The texts that were sent to one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.prepare = lru_cache(_KEPT)(self._prepare)

    def _prepare(self, text: str, limited: bool = True) -> Prepared:
        """Read a text; of somebody who is `limited`, only within the limits."""
        try:
            document = _parsed(text, limited)
            shape = measure(document) if limited else Shape(introspects=False)
        except TooMuch as error:
            return _refused(refusal(str(error), "TOO_LARGE"))
        except GraphQLError as error:
            return _refused(_with_code(error, "PARSE_FAILED"))
        errors = validate(self._schema, document, _RULES, max_errors=_MOST_ERRORS)
        if errors:
            return _refused(*(_with_code(error, "VALIDATION_FAILED") for error in errors), document=document)
        return Prepared(document, dict(self._operations(document)), shape)

    def _operations(self, document: DocumentNode) -> list[tuple[str | None, tuple[OperationDefinitionNode, Price]]]:
        return [
            (node.name.value if node.name else None, (node, price_of(self._schema, document, node)))
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode)
        ]


def _parsed(text: str, limited: bool) -> DocumentNode:
    if not limited:
        return parse(text)
    if len(text) > limits.CHARACTERS:
        raise TooMuch(
            f"The operation has {len(text):,} characters; {limits.CHARACTERS:,} is the most. Send values as variables."
        )
    try:
        return parse(text, max_tokens=limits.TOKENS)
    except GraphQLError as error:
        if "nested too deeply" in error.message:
            raise TooMuch(f"Fields lie more than {limits.DEPTH} deep. Ask for less at once.") from None
        if "Parsing aborted" in error.message:
            raise TooMuch(f"The operation has more than {limits.TOKENS:,} words and signs. Send several.") from None
        raise


def _refused(*errors: GraphQLError, document: DocumentNode = _NOTHING) -> Prepared:
    return Prepared(document, {}, Shape(introspects=False), errors)


def _with_code(error: GraphQLError, code: str) -> GraphQLError:
    return GraphQLError(
        error.message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        extensions={**(error.extensions or {}), "code": code},
    )
