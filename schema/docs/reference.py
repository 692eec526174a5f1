"""What the documentation says of the schema, read once from the schema itself, so that it can't go out of date."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString, mark_safe
from graphql import (
    DEFAULT_DEPRECATION_REASON,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    Undefined,
    ast_from_value,
    get_named_type,
    print_ast,
)

from counterfoil.access.policy import Permission
from schema.root import schema

_SCHEMA = schema._schema
_PERMISSIONS = frozenset(map(str, Permission))
_SCOPE = re.compile(rf"\b(?:{'|'.join(sorted(_PERMISSIONS, key=len, reverse=True))})\b")
_KINDS: Mapping[type[GraphQLNamedType], str] = {
    GraphQLObjectType: "object",
    GraphQLInputObjectType: "input",
    GraphQLEnumType: "enum",
    GraphQLUnionType: "union",
    GraphQLInterfaceType: "interface",
    GraphQLScalarType: "scalar",
}
ROOTS: Mapping[str, str] = {"queries": "Query", "mutations": "Mutation", "subscriptions": "Subscription"}


class Reference(NamedTuple):
    """A type as a field names it: `[Order!]!` is the type `Order` between `[` and `!]!`."""

    before: str
    name: str
    after: str


class Input(NamedTuple):
    """An argument, or a field of an input."""

    name: str
    type: Reference
    about: SafeString
    default: str
    deprecated: str


class Field(NamedTuple):
    """A field of an object or an interface."""

    name: str
    type: Reference
    about: SafeString
    arguments: tuple[Input, ...]
    deprecated: str


class Value(NamedTuple):
    """A value of an enum."""

    name: str
    about: SafeString
    deprecated: str


class Use(NamedTuple):
    """A field where a type is given or taken."""

    owner: str
    field: str


class Type(NamedTuple):
    """A type, with what its kind has."""

    name: str
    kind: str
    about: SafeString
    summary: str
    fields: tuple[Field, ...]
    inputs: tuple[Input, ...]
    values: tuple[Value, ...]
    members: tuple[str, ...]  # of a union, or who implements an interface
    interfaces: tuple[str, ...]
    standard: str  # where a scalar is specified
    used: tuple[Use, ...]

    @property
    def role(self) -> str:
        """What an object is for, by the schema's own endings: lists, answers of mutations, or things."""
        if self.name in ROOTS.values():
            return "root"
        if self.name.endswith(("Connection", "Edge")) or self.name == "PageInfo":
            return "list"
        return "answer" if self.name.endswith("Success") or self.name == "Problem" else "thing"


@cache
def types() -> Mapping[str, Type]:
    """Every type of the schema by its name, in alphabetical order; introspection's own are left out."""
    used = _uses()
    named = sorted(_SCHEMA.type_map.items())
    return {name: _type(kind, used[name]) for name, kind in named if not name.startswith("__")}


def prose(text: str | None) -> SafeString:
    """A description as HTML: what stands between backticks is code, and a scope leads to what it allows."""
    parts = (text or "").split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner
        parts = [text or ""]
    return mark_safe("".join(_with_scopes(part) if at % 2 == 0 else _code(part) for at, part in enumerate(parts)))


def paragraphs(text: str) -> SafeString:
    """Paragraphs, with an empty line between them, as HTML."""
    return format_html_join("\n", "<p>{}</p>", ((prose(part),) for part in text.strip().split("\n\n")))


def _code(text: str) -> str:
    return _with_scopes(text) if text in _PERMISSIONS else f"<code>{escape(text)}</code>"


def _with_scopes(text: str) -> str:
    scopes = f'<a class="docs-scope" href="{reverse("graphql_docs:overview")}#scopes">\\g<0></a>'
    return _SCOPE.sub(scopes, escape(text))


def _type(found: GraphQLNamedType, used: Iterable[Use]) -> Type:
    return Type(
        name=found.name,
        kind=next(name for kind, name in _KINDS.items() if isinstance(found, kind)),
        about=prose(found.description),
        summary=(found.description or "").partition("\n")[0],
        fields=tuple(_field(name, field) for name, field in _fields(found)),
        inputs=tuple(_inputs(found.fields)) if isinstance(found, GraphQLInputObjectType) else (),
        values=tuple(_values(found)) if isinstance(found, GraphQLEnumType) else (),
        members=_members(found),
        interfaces=tuple(one.name for one in getattr(found, "interfaces", ())),
        standard=(found.specified_by_url or "") if isinstance(found, GraphQLScalarType) else "",
        used=tuple(used),
    )


def _fields(found: GraphQLNamedType) -> list[tuple[str, GraphQLField]]:
    return list(found.fields.items()) if isinstance(found, GraphQLObjectType | GraphQLInterfaceType) else []


def _field(name: str, field: GraphQLField) -> Field:
    return Field(
        name=name,
        type=_reference(field.type),
        about=prose(field.description),
        arguments=tuple(_inputs(field.args)),
        deprecated=_deprecated(field),
    )


def _inputs(given: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField]) -> Iterator[Input]:
    for name, one in given.items():
        yield Input(name, _reference(one.type), prose(one.description), _default(one), _deprecated(one))


def _values(found: GraphQLEnumType) -> Iterator[Value]:
    for name, value in found.values.items():
        yield Value(name, prose(value.description), _deprecated(value))


def _members(found: GraphQLNamedType) -> tuple[str, ...]:
    if isinstance(found, GraphQLUnionType):
        return tuple(one.name for one in found.types)
    if isinstance(found, GraphQLInterfaceType):
        return tuple(sorted(one.name for one in _SCHEMA.get_possible_types(found)))
    return ()


def _reference(given: Any) -> Reference:
    name = get_named_type(given).name
    before, _, after = str(given).partition(name)
    return Reference(before, name, after)


def _default(one: Any) -> str:
    if one.default_value is Undefined:
        return ""
    node = ast_from_value(one.default_value, one.type)
    return print_ast(node) if node else ""


def _deprecated(one: Any) -> str:
    """Why not to use it any more; empty while it may be used."""
    return "" if one.deprecation_reason is None else one.deprecation_reason or DEFAULT_DEPRECATION_REASON


def _uses() -> Mapping[str, list[Use]]:
    """Where each type is given or taken."""
    found: dict[str, list[Use]] = defaultdict(list)
    for owner, kind in sorted(_SCHEMA.type_map.items()):
        if owner.startswith("__"):
            continue
        for name, field in getattr(kind, "fields", {}).items():
            types_here = [field.type, *(argument.type for argument in getattr(field, "args", {}).values())]
            for one in dict.fromkeys(get_named_type(given).name for given in types_here):
                found[one].append(Use(owner, name))
    return found
