"""Entries of the log as they come."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, cast

import strawberry

from counterfoil.access.policy import Permission
from counterfoil.access.viewer import Viewer
from counterfoil.customers.queries import customers_visible_to
from counterfoil.events.feed import Happened
from counterfoil.events.threads import in_thread
from counterfoil.interactions.actions import LOGGED
from counterfoil.interactions.queries import reads_interactions
from schema.context import Context, Info
from schema.interactions.rows import interaction_by_key
from schema.interactions.types import Interaction
from schema.positions import AfterPosition, Position, begin_after
from schema.relay import pk_of
from schema.scopes import needs
from schema.sharing import once
from schema.streams import current_position, follow


@strawberry.type(description="An entry was logged.")
class InteractionAdded:
    position: Position = strawberry.field(description="Where this stands in the log of events: resume `after` it.")
    interaction: Interaction = strawberry.field(description="The entry.")


@strawberry.type
class InteractionSubscriptions:
    @strawberry.subscription(
        description="What is logged about a customer, in order, each once. Resume with `after`, or over SSE with "
        "Last-Event-ID. Ends when the viewer may not read it any more.",
        metadata=needs(Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ),
    )
    async def interaction_added(
        self,
        info: Info,
        customer_id: Annotated[strawberry.ID, strawberry.argument(description="The customer's global id.")],
        after: AfterPosition = None,
    ) -> AsyncIterator[InteractionAdded]:
        context = info.context
        if not await in_thread(_may_watch, context, customer_id):
            return
        async for batch in follow(context, [customer_id], after=begin_after(context, after)):
            for happened in batch:
                if happened.kind != LOGGED:
                    continue
                added = await once(
                    ("interactionAdded", context.viewer, happened.position), partial(_added, context.viewer, happened)
                )
                if added is not None:
                    current_position.set(happened.position)
                    yield added


def _may_watch(context: Context, customer_id: str) -> bool:
    customer = pk_of(customer_id, "customer")
    return (
        customer is not None
        and context.still_valid()
        and reads_interactions(context.viewer)
        and customers_visible_to(context.viewer).filter(pk=customer).exists()
    )


async def _added(viewer: Viewer, happened: Happened) -> InteractionAdded | None:
    row = await in_thread(interaction_by_key, viewer, happened.data["interaction"])
    if row is None:
        return None
    return InteractionAdded(position=Position(happened.position), interaction=cast(Interaction, row))
