"""Orders as they change."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

import strawberry
from graphql import GraphQLError

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.events.feed import EVERYTHING, Happened
from counterfoil.events.threads import in_thread
from schema.context import Info
from schema.orders.types import Order, order_by_key
from schema.positions import AfterPosition, Position, begin_after
from schema.relay import pk_of
from schema.scopes import needs
from schema.sharing import once
from schema.streams import current_position, follow, may_watch

_CHANGES = ("order.", "order_key.", "mail_preference.")


@strawberry.type(description="An order changed.")
class OrderChanged:
    position: Position = strawberry.field(description="Where this stands in the log: resume `after` it.")
    kind: str = strawberry.field(description="What happened, in the past tense: `order.status_changed`.")
    order: Order = strawberry.field(description="The order as it is now.")


@strawberry.type
class OrderSubscriptions:
    @strawberry.subscription(
        description="Changes of one order, or for the shop of every order, in order, each once. Resume with `after`, "
        "or over SSE with Last-Event-ID. Ends when the viewer may not see the order any more.",
        metadata=needs(Permission.ORDERS_READ),
    )
    async def order_changed(
        self,
        info: Info,
        order_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The order's global id; null watches every one, which the shop alone may."),
        ] = None,
        after: AfterPosition = None,
    ) -> AsyncIterator[OrderChanged]:
        context = info.context
        if order_id is None and not (context.viewer.is_shop and allows(context.viewer, Permission.ORDERS_READ)):
            message = "Name an `orderId`: only the shop may watch every order."
            raise GraphQLError(message, extensions={"code": "FORBIDDEN"})
        allowed = context.still_valid if order_id is None else partial(may_watch, context, order_id)
        if not await in_thread(allowed):
            return
        topics = [EVERYTHING] if order_id is None else [order_id]
        async for batch in follow(context, topics, after=begin_after(context, after)):
            for happened in batch:
                if not happened.kind.startswith(_CHANGES):
                    continue
                changed = await once(
                    ("orderChanged", context.viewer, happened.position), partial(_changed, context.viewer, happened)
                )
                if changed is not None:
                    current_position.set(happened.position)
                    yield changed


async def _changed(viewer: Viewer, happened: Happened) -> OrderChanged | None:
    order = await in_thread(order_by_key, viewer, pk_of(happened.topic, "order"))
    if order is None:
        return None
    return OrderChanged(position=Position(happened.position), kind=happened.kind, order=order)
