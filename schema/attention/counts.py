"""How much waits for somebody: numbers that never cost more than a page."""

import strawberry
from django.db.models import Model, QuerySet

from counterfoil.access.policy import Permission
from counterfoil.conversations.queries import waiting_visible_to
from counterfoil.interactions.queries import WAITING, interactions_visible_to, reads_interactions
from counterfoil.mail.queries import failed_visible_to
from counterfoil.orders.models import OrderStatus
from counterfoil.orders.queries import visible_to
from schema.attention.mails import FAILED_MAILS
from schema.attention.readers import reads_conversations, reads_orders
from schema.attention.waiting import LONGEST_WAITING
from schema.context import Info
from schema.interactions.rows import UNACKNOWLEDGED
from schema.orders.types import NEWEST_ORDERS
from schema.relay import Keyset
from schema.scopes import needs

MOST_COUNTED = 100


@strawberry.type(
    description=f"How much waits for somebody of the shop. Counting ends at {MOST_COUNTED}, which means as many or "
    "more. Each number is null for who may not read what it counts."
)
class AttentionCounts:
    @strawberry.field(
        description="The orders on which a customer waits for an answer.",
        metadata=needs(Permission.ORDERS_READ, Permission.MESSAGES_READ),
    )
    def waiting(self, info: Info) -> int | None:
        viewer = info.context.viewer
        return _up_to_a_page(waiting_visible_to(viewer), LONGEST_WAITING) if reads_conversations(viewer) else None

    @strawberry.field(
        description="The entries about customers that nobody has acknowledged.",
        metadata=needs(Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ),
    )
    def unacknowledged(self, info: Info) -> int | None:
        viewer = info.context.viewer
        waiting = interactions_visible_to(viewer).filter(WAITING)
        return _up_to_a_page(waiting, UNACKNOWLEDGED) if reads_interactions(viewer) else None

    @strawberry.field(
        description="The mails to customers that were given up, and that nobody has looked after.",
        metadata=needs(Permission.ORDERS_READ, Permission.MESSAGES_READ),
    )
    def failed_mails(self, info: Info) -> int | None:
        viewer = info.context.viewer
        return _up_to_a_page(failed_visible_to(viewer), FAILED_MAILS) if reads_conversations(viewer) else None

    @strawberry.field(description="The orders that are to be confirmed.", metadata=needs(Permission.ORDERS_READ))
    def drafts(self, info: Info) -> int | None:
        viewer = info.context.viewer
        drafts = visible_to(viewer).filter(status=OrderStatus.DRAFT)
        return _up_to_a_page(drafts, NEWEST_ORDERS) if reads_orders(viewer) else None


def _up_to_a_page[M: Model](waiting: QuerySet[M, M], keyset: Keyset) -> int:
    # What waits is young and stands at a table's end. In no order, PostgreSQL looks for it from the beginning, through
    # all that is done; in the order of its list it takes the list's own index.
    return waiting.order_by(*keyset.order)[:MOST_COUNTED].count()


@strawberry.type
class AttentionQueries:
    @strawberry.field(description="How much waits for somebody of the shop.", metadata=needs())
    def attention_counts(self) -> AttentionCounts:
        return AttentionCounts()
