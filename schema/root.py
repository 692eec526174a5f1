"""The schema: the features' parts merged, and how operations run."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Annotated, Any, cast

import strawberry
from graphql import ExecutionResult, GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.scalars import Base64
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.execution import ExecutionResult as StrawberryResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from counterfoil.access.viewer import Viewer
from counterfoil.events.threads import in_thread
from schema.admission import Refused, admit, without_hints
from schema.attention.activity import ActivityQueries
from schema.attention.counts import AttentionQueries
from schema.attention.mails import MailMutations, MailQueries, mail_by_key
from schema.attention.waiting import WaitingQueries
from schema.binary import BASE64
from schema.catalog.mutations import CatalogMutations
from schema.catalog.queries import CatalogQueries
from schema.catalog.types import product_by_key
from schema.checking import CheckingMutations
from schema.context import Info
from schema.conversations.mutations import ConversationMutations
from schema.conversations.subscriptions import ConversationSubscriptions
from schema.conversations.types import message_by_key, note_by_key
from schema.customer_lists import CustomerQueries
from schema.customers import contacts_by_key, customers_by_key
from schema.customers_at_once import CustomersAtOnceMutations
from schema.documents import Documents
from schema.errors import mask, masked
from schema.execution import ThreadedExecution
from schema.interactions.mutations import InteractionMutations
from schema.interactions.queries import InteractionQueries
from schema.interactions.rows import interaction_by_key
from schema.interactions.subscriptions import InteractionSubscriptions
from schema.linking import LinkingMutations
from schema.moments import DATETIME
from schema.orders.at_once import OrdersAtOnceMutations
from schema.orders.claims import ClaimMutations
from schema.orders.editing import EditingMutations
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
from schema.portal import PortalMutations
from schema.positions import POSITION, Position, PositionQueries
from schema.relay import Node, pk_of
from schema.scopes import say_scopes
from schema.staff.invitations import InvitationMutations, InvitationQueries, invitation_by_key
from schema.staff.members import StaffMutations, StaffQueries, member_by_key
from schema.staff.permissions import PermissionQueries
from schema.staff.roles import RoleMutations, RoleQueries, role_by_id
from schema.streams import current_position
from schema.workspaces import WorkspaceQueries, stores_by_key


@strawberry.type(description="Everything that can be read.")
class Query(
    OrderQueries,
    CatalogQueries,
    CustomerQueries,
    InteractionQueries,
    StaffQueries,
    InvitationQueries,
    RoleQueries,
    PermissionQueries,
    WorkspaceQueries,
    PartnerQueries,
    AttentionQueries,
    ActivityQueries,
    WaitingQueries,
    MailQueries,
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
    "interaction": interaction_by_key,
    "invitation": invitation_by_key,
    "client": lambda viewer, pk: clients_by_key(viewer, [pk]).get(pk),
    "staff": member_by_key,
    "mail": mail_by_key,
}


@strawberry.type(description="Everything that can be done.")
class Mutation(
    OrderMutations,
    PlacingMutations,
    ClaimMutations,
    OrdersAtOnceMutations,
    CustomersAtOnceMutations,
    EditingMutations,
    PaymentMutations,
    FulfilmentMutations,
    CatalogMutations,
    ConversationMutations,
    InteractionMutations,
    LinkingMutations,
    PortalMutations,
    CheckingMutations,
    InvitationMutations,
    PartnerMutations,
    StaffMutations,
    RoleMutations,
    MailMutations,
):
    pass


@strawberry.type(description="Everything that can be watched.")
class Subscription(OrderSubscriptions, ConversationSubscriptions, InteractionSubscriptions):
    pass


class Runner(SchemaExtensionsRunner):
    """Adds what answers tell besides their data. There are no hooks, and at a stream's result none are looked for: that
    took a third of the time in which an event reaches a stream.
    """

    def on_stream_result(self, result: Any) -> Any:
        """Say the position of the event that this result answers, so that any client can resume."""
        position = current_position.get()
        if isinstance(getattr(result, "data", None), dict) and position is not None:
            result.extensions = {**(result.extensions or {}), "position": str(position)}
        return nullcontext()

    def get_extensions_results_sync(self) -> dict[str, Any]:
        """What is added to an answer: the cost of what came from outside."""
        return self.execution_context.extensions_results

    async def get_extensions_results(self, ctx: ExecutionContext) -> dict[str, Any]:
        """The same in a stream."""
        return ctx.extensions_results


class CounterfoilSchema(strawberry.Schema):
    """The schema. What it runs was admitted before."""

    documents: Documents

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Mask what nobody expected, say which errors came of variables, and give no hints to who may not read the
        schema. Every error of every transport passes here, and only what is masked is logged.
        """
        for error in errors:
            mask(error)
            if error.path is None and not error.extensions:
                error.extensions = {"code": "BAD_VARIABLES"}
            if execution_context is not None:
                error.message = without_hints(error.message, execution_context.context.viewer)

    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> SchemaExtensionsRunner:
        """Ours, which is fast where a thousand streams are told of an event."""
        return Runner(execution_context, extensions)

    # Strawberry parses, looks at the kind and validates in these two; what is refused here comes back as it would.

    def _prepare_operation_sync(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> StrawberryResult | None:
        refused = self._refused(context)
        if refused is None:
            return None
        return StrawberryResult(None, refused, extensions_runner.get_extensions_results_sync())

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        refused = await in_thread(self._refused, context)
        return None if refused is None else PreExecutionError(data=None, errors=refused)

    def _refused(self, execution: ExecutionContext) -> list[GraphQLError] | None:
        try:
            admit(self.documents, execution)
        except Refused as refused:
            return refused.errors
        except Exception as error:
            return [masked(error)]
        return None


schema = CounterfoilSchema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map={Position: POSITION, Base64: BASE64, datetime: DATETIME}),
    execution_context_class=ThreadedExecution,
)
say_scopes(schema._schema)
schema.documents = Documents(schema._schema)


def print_schema() -> str:
    """The schema as `schema.graphql` holds it."""
    return schema.as_str() + "\n"


def execute(
    text: str,
    *,
    variables: dict[str, Any],
    context: Any,
    operation_name: str | None,
    allowed: Iterable[OperationType] = (OperationType.QUERY, OperationType.MUTATION),
) -> ExecutionResult:
    """Run one operation, synchronously."""
    return schema.execute_sync(  # type: ignore[return-value]
        text,
        variable_values=variables,
        context_value=context,
        operation_name=operation_name,
        allowed_operation_types=allowed,
    )
