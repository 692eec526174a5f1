"""The schema: the features' parts merged, and how operations run."""

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext, suppress
from typing import Annotated, Any, cast

import strawberry
from graphql import ExecutionResult, GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import MaskErrors, ParserCache, SchemaExtension, ValidationCache
from strawberry.extensions.context import OperationContextManager, ValidationContextManager
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.scalars import Base64
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext

from counterfoil.access.viewer import Viewer
from schema.attribution import Call, CountedOperation
from schema.binary import BASE64
from schema.catalog.mutations import CatalogMutations
from schema.catalog.queries import CatalogQueries
from schema.catalog.types import product_by_key
from schema.context import Info
from schema.conversations.mutations import ConversationMutations
from schema.conversations.subscriptions import ConversationSubscriptions
from schema.conversations.types import message_by_key, note_by_key
from schema.customers import CustomerQueries, contacts_by_key, customers_by_key
from schema.execution import ThreadedExecution
from schema.orders.fulfilling import FulfilmentMutations
from schema.orders.fulfilments import fulfilment_by_key
from schema.orders.lines import lines_by_key
from schema.orders.mutations import OrderMutations
from schema.orders.payments import PaymentMutations
from schema.orders.placing import PlacingMutations
from schema.orders.queries import OrderQueries
from schema.orders.subscriptions import OrderSubscriptions
from schema.orders.types import order_by_key
from schema.partners.mutations import PartnerMutations
from schema.partners.queries import PartnerQueries
from schema.partners.types import clients_by_key
from schema.positions import POSITION, Position, PositionQueries
from schema.relay import Node, pk_of
from schema.scopes import say_scopes
from schema.staff.invitations import InvitationMutations, InvitationQueries, invitation_by_key
from schema.staff.members import StaffMutations, StaffQueries, member_by_key
from schema.staff.permissions import PermissionQueries
from schema.staff.roles import RoleMutations, RoleQueries, role_by_id
from schema.streams import current_position
from schema.workspaces import WorkspaceQueries, stores_by_key

logger = logging.getLogger(__name__)


@strawberry.type(description="Everything that can be read.")
class Query(
    OrderQueries,
    CatalogQueries,
    CustomerQueries,
    StaffQueries,
    InvitationQueries,
    RoleQueries,
    PermissionQueries,
    WorkspaceQueries,
    PartnerQueries,
    PositionQueries,
):
    @strawberry.field(
        description="Any object by its global id. Null when there is none, or none that the viewer may see. Needs the "
        "scopes that the object's type names."
    )
    def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The object's global id.")]
    ) -> Node | None:
        viewer = info.context.viewer
        kind = id.rpartition("_")[0]
        if kind == "role":
            return cast(Node | None, role_by_id(viewer, id))  # built-in ones have no key
        pk = pk_of(id, kind)
        return cast(Node | None, _NODES[kind](viewer, pk)) if pk and kind in _NODES else None


# What a global id begins with, and how its object is found.
_NODES: Mapping[str, Callable[[Viewer, int], object]] = {
    "order": order_by_key,
    "line": lambda viewer, pk: lines_by_key(viewer, [pk]).get(pk),
    "fulfilment": fulfilment_by_key,
    "store": lambda viewer, pk: stores_by_key(viewer.workspace_id, [pk]).get(pk),
    "product": product_by_key,
    "message": message_by_key,
    "note": note_by_key,
    "customer": lambda viewer, pk: customers_by_key(viewer, [pk]).get(pk),
    "contact": lambda viewer, pk: contacts_by_key(viewer, [pk]).get(pk),
    "invitation": invitation_by_key,
    "client": lambda viewer, pk: clients_by_key(viewer, [pk]).get(pk),
    "staff": member_by_key,
}


@strawberry.type(description="Everything that can be done.")
class Mutation(
    OrderMutations,
    PlacingMutations,
    PaymentMutations,
    FulfilmentMutations,
    CatalogMutations,
    ConversationMutations,
    InvitationMutations,
    PartnerMutations,
    StaffMutations,
    RoleMutations,
):
    pass


@strawberry.type(description="Everything that can be watched.")
class Subscription(OrderSubscriptions, ConversationSubscriptions):
    pass


class MaskUnexpected(MaskErrors):
    """What nobody expected is told by a reference alone, and logged in full under it."""

    def __init__(self) -> None:
        super().__init__(should_mask_error=_is_unexpected)

    def anonymise_error(self, error: GraphQLError) -> GraphQLError:
        """The error that the client gets instead."""
        # Mistakes of the client that Strawberry answers well over plain HTTP, but not in a stream.
        match error.original_error:
            case CannotGetOperationTypeError() as mistake:
                return GraphQLError(mistake.as_http_error_reason(), original_error=mistake)
            case InvalidOperationTypeError() as mistake:
                return GraphQLError(mistake.as_http_error_reason("GET"), original_error=mistake)
            case MissingQueryError() as mistake:
                return GraphQLError(str(mistake), original_error=mistake)
        reference = secrets.token_hex(4)
        logger.error("Unexpected error %s at %s", reference, error.path, exc_info=error.original_error)
        return GraphQLError(
            f"Something went wrong on our side; nothing was half done. The reference is {reference}.",
            nodes=error.nodes,
            path=error.path,
            extensions={"code": "INTERNAL", "reference": reference},
        )


def _is_unexpected(error: GraphQLError) -> bool:
    return error.original_error is not None and not isinstance(error.original_error, GraphQLError)


class Runner(SchemaExtensionsRunner):
    """Calls the extensions' hooks, and counts what programs ask; at a stream's result it only does what is to do.

    Looking for hooks took a third of the time in which an event reaches a stream.
    """

    _call: Call | None = None

    def operation(self) -> OperationContextManager:
        """The hooks around an operation; a program's is counted, without a hook, which would cost more."""
        if self.execution_context.context.viewer.client_id is None:
            return super().operation()
        self._call = Call(self.execution_context)
        return CountedOperation(self.extensions, self._call)

    def validation(self) -> ValidationContextManager:
        """The hooks around validation, which follows parsing."""
        if self._call is not None:
            self._call.parsed()
        return super().validation()

    def on_stream_result(self, result: Any) -> Any:
        """Say the position of the event that this result answers, so that any client can resume; mask its errors."""
        position = current_position.get()
        if isinstance(getattr(result, "data", None), dict) and position is not None:
            result.extensions = {**(result.extensions or {}), "position": str(position)}
        return nullcontext() if getattr(result, "errors", True) is None else super().on_stream_result(result)

    async def get_extensions_results(self, ctx: ExecutionContext) -> dict[str, Any]:
        """What the extensions add to an answer."""
        if all(type(extension).get_results is SchemaExtension.get_results for extension in self.extensions):
            return dict(ctx.extensions_results)
        return await super().get_extensions_results(ctx)


class CachedParsing(ParserCache):
    """Parses a text once. Syntax errors are left to Strawberry: in a stream it answers only those it meets itself."""

    def on_parse(self) -> Iterator[None]:
        """Put the parsed document in place."""
        context = self.execution_context
        with suppress(GraphQLError):
            context.graphql_document = self.cached_parse_document(context.query, **context.parse_options)
        yield


class CounterfoilSchema(strawberry.Schema):
    """The schema, whose expected errors are nobody's log lines."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: `MaskUnexpected` logs what deserves it."""

    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> SchemaExtensionsRunner:
        """Ours, which is fast where a thousand streams are told of an event."""
        return Runner(execution_context, extensions)


schema = CounterfoilSchema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    extensions=[
        lambda: CachedParsing(maxsize=512),
        lambda: ValidationCache(maxsize=512),
        MaskUnexpected,
    ],
    config=StrawberryConfig(scalar_map={Position: POSITION, Base64: BASE64}),
    execution_context_class=ThreadedExecution,
)
say_scopes(schema._schema)


def print_schema() -> str:
    """The schema as `schema.graphql` holds it."""
    return schema.as_str() + "\n"


def execute(text: str, *, variables: dict[str, Any], context: Any, operation_name: str) -> ExecutionResult:
    """Run one operation, synchronously."""
    return schema.execute_sync(  # type: ignore[return-value]
        text, variable_values=variables, context_value=context, operation_name=operation_name
    )
