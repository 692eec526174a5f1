"""How operations run: resolvers are synchronous, and what rows hold already is read without one.

graphql-core treats every field alike: a resolver, its `info`, its arguments, whether the value is awaitable, and the
value's type, one after another. A list of orders is made of a thousand fields, nearly all of which are attributes of a
row. Those are read here in one loop, by a plan made once an operation, which also has the arguments of fields with a
resolver, as they are the same for every row. Whatever is unusual goes graphql-core's way. docs/decisions/0007 has what
that brings.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from graphql import (
    ExecutionResult,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
    Undefined,
    get_argument_values,
    get_nullable_type,
    is_leaf_type,
)
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types import Info
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from counterfoil.events.threads import in_thread
from schema.sharing import frozen, once

type Answer = dict[str, Any]


class _Field(NamedTuple):
    """A selected field, and how its value is read from a row."""

    name: str  # in the answer
    details: Any  # graphql-core's: the places in the document that select it
    attribute: str | None = None  # of the row; None where graphql-core has to run it
    required: bool = False
    coerce: Callable[[Any], Any] | None = None  # a leaf's
    object_type: GraphQLObjectType | None = None
    many: bool = False  # a list of that type, of which none is null
    type: GraphQLOutputType | None = None
    resolver: "_Resolver | None" = None  # gives the value in place of the attribute


class _Resolver(NamedTuple):
    """A resolver of Strawberry's kind, called without what Strawberry does at each call."""

    run: Callable[..., Any]
    arguments: dict[str, Any]
    definition: GraphQLField
    made: StrawberryField
    info_name: str | None  # of the parameter that wants to know where in the operation it is


class RowExecution(StrawberryGraphQLCoreExecutionContext):
    """An executor that reads plain fields itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._wrapped = bool(self.middleware_manager and self.middleware_manager.middlewares)
        self._plans: dict[tuple[GraphQLObjectType, int], tuple[Any, list[_Field]]] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: dict[str, Any],
        position_context: Any,
    ) -> Answer:
        """The selected fields of one object, by their names in the answer."""
        answer: Answer = {}
        for field in self._plan(parent_type, grouped_field_set):
            if field.resolver:
                answer[field.name] = self._resolve(field, field.resolver, source_value, path, parent_type)
                continue
            told = self._read(field, source_value, path, parent_type)
            if told is Undefined:
                told = self.execute_field(
                    parent_type, source_value, field.details, Path(path, field.name, parent_type.name), position_context
                )
            if told is not Undefined:  # graphql-core's word for a field that does not exist
                answer[field.name] = told
        return answer

    def _plan(self, parent_type: GraphQLObjectType, selected: dict[str, Any]) -> list[_Field]:
        # The selection is remembered by its identity, as graphql-core does, and kept so that the identity stays its.
        key = parent_type, id(selected)
        if key not in self._plans:
            self._plans[key] = (
                selected,
                [self._field(parent_type, name, details) for name, details in selected.items()],
            )
        return self._plans[key][1]

    def _field(self, parent_type: GraphQLObjectType, name: str, details: Any) -> _Field:
        found = self.schema.get_field(parent_type, details[0].node.name.value)
        made = found.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF) if found else None
        if found is None or made is None or self._wrapped:
            return _Field(name, details)
        resolver = None if made.is_basic_field else self._resolver(found, made, details)
        if resolver is None and (found.args or not made.is_basic_field):
            return _Field(name, details)
        required = isinstance(found.type, GraphQLNonNull)
        of: Any = found.type.of_type if isinstance(found.type, GraphQLNonNull) else found.type
        if resolver and not isinstance(of, GraphQLObjectType):
            return _Field(name, details, type=found.type, resolver=resolver)
        if is_leaf_type(of):
            coerce = _text if of is GraphQLString else of.coerce_output_value
            return _Field(name, details, made.python_name, required, coerce)
        many = isinstance(of, GraphQLList) and isinstance(of.of_type, GraphQLNonNull)
        of = of.of_type.of_type if many else of
        if not isinstance(of, GraphQLObjectType):
            return _Field(name, details)
        return _Field(name, details, made.python_name, required, None, of, many, found.type, resolver)

    def _resolver(self, found: GraphQLField, made: StrawberryField, details: Any) -> _Resolver | None:
        """How to call the field's resolver; None for one that wants more than its row, arguments and `info`."""
        base = made.base_resolver
        if base is None or made.extensions or made.is_async or not base.self_parameter or not _are_leaves(found.args):
            return None
        if base.parent_parameter or base.root_parameter:
            return None
        node, fragment_variables = details[0].node, details[0].fragment_variable_values
        try:
            given = get_argument_values(found, node, self.variable_values, fragment_variables, self.hide_suggestions)
        except GraphQLError:
            return None  # each row's field says so
        schema: Any = self.schema._strawberry_schema  # type: ignore[attr-defined]
        arguments = convert_arguments(
            given, made.arguments, config=schema.config, scalar_registry=schema.schema_converter.scalar_registry
        )
        info = base.info_parameter
        return _Resolver(base.wrapped_func, arguments, found, made, info.name if info else None)  # type: ignore[arg-type]

    def _resolve(
        self, field: _Field, resolver: _Resolver, row: Any, path: Path | None, parent_type: GraphQLObjectType
    ) -> Any:
        """What the resolver gives, as the answer tells it. It runs once, whatever comes of it."""
        here = Path(path, field.name, parent_type.name)
        nodes = [selected.node for selected in field.details]
        info = self.build_resolve_info(resolver.definition, nodes, parent_type, here)
        arguments = dict(resolver.arguments)
        if resolver.info_name:
            arguments[resolver.info_name] = Info(_raw_info=info, _field=resolver.made)
        try:
            value = resolver.run(row, **arguments)
            plain = field.object_type and value is not None and not isinstance(value, Exception)
            told: Any = self._objects(field, value, here) if plain else Undefined
            if told is Undefined:
                told = self.complete_value(field.type, field.details, info, here, value, None)  # type: ignore[arg-type]
        except Exception as error:
            self.handle_field_error(error, field.type, field.details, here)  # type: ignore[arg-type]
            return None
        return told

    def _read(self, field: _Field, row: Any, path: Path | None, parent_type: GraphQLObjectType) -> Any:
        """A plain field's value as the answer tells it; `Undefined` where graphql-core has to see to it."""
        value = getattr(row, field.attribute, Undefined) if field.attribute else Undefined
        if value is Undefined:
            return Undefined
        if value is None:
            return Undefined if field.required else None
        if field.coerce:
            return _leaf(field.coerce, value)
        return self._objects(field, value, Path(path, field.name, parent_type.name))

    def _objects(self, field: _Field, value: Any, path: Path) -> Answer | list[Answer] | None:
        """What is told of an object, or of each of many."""
        of: Any = field.object_type
        if field.many and not isinstance(value, (list, tuple)):
            return Undefined  # type: ignore[return-value]
        rows: Sequence[Any] = value if field.many else (value,)
        if of.is_type_of and not all(of.is_type_of(row, None) for row in rows):
            return Undefined  # type: ignore[return-value]
        selected = self.collect_subfields(of, field.details).grouped_field_set
        try:
            if not field.many:
                return self.execute_fields(of, value, path, selected, None)
            return [
                self.execute_fields(of, row, path.add_key(index, None), selected, None)
                for index, row in enumerate(rows)
            ]
        except Exception as error:
            self.handle_field_error(error, field.type, field.details, path)  # type: ignore[arg-type]
            return None


def _are_leaves(arguments: Mapping[str, GraphQLArgument]) -> bool:
    """Whether no argument is an object or a list, which a resolver might change."""
    return all(is_leaf_type(get_nullable_type(argument.type)) for argument in arguments.values())


def _leaf(coerce: Callable[[Any], Any], value: Any) -> Any:
    try:
        told = coerce(value)
    except Exception:
        return Undefined
    return Undefined if told is None else told


def _text(value: Any) -> str:
    return value if type(value) is str else GraphQLString.coerce_output_value(value)


class ThreadedExecution(RowExecution):
    """Inside an event loop (streams) each selection runs in a thread, for all who select the same of one event."""

    _variables: Hashable = None  # a subscription's, as a key

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # graphql-core makes an executor when the request is found good, and copies it for a subscription's events.
        if self.context_value.on_begin:
            self.context_value.on_begin()

    def build_per_event_executor(self, payload: Any) -> Any:
        """What selects from one event of a subscription."""
        self._variables = self._variables or frozen(self.variable_values.coerced)
        # Followers whose viewers are equal have one and the same event as their payload.
        return _Selection(
            ("selection", id(payload), id(self.operation), self._variables), partial(self._select, payload)
        )

    async def _select(self, payload: Any) -> tuple[ExecutionResult, object]:
        executor: Any = super().build_per_event_executor(payload)
        executor._plans, executor._relevant_sub_fields = {}, {}  # a long stream would heap them up
        # With the result goes what the key knows by its identity.
        return await in_thread(RowExecution.execute_operation, executor, False), executor  # type: ignore[arg-type]

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Run a query or a mutation."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return super().execute_operation(serially)
        return in_thread(self._execute_while_valid, serially)

    def _execute_while_valid(self, serially: bool | None) -> Any:
        # A connection outlives many operations, and may outlive its token.
        if not self.context_value.still_valid():
            raise GraphQLError(
                "This token opens nothing any more: connect again.", extensions={"code": "UNAUTHENTICATED"}
            )
        return super().execute_operation(serially)


class _Selection(NamedTuple):
    """Stands for the executor of one event, which is made for the first follower alone."""

    key: Hashable
    select: Callable[[], Awaitable[tuple[ExecutionResult, object]]]

    async def execute_operation(self, serially: bool | None = None) -> ExecutionResult:
        """The event's selection, as graphql-core asks for it."""
        result, _ = await once(self.key, self.select)
        return ExecutionResult(result.data, result.errors)
