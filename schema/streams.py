"""What subscriptions and the pages' live streams share: following the log as a viewer, for as long as one may.

A stream is authorised when it begins, whenever keys are rotated, and every few seconds (GQ-4).
"""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from contextvars import ContextVar
from functools import partial
from time import monotonic

from counterfoil.access.viewer import Viewer, ViewerKind
from counterfoil.events.credentials import (
    ACCOUNT_SESSION_ENDED,
    CREDENTIAL_REVOKED,
    CREDENTIALS,
    CUSTOMER_LINK_ROTATED,
    FLAGS_CHANGED,
    ORDER_KEYS,
    ORDER_KEYS_ROTATED,
    PORTAL_SETTINGS,
    PUBLIC_LINK,
    PUBLIC_LINK_ROTATED,
    STRICT_CHANGED,
)
from counterfoil.events.feed import Feed, Happened
from counterfoil.events.threads import in_thread
from counterfoil.orders.queries import visible_to
from schema.context import Context
from schema.relay import pk_of
from schema.sharing import once

BEAT = 10.0
# A credential that is revoked wakes every stream of the workspace's shop, whatever it follows; the rotation of all
# links wakes those of guests too.
REVOKING = frozenset(
    {
        "order_key.rotated",
        "order.claimed",
        ORDER_KEYS_ROTATED,
        CREDENTIAL_REVOKED,
        CUSTOMER_LINK_ROTATED,
        PUBLIC_LINK_ROTATED,
        FLAGS_CHANGED,
        STRICT_CHANGED,
        ACCOUNT_SESSION_ENDED,
    }
)

# The position of the event that a subscription is answering: the SSE transport writes it as the frame's id.
current_position: ContextVar[int | None] = ContextVar("current_position", default=None)


def may_watch(context: Context, order_id: str) -> bool:
    """Whether the viewer's credential holds, and the order is one that they see."""
    order = pk_of(order_id, "order")
    return order is not None and context.still_valid() and visible_to(context.viewer).filter(pk=order).exists()


async def follow(context: Context, topics: Collection[str], *, after: int | None) -> AsyncGenerator[list[Happened]]:
    """Batches of what happens to `topics`; ends when the viewer may not watch on."""
    viewer: Viewer = context.viewer
    feed = await Feed.here()
    topics = [*topics, ORDER_KEYS, *_heeded(viewer)]
    batches = feed.follow(viewer.workspace_id, topics, internal=viewer.is_shop, after=after, beat=BEAT)
    looked = monotonic()
    async with aclosing(batches):
        async for batch in batches:
            revoked = [happened.position for happened in batch if happened.kind in REVOKING]
            due = revoked or not batch or monotonic() - looked > BEAT  # where much happens, no batch is empty
            if due and not await _still_valid(context, revoked):
                return
            looked = monotonic() if due else looked
            if batch:
                yield batch
            elif context.beat:
                await context.beat()


def _heeded(viewer: Viewer) -> list[str]:
    """Where the end of the viewer's credential is told."""
    match viewer.kind:
        case ViewerKind.STAFF | ViewerKind.PARTNER:
            return [CREDENTIALS]
        case ViewerKind.CUSTOMER | ViewerKind.CONTACT:
            return [f"customer_{viewer.customer_id}", f"contact_{viewer.contact_id}", PORTAL_SETTINGS]
        case ViewerKind.VISITOR:
            return [PUBLIC_LINK, PORTAL_SETTINGS]
        case _:
            return []


async def _still_valid(context: Context, revoked: list[int]) -> bool:
    # A look at a token takes a millisecond: a thousand streams of one program would look for a second. What was looked
    # at before something was revoked does not count.
    return await once(("valid", context.credential, *revoked), partial(in_thread, context.still_valid))
