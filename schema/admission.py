"""What stands between a request and its execution (GQ-6, GQ-7): the same for HTTP, SSE and WebSocket.

Read the text, look at its size, its sense and who may send it, work out its cost, and take that from the bucket of
whoever asks. What is refused here has run nothing. The UIs' own operations, which nobody outside wrote, have no payer:
they are read, and that is all.
"""

from math import ceil

from django.conf import settings
from graphql import GraphQLError
from strawberry.types import ExecutionContext
from strawberry.types.graphql import OperationType

from counterfoil.access.viewer import Viewer
from counterfoil.partners.budgets import BUDGETS, Payer
from counterfoil.partners.usage import USAGE
from schema.context import Context
from schema.cost import Price
from schema.documents import Documents, Prepared, Registered
from schema.errors import refusal
from schema.limits import may_introspect

MISTAKE = 1_000  # points that a request costs which is refused for what it says: reading it took as long
_SUGGESTION = " Did you mean "


class Refused(Exception):
    """Nothing was run."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__()
        self.errors = list(errors)


def admit(documents: Documents, execution: ExecutionContext) -> None:
    """Put the document in place that is to run. Raises `Refused`. A program's call is counted either way."""
    context: Context = execution.context
    try:
        price, kind = _read(documents, execution)
        if context.payer is None:
            return
        points = _affordable(price, kind, execution)
    except Refused as refused:
        pay_for_mistake(context, execution.operation_name)
        raise Refused(*(_for(context.viewer, error) for error in refused.errors)) from None
    left = _pay(context.payer, context.viewer, execution.operation_name, points)
    execution.extensions_results["cost"]["left"] = left
    if kind is OperationType.SUBSCRIPTION:  # its events are paid at once, and tell of themselves alone
        del execution.extensions_results["cost"]


def pay_for_mistake(context: Context, name: str | None = None) -> None:
    """Take the price of a request that can't be run. Raises `Refused` when even that is not there."""
    if context.payer is not None:
        _pay(context.payer, context.viewer, name, MISTAKE)


def without_hints(message: str, viewer: Viewer) -> str:
    """An error's message as the viewer may read it: "did you mean" tells names of the schema."""
    return message if may_introspect(viewer) else message.partition(_SUGGESTION)[0]


def _read(documents: Documents, execution: ExecutionContext) -> tuple[Price, OperationType]:
    """Find the operation that is asked for, in a text that this viewer may send."""
    context: Context = execution.context
    text = execution.query or ""
    registered = isinstance(text, Registered)
    prepared = documents.prepare(text, context.payer is not None and not registered)
    execution.graphql_document = prepared.document
    if context.payer is not None and context.viewer.trusted_only and not registered:
        message = 'This program may send registered documents alone: {"documentId": "sha256:…"}.'
        raise Refused(refusal(message, "TRUSTED_DOCUMENTS_ONLY"))
    if prepared.errors:
        raise Refused(*prepared.errors)
    price, kind = _chosen(prepared, execution)
    if prepared.shape.introspects and not may_introspect(context.viewer):
        raise Refused(refusal("What the schema is, is told to programs with a token.", "INTROSPECTION_DISABLED"))
    return price, kind


def _for(viewer: Viewer, error: GraphQLError) -> GraphQLError:
    """The error, which may be kept for others too, as this viewer may read it."""
    message = without_hints(error.message, viewer)
    if message == error.message:
        return error
    return GraphQLError(message, error.nodes, error.source, error.positions, extensions=error.extensions)


def _chosen(prepared: Prepared, execution: ExecutionContext) -> tuple[Price, OperationType]:
    """The operation that was asked for, by name or because there is only one."""
    name: str | None = execution._provided_operation_name
    if name is None and len(prepared.operations) == 1:
        name = next(iter(prepared.operations))
    elif name is None or name not in prepared.operations:
        message = (
            "The text has several operations: say which one by `operationName`."
            if name is None
            else f"The text has no operation {name}."
        )
        raise Refused(refusal(message, "UNKNOWN_OPERATION"))
    operation, price = prepared.operations[name]
    kind = OperationType(operation.operation.value)
    if kind not in execution.allowed_operations:
        raise Refused(_wrong_way(kind))
    return price, kind


def _wrong_way(kind: OperationType) -> GraphQLError:
    if kind is OperationType.SUBSCRIPTION:
        message = "A subscription is a stream: ask with `Accept: text/event-stream`, or over a WebSocket."
        return refusal(message, "NO_STREAM")
    return refusal("Changes are sent by POST.", "METHOD_NOT_ALLOWED")


def _affordable(price: Price, kind: OperationType, execution: ExecutionContext) -> int:
    """The operation's cost in points, if one request may cost so much."""
    points = price.of(execution.variables or {})
    streams = kind is OperationType.SUBSCRIPTION
    most: int = settings.COST_OF_AN_EVENT if streams else settings.COST_OF_A_REQUEST
    execution.extensions_results["cost"] = {"requested": points, "limit": most}
    if points > most:
        what = "each event of a subscription" if streams else "a request"
        message = f"This costs {points:,} points, and {most:,} is the most for {what}. Ask for fewer rows or fields."
        raise Refused(refusal(message, "COST_EXCEEDED"))
    return points


def _pay(payer: Payer, viewer: Viewer, name: str | None, points: int) -> int:
    """Count a call and take its cost from the payer's bucket; gives what is left."""
    USAGE.count(viewer, name, points)
    spent = BUDGETS.spend(payer, points)
    if spent.granted:
        return spent.left
    wait = max(1, ceil(spent.wait))
    message = (
        f"You have {spent.left:,} of {payer.per_minute:,} points a minute left, and this takes {points:,}. "
        f"Try again in {wait} s."
    )
    raise Refused(GraphQLError(message, extensions={"code": "RATE_LIMITED", "retryAfter": wait}))
