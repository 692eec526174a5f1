"""The customers who wait for an answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NamedTuple, cast

import strawberry
from django.db.models import OuterRef, QuerySet, Subquery

from counterfoil.access.policy import Permission
from counterfoil.access.viewer import Viewer
from counterfoil.conversations.models import Conversation, Visibility
from counterfoil.conversations.models import Message as MessageModel
from counterfoil.conversations.queries import waiting_visible_to
from counterfoil.customers.queries import sees_customers
from schema.attention.readers import reads_conversations
from schema.context import Info
from schema.conversations.types import Message, MessageRow, read_messages
from schema.loading import Siblings
from schema.orders.types import Order, orders_by_key
from schema.relay import After, Connection, First, Keyset, pk_of
from schema.scopes import needs

LONGEST_WAITING = Keyset("waitingConversations", "waiting_since", descending=False)


class WaitingRow(NamedTuple):
    """What `WaitingConversation` is read from."""

    waiting_since: datetime
    pk: int
    order_id: int
    message_id: int
    siblings: Siblings


@strawberry.type(description="An order on which a customer wrote what nobody of the shop has answered.")
class WaitingConversation:
    waiting_since: datetime = strawberry.field(
        name="since", description="When the first message came that is not answered."
    )
    pk: strawberry.Private[int]
    order_id: strawberry.Private[int]
    message_id: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(description="The order.")
    def order(self, info: Info) -> Order:
        viewer = info.context.viewer
        row = self.siblings.load("order", "order_id", self.order_id, lambda keys: orders_by_key(viewer, keys))
        return cast(Order, row)

    @strawberry.field(description="The newest message on it, which is the customer's.")
    def message(self, info: Info) -> Message:
        viewer = info.context.viewer
        row = self.siblings.load("message", "message_id", self.message_id, lambda keys: _messages(viewer, keys))
        return cast(Message, row)


@strawberry.type
class WaitingQueries:
    @strawberry.field(
        description="The orders on which a customer waits for an answer, who waits longest first. `first` is at most "
        "100. Null for everybody but the shop.",
        metadata=needs(Permission.ORDERS_READ, Permission.MESSAGES_READ),
    )
    def waiting_conversations(
        self,
        info: Info,
        first: First,
        after: After = None,
        customer_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only this customer's: the customer's global id. Needs customers:read."),
        ] = None,
    ) -> Connection[WaitingConversation] | None:
        viewer = info.context.viewer
        if not reads_conversations(viewer):
            return None
        waiting = waiting_visible_to(viewer)
        if customer_id is not None:
            # Who reads no customers would learn here whose the orders are.
            customer = pk_of(customer_id, "customer") if sees_customers(viewer) else None
            waiting = waiting.filter(order__customer_id=customer or 0)
        return LONGEST_WAITING.cut(waiting, _read, first=first, after=after)


def _read(waiting: QuerySet[Conversation]) -> list[WaitingRow]:
    """These as rows; they share what they load. The newest message of each is one step into an index."""
    newest = MessageModel.objects.filter(conversation=OuterRef("pk"), visibility=Visibility.CUSTOMER)
    message = Subquery(newest.order_by("-sent_at", "-pk").values("pk")[:1])
    siblings = Siblings()
    rows = [
        WaitingRow(since, pk, order_id, message_id, siblings)
        for since, pk, order_id, message_id in waiting.values_list("waiting_since", "pk", "order_id", message)
    ]
    siblings.share(rows, "order_id", "message_id")
    return rows


def _messages(viewer: Viewer, keys: Sequence[int]) -> dict[int, MessageRow]:
    # Whoever sees a conversation sees what was written in it. Asked for the orders that they see again, SQLite would
    # read all of those.
    told = MessageModel.objects.filter(workspace_id=viewer.workspace_id, visibility=Visibility.CUSTOMER)
    return {row.pk: row for row in read_messages(viewer, told.filter(pk__in=keys))}
