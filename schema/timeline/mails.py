"""The mails that a story tells of."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, cast

import strawberry

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.mail.models import MailKind
from counterfoil.mail.queries import visible_to
from schema.context import Info
from schema.conversations.types import Message
from schema.loading import Siblings
from schema.orders.fulfilments import Fulfilment
from schema.scopes import needs
from schema.timeline import subjects
from schema.timeline.subjects import loaded


@strawberry.enum(description="What a mail to a customer is about.")
class TimelineMailAbout(Enum):
    MESSAGE = strawberry.enum_value(MailKind.MESSAGE.value, description="A message of the shop.")
    CONFIRMATION = strawberry.enum_value(MailKind.CONFIRMATION.value, description="The order, which it confirms.")
    PARCEL = strawberry.enum_value(MailKind.PARCEL.value, description="A parcel that has left.")


class TimelineMailRow(NamedTuple):
    """What `TimelineMail` is read from."""

    about: TimelineMailAbout
    address: str
    reason: str
    pk: int
    message_id: int
    parcel_id: int
    siblings: Siblings


@strawberry.type(description="A mail that was to tell the customer of something.")
class TimelineMail:
    about: TimelineMailAbout = strawberry.field(description="What it is about.")
    reason: str = strawberry.field(description="Why it was not sent, or is late; empty otherwise.")
    address: strawberry.Private[str]
    message_id: strawberry.Private[int]
    parcel_id: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(
        description="The address that it went to; empty where there was none, null without the scope.",
        metadata=needs(Permission.CUSTOMERS_READ),
    )
    def to(self, info: Info) -> str | None:
        return self.address if allows(info.context.viewer, Permission.CUSTOMERS_READ) else None

    @strawberry.field(description="The message that it tells of; null for other mails.")
    def message(self, info: Info) -> Message | None:
        return cast(Message | None, loaded(self, info, "message_id", subjects.messages))

    @strawberry.field(description="The parcel that it tells of; null for other mails.")
    def fulfilment(self, info: Info) -> Fulfilment | None:
        return cast(Fulfilment | None, loaded(self, info, "parcel_id", subjects.parcels))


def mails_by_key(viewer: Viewer, keys: Sequence[int]) -> dict[int, TimelineMailRow]:
    """The mails to customers among these that the viewer may know of."""
    siblings = Siblings()
    told = visible_to(viewer).filter(pk__in=keys)
    rows = [
        TimelineMailRow(TimelineMailAbout(kind), to, reason, pk, message or 0, parcel or 0, siblings)
        for kind, to, reason, pk, message, parcel in told.values_list(
            "kind", "to", "reason", "pk", "message_id", "fulfilment_id"
        )
    ]
    siblings.share(rows, "message_id", "parcel_id")
    return {row.pk: row for row in rows}
