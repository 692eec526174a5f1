"""Messages as they come."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

import strawberry

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.events.feed import Happened
from counterfoil.events.threads import in_thread
from schema.context import Info
from schema.conversations.types import Message, message_by_key
from schema.positions import AfterPosition, Position, begin_after
from schema.scopes import needs
from schema.sharing import once
from schema.streams import current_position, follow, may_watch


@strawberry.type(description="A message was added.")
class MessageAdded:
    position: Position = strawberry.field(description="Where this stands in the log: resume `after` it.")
    message: Message = strawberry.field(description="The message.")


@strawberry.type
class ConversationSubscriptions:
    @strawberry.subscription(
        description="The messages on an order, as they are sent, in order, each once. Resume with `after`, or over "
        "SSE with Last-Event-ID. Ends when the viewer may not see the order any more.",
        metadata=needs(Permission.ORDERS_READ, Permission.MESSAGES_READ),
    )
    async def message_added(
        self,
        info: Info,
        order_id: Annotated[strawberry.ID, strawberry.argument(description="The order's global id.")],
        after: AfterPosition = None,
    ) -> AsyncIterator[MessageAdded]:
        context = info.context
        if not allows(context.viewer, Permission.MESSAGES_READ) or not await in_thread(may_watch, context, order_id):
            return
        async for batch in follow(context, [order_id], after=begin_after(context, after)):
            for happened in batch:
                if happened.kind != "message.sent":
                    continue
                added = await once(
                    ("messageAdded", context.viewer, happened.position), partial(_added, context.viewer, happened)
                )
                if added is not None:
                    current_position.set(happened.position)
                    yield added


async def _added(viewer: Viewer, happened: Happened) -> MessageAdded | None:
    message = await in_thread(message_by_key, viewer, happened.data["message"])
    if message is None:
        return None
    return MessageAdded(position=Position(happened.position), message=message)
