"""The story of a customer, and of an order: what happened, who did it, and what it was about (IN-11)."""

from datetime import datetime
from typing import cast

import strawberry

from counterfoil.access.policy import Permission
from counterfoil.orders.models import FulfilmentStatus
from schema.context import Info
from schema.conversations.types import InternalNote, Message
from schema.customers import Contact, Customer, contacts_by_key, customers_by_key
from schema.interactions.types import Interaction
from schema.loading import Siblings
from schema.money import Money
from schema.orders.fulfilments import Fulfilment
from schema.orders.states import OrderStatus
from schema.orders.types import Order
from schema.scopes import needs
from schema.timeline import subjects
from schema.timeline.actors import NAMED
from schema.timeline.kinds import TimelineGroup
from schema.timeline.mails import TimelineMail, mails_by_key
from schema.timeline.rows import TimelineActor
from schema.timeline.subjects import loaded


@strawberry.type(
    description="Something that happened with a customer or to an order. The shop alone sees it, and of it what the "
    "viewer may read."
)
class TimelineEntry:
    happened_at: datetime = strawberry.field(description="When.")
    kind: str = strawberry.field(
        description="What happened, in the past tense: `order.parcel_sent`. There may be new kinds: pass over those "
        "that you don't know."
    )
    group: TimelineGroup = strawberry.field(description="What it is about.")
    actor: TimelineActor = strawberry.field(description="Who did it.")
    amount: Money | None = strawberry.field(
        description="What was ordered, taken, given back or credited; null for everything else."
    )
    credit_note: str | None = strawberry.field(description="The number of the credit note of goods that came back.")
    status_before: OrderStatus | None = strawberry.field(description="The order's state before a step on its axis.")
    status_after: OrderStatus | None = strawberry.field(description="The order's state after it.")
    parcel_before: FulfilmentStatus | None = strawberry.field(description="Where a parcel was, before it moved on.")
    parcel_after: FulfilmentStatus | None = strawberry.field(description="Where it was then.")
    is_on: bool | None = strawberry.field(description="Whether mails are wanted, where that was changed.")
    is_active: bool | None = strawberry.field(description="Whether the account is active, where that was changed.")
    ordering_blocked: bool | None = strawberry.field(description="Whether ordering is, where that was changed.")
    devices: int | None = strawberry.field(description="Of how many devices somebody was signed out.")
    staff_id: strawberry.Private[int]
    client_id: strawberry.Private[int]
    person_id: strawberry.Private[int]
    guest_of: strawberry.Private[int]
    order_id: strawberry.Private[int]
    contact_id: strawberry.Private[int]
    parcel_id: strawberry.Private[int]
    message_id: strawberry.Private[int]
    note_id: strawberry.Private[int]
    mail_id: strawberry.Private[int]
    interaction_id: strawberry.Private[int]
    other_id: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(
        description="The staff member, the program or the person of the customer that did it; null for the shop by "
        "itself, for who has no name, and, of a customer's people, without the scope customers:read."
    )
    def actor_name(self, info: Info) -> str | None:
        for key, named in NAMED.items():
            if getattr(self, key):
                return cast(str | None, loaded(self, info, key, named)) or None
        return None

    @strawberry.field(description="The order that it happened to or is about; null for none.")
    def order(self, info: Info) -> Order | None:
        return cast(Order | None, loaded(self, info, "order_id", subjects.orders))

    @strawberry.field(
        description="The person who was signed out; null for everything else.",
        metadata=needs(Permission.CUSTOMERS_READ),
    )
    def contact(self, info: Info) -> Contact | None:
        return cast(Contact | None, loaded(self, info, "contact_id", contacts_by_key))

    @strawberry.field(
        description="The other customer, where two were linked or unlinked; null for everything else.",
        metadata=needs(Permission.CUSTOMERS_READ),
    )
    def other_customer(self, info: Info) -> Customer | None:
        return cast(Customer | None, loaded(self, info, "other_id", customers_by_key))

    @strawberry.field(description="The parcel that it is about; null for none.")
    def fulfilment(self, info: Info) -> Fulfilment | None:
        return cast(Fulfilment | None, loaded(self, info, "parcel_id", subjects.parcels))

    @strawberry.field(description="How many lines of the order are in the parcel; null without one.")
    def lines_packed(self, info: Info) -> int | None:
        return cast(int | None, loaded(self, info, "parcel_id", subjects.lines_packed))

    @strawberry.field(description="How many lines the parcel's order has; null without one.")
    def lines_ordered(self, info: Info) -> int | None:
        if not self.parcel_id:
            return None
        return cast(int | None, loaded(self, info, "order_id", subjects.lines_ordered))

    @strawberry.field(
        description="The message that was sent; null for everything else.", metadata=needs(Permission.MESSAGES_READ)
    )
    def message(self, info: Info) -> Message | None:
        return cast(Message | None, loaded(self, info, "message_id", subjects.messages))

    @strawberry.field(
        description="The internal note that was written; null for everything else.",
        metadata=needs(Permission.NOTES_READ),
    )
    def note(self, info: Info) -> InternalNote | None:
        return cast(InternalNote | None, loaded(self, info, "note_id", subjects.notes))

    @strawberry.field(
        description="The mail that was sent, failed or was held back; null for everything else.",
        metadata=needs(Permission.MESSAGES_READ),
    )
    def mail(self, info: Info) -> TimelineMail | None:
        return cast(TimelineMail | None, loaded(self, info, "mail_id", mails_by_key))

    @strawberry.field(
        description="The entry of the log that was written or acknowledged; null for everything else.",
        metadata=needs(Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ),
    )
    def interaction(self, info: Info) -> Interaction | None:
        return cast(Interaction | None, loaded(self, info, "interaction_id", subjects.interactions))
