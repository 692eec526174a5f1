"""The one door for both UIs: named operations that lie beside the views, run in-process as the viewer.

    OPERATIONS = client.operations_beside(__file__)
    data = client.run(viewer, OPERATIONS["OrderPage"], {"number": number})

Only documents that stand in `trusted_documents.json` run (GQ-7): a text made from input never does.
`run` gives the operation's `data` as plain dicts and lists, with the names of the operation. What the schema refuses
comes back as it says (null, or a problem); anything else that goes wrong raises `OperationFailed`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from graphql import GraphQLError, OperationDefinitionNode, parse

from counterfoil.access.links import order_keys
from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer, anonymous
from counterfoil.events.feed import read_after
from counterfoil.events.relay import last_position
from counterfoil.orders.queries import visible_to
from counterfoil.workspaces.health import proof
from schema import account, accounts, buyers, identity, second_factor, signing_in, trusted, welcome
from schema.context import Context
from schema.identity import Watch
from schema.relay import pk_of
from schema.root import execute
from schema.sharing import frozen, once_in_threads
from schema.staff.permissions import in_words
from schema.user_agents import in_words as program_in_words

__all__ = [
    "Operation",
    "OperationFailed",
    "Operations",
    "Viewer",
    "Watch",
    "account",
    "accounts",
    "allowed",
    "anonymous_viewer",
    "begin_preview",
    "contact_viewer",
    "customer_viewer",
    "follow_order_link",
    "in_words",
    "operations_beside",
    "order_key",
    "order_viewer",
    "packing_topics",
    "poll",
    "portal_watch",
    "program_in_words",
    "run",
    "second_factor",
    "signing_in",
    "staff_viewer",
    "staff_watch",
    "viewer_to_be_secured",
    "welcome",
]


class OperationFailed(Exception):
    """An operation met an error. `codes` says which: BAD_CURSOR came with the address, others are faults of ours."""

    def __init__(self, name: str, errors: Sequence[GraphQLError]) -> None:
        super().__init__(f"{name}: {', '.join(error.message for error in errors)}")
        self.codes = frozenset((error.extensions or {}).get("code") for error in errors)


@dataclass(frozen=True, slots=True)
class Operation:
    """A named operation and the document it stands in."""

    name: str
    document: str


class Operations(Mapping[str, Operation]):
    """The operations of one `operations.graphql`, by name. Raises `NotTrusted` for a file that was not registered."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.document = trusted.load(path)
        self._names = [
            definition.name.value
            for definition in parse(self.document).definitions
            if isinstance(definition, OperationDefinitionNode) and definition.name
        ]

    def __getitem__(self, name: str) -> Operation:
        if name not in self._names:
            raise KeyError(f"{self.path} has no operation {name}")
        return Operation(name, self.document)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def operations_beside(file: str) -> Operations:
    """The operations that lie beside a module: `operations_beside(__file__)`."""
    return Operations(Path(file).with_name("operations.graphql"))


def run(
    viewer: Viewer, operation: Operation, variables: Mapping[str, Any] | None = None, *, after: int | None = None
) -> dict[str, Any]:
    """Run an operation as this viewer; gives its `data`.

    `after` is for what many ask at the same moment, because of one event: members of the staff who may do the same
    share the answer to the same question, if it was read when the log had reached that position. Only for operations
    that say nothing of who asks; what is shared nobody may change.
    """
    if not trusted.may_run(operation.document):
        raise trusted.NotTrusted(f"The document of {operation.name} was not loaded by operations_beside.")
    if after is None or not viewer.is_staff:
        return _answer(viewer, operation, variables)

    def answer() -> tuple[dict[str, Any], bool]:
        has_happened = last_position() >= after
        return _answer(viewer, operation, variables), has_happened

    sight = (viewer.workspace_id, allowed(viewer))
    return once_in_threads((sight, operation, frozen(dict(variables or {})), after), answer)


def _answer(viewer: Viewer, operation: Operation, variables: Mapping[str, Any] | None) -> dict[str, Any]:
    result = execute(
        operation.document,
        variables=dict(variables or {}),
        context=Context(viewer=viewer),
        operation_name=operation.name,
    )
    if result.errors or result.data is None:
        raise OperationFailed(operation.name, result.errors or [])
    return result.data


def allowed(viewer: Viewer) -> frozenset[str]:
    """What the viewer may do, by the names of permissions: for pages that leave out what would be refused."""
    return frozenset(permission.value for permission in Permission if allows(viewer, permission))


def _workspace_id(request: HttpRequest) -> int | None:
    store = identity.store_of_request(request)
    return store.workspace_id if store else None


def _in_workspace[T](request: HttpRequest, find: Callable[[int], T]) -> T | None:
    workspace_id = _workspace_id(request)
    return None if workspace_id is None else find(workspace_id)


def store_proof(request: HttpRequest, challenge: str) -> str | None:
    """What proves to a health check that this installation answers as the request's store; None for no challenge."""
    store = identity.store_of_request(request)
    return proof(store.pk, challenge) if store else None


def anonymous_viewer(request: HttpRequest) -> Viewer | None:
    """Nobody in particular, in the workspace of the request's host; None where no store answers to the host."""
    return _in_workspace(request, anonymous)


def staff_viewer(request: HttpRequest) -> Viewer | None:
    """The staff member who is signed in, in the workspace of the request's host."""
    session = getattr(request, "session", None)
    return _in_workspace(request, lambda workspace_id: identity.staff_viewer(request.user, workspace_id, session))


def viewer_to_be_secured(request: HttpRequest) -> Viewer | None:
    """The staff member who is signed in and gets in once they have set up a second factor; None for everybody else."""
    return _in_workspace(request, lambda workspace_id: identity.to_be_secured(request.user, workspace_id))


def contact_viewer(request: HttpRequest) -> Viewer | None:
    """The contact who is signed in to the portal; None for nobody, and for an account that is not active."""
    return _in_workspace(request, lambda workspace_id: buyers.contact_viewer(request, workspace_id))


def customer_viewer(request: HttpRequest) -> Viewer | None:
    """The customer whose link this browser followed; None until that is confirmed, and proved where it has to be."""
    return _in_workspace(request, lambda workspace_id: buyers.customer_viewer(request, workspace_id))


def order_viewer(request: HttpRequest, number: str) -> Viewer | None:
    """Who sees the order of this number in the portal: the contact who is signed in, the guest of its key, or the
    customer of a link; None without a credential that holds.
    """
    return _in_workspace(request, lambda workspace_id: buyers.order_viewer(request, number, workspace_id))


def order_key(request: HttpRequest, number: str) -> str | None:
    """The key of the order of this number, for a browser that followed a link which still holds."""
    order = _in_workspace(request, lambda workspace_id: buyers.granted_order(request, number, workspace_id))
    return order_keys.derive(order.pk, order.key_version) if order else None


def follow_order_link(request: HttpRequest, response: HttpResponseBase, number: str, key: str) -> bool:
    """Let this browser see the order that the link is for; False, and nothing done, when the link opens nothing."""
    order = _in_workspace(request, lambda workspace_id: buyers.order_for_key(number, key, workspace_id))
    if order is None:
        return False
    buyers.grant(request, response, order)
    return True


def begin_preview(request: HttpRequest, response: HttpResponseBase, customer_id: str) -> bool:
    """Let the member of the staff who asks see the portal as this customer does; False for who may not."""
    return welcome.begin_preview(request, response, pk_of(customer_id, "customer") or 0)


def staff_watch(request: HttpRequest, topics: Collection[str]) -> Watch | None:
    """What the signed-in staff member's pages may watch; None for nobody."""
    return _in_workspace(request, lambda workspace_id: identity.staff_watch(request, topics, workspace_id))


def packing_topics(viewer: Viewer, order_id: str) -> list[str]:
    """What a page watches that shows what its packer reads: the order, and whatever is logged about its customer, whom
    who packs may not know by name.
    """
    orders = visible_to(viewer).filter(pk=pk_of(order_id, "order") or 0)
    customer = orders.values_list("customer_id", flat=True).first() if "fulfilments:write" in allowed(viewer) else None
    return [order_id] if customer is None else [order_id, f"customer_{customer}"]


def portal_watch(request: HttpRequest, topics: Collection[str]) -> Watch | None:
    """Which of these topics this browser's pages of the portal may watch; None for none."""
    return _in_workspace(request, lambda workspace_id: buyers.buyers_watch(request, topics, workspace_id))


def poll(watch: Watch, after: int) -> dict[str, object]:
    """What the live stream would have told since `after`, for pages that can't have one."""
    happened = read_after(after, watch.workspace_id, watch.topics, internal=watch.internal)
    return {
        "position": str(happened[-1].position if happened else after),
        "nudges": [{"position": str(event.position), "topic": event.topic, "kind": event.kind} for event in happened],
    }
