"""Which scopes each type and field of the schema needs, in the words of its description (GQ-1).

What a root field needs, or a type that `node` finds, is declared beside it; so is what a field needs besides its type.
Every other type needs what all ways to it need. The sentences are written once, when the schema is built.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type, is_abstract_type
from graphql.type.introspection import is_introspection_type

from counterfoil.access.policy import GRANTABLE, Permission, with_reads

_KEY = "needs"
_EVERYTHING = frozenset(Permission)
_of_types: dict[type, frozenset[Permission]] = {}
type Needed = frozenset[Permission]


def needs(*permissions: Permission) -> Mapping[str, Needed]:
    """What a field needs besides its type, as its `metadata`; nothing for one that needs no more."""
    return {_KEY: frozenset(permissions)}


def type_needs[T: type](*permissions: Permission) -> Callable[[T], T]:
    """Declare what a type needs, above its `strawberry.type`."""

    def declare(cls: T) -> T:
        _of_types[cls] = frozenset(permissions)
        return cls

    return declare


def say_scopes(schema: GraphQLSchema) -> None:
    """End the description of everything that needs a scope with which; roots say it also when they need none."""
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    for kind, of_type in scopes_of(schema).items():
        if kind not in roots and of_type and _declared(kind) is not None:
            kind.description = f"{kind.description} {sentence(of_type)}"
        for field in kind.fields.values():
            own = _own(field)
            needed = of_type | (own or frozenset())
            if needed or (kind in roots and own is not None):
                field.description = f"{field.description} {sentence(needed)}"


def scopes_of(schema: GraphQLSchema) -> dict[GraphQLObjectType, Needed]:
    """What each object type needs: what was declared, or what every way to it needs."""
    kinds = [
        kind
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not is_introspection_type(kind)
    ]
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    found = {kind: frozenset() if kind in roots else _declared(kind) for kind in kinds}
    open_ones = [kind for kind, needed in found.items() if needed is None]
    needed = {kind: _EVERYTHING if of_type is None else of_type for kind, of_type in found.items()}
    ways = _ways(schema, kinds)
    while True:
        before = dict(needed)
        for kind in open_ones:
            each = [_with_reads(needed[parent] | own) for parent, own in ways.get(kind, ())]
            needed[kind] = frozenset.intersection(*each) if each else frozenset()
        if needed == before:
            return {kind: _without_implied(of_type) for kind, of_type in needed.items()}


def sentence(needed: Iterable[Permission]) -> str:
    """What it takes, in words: "Needs the scopes orders:read and messages:read."."""
    chosen = [permission for permission in Permission if permission in frozenset(needed)]
    if not chosen:
        return "No scope needed."
    if of_admins := [permission.value for permission in chosen if permission not in GRANTABLE]:
        return f"Needs the permission {of_admins[0]}, which no scope gives."
    *most, last = [permission.value for permission in chosen]
    return f"Needs the scopes {', '.join(most)} and {last}." if most else f"Needs the scope {last}."


def _ways(
    schema: GraphQLSchema, kinds: Iterable[GraphQLObjectType]
) -> dict[GraphQLObjectType, list[tuple[GraphQLObjectType, Needed]]]:
    """For each type, the types with a field that gives it, and what that field needs besides."""
    ways: dict[GraphQLObjectType, list[tuple[GraphQLObjectType, Needed]]] = {}
    for parent in kinds:
        for field in parent.fields.values():
            kind: Any = get_named_type(field.type)
            for given in schema.get_possible_types(kind) if is_abstract_type(kind) else [kind]:
                ways.setdefault(given, []).append((parent, _own(field) or frozenset()))
    return ways


def _declared(kind: GraphQLObjectType) -> Needed | None:
    definition = kind.extensions.get("strawberry-definition")
    return _of_types.get(definition.origin) if definition else None


def _own(field: GraphQLField) -> Needed | None:
    definition = field.extensions.get("strawberry-definition")
    own: Needed | None = definition.metadata.get(_KEY) if definition else None
    return own


def _with_reads(needed: Needed) -> Needed:
    return frozenset(Permission(name) for name in with_reads(needed))


def _without_implied(needed: Needed) -> Needed:
    """These without what comes along with another one: whoever may change something may read it."""
    writes = {permission for permission in needed if not permission.value.endswith(":read")}
    return frozenset(writes | (needed - _with_reads(frozenset(writes))))
