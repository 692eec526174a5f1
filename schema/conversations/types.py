"""Messages between shop and customer, and the internal notes of staff: two types, so that none passes for the other."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

import strawberry
from django.db.models import QuerySet

from counterfoil.access.policy import Permission
from counterfoil.access.viewer import Viewer
from counterfoil.conversations.models import Message as MessageModel
from counterfoil.conversations.models import Side
from counterfoil.conversations.queries import messages_visible_to, notes_visible_to, side_of
from counterfoil.mail.models import MailState
from counterfoil.mail.queries import visible_to as mails_visible_to
from schema.context import Info
from schema.enums import describe
from schema.loading import Siblings
from schema.relay import Connection, Keyset, Node, global_id
from schema.scopes import type_needs

NEWEST_MESSAGES = Keyset("messages", "sent_at")
NEWEST_NOTES = Keyset("notes", "sent_at")

describe(
    Side,
    "Who wrote a message: the shop, or the customer.",
    {Side.STAFF: "Someone of the shop.", Side.CUSTOMER: "Someone of the customer."},
)
describe(
    MailState,
    "How the mail about a message fares. SENT means handed to a mail server, which is not delivered.",
    {
        MailState.QUEUED: "It waits to be sent, for the first time or again.",
        MailState.SENT: "A mail server took it.",
        MailState.FAILED: "It was given up; `reason` says why.",
        MailState.SUPPRESSED: "It was never meant to be sent; `reason` says why.",
    },
)


class MailRow(NamedTuple):
    """What `MessageMail` is read from."""

    state: MailState
    reason: str
    sent_at: datetime | None


@strawberry.type(description="The mail that told the customer of a message.")
class MessageMail:
    state: MailState = strawberry.field(description="How it fares.")
    reason: str = strawberry.field(description="Why it is suppressed, failed or late; empty otherwise.")
    sent_at: datetime | None = strawberry.field(description="When a mail server took it; null before.")


class MessageRow(NamedTuple):
    """What `Message` is read from."""

    id: str
    author: Side
    author_name: str
    is_mine: bool
    text: str
    sent_at: datetime
    delivered_at: datetime | None
    read_at: datetime | None
    pk: int
    parent: int
    siblings: Siblings


@type_needs(Permission.ORDERS_READ, Permission.MESSAGES_READ)
@strawberry.type(description="A message that both sides of an order read.")
class Message(Node):
    author: Side = strawberry.field(description="Which side wrote it.")
    author_name: str = strawberry.field(
        description="Who wrote it. Customers are shown the store's name instead of a staff member's."
    )
    is_mine: bool = strawberry.field(description="Whether the viewer's own side wrote it.")
    text: str = strawberry.field(description="The text, exactly as it was written: plain text, never HTML.")
    sent_at: datetime = strawberry.field(description="When it was saved.")
    delivered_at: datetime | None = strawberry.field(
        description="When a visible page of the other side had it; null until then."
    )
    read_at: datetime | None = strawberry.field(
        description="When it stood in view on the other side; null until then, and always null for customers."
    )
    pk: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(description="The mail about it; null for a customer's own message and for customers.")
    def mail(self, info: Info) -> MessageMail | None:
        viewer = info.context.viewer
        row = self.siblings.load("mail", "pk", self.pk, lambda keys: _mails(viewer, keys))
        return cast(MessageMail | None, row)

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, MessageRow)


class NoteRow(NamedTuple):
    """What `InternalNote` is read from."""

    id: str
    author_name: str
    text: str
    sent_at: datetime
    pk: int
    parent: int


@type_needs(Permission.ORDERS_READ, Permission.NOTES_READ)
@strawberry.type(description="A note that customers never see.")
class InternalNote(Node):
    author_name: str = strawberry.field(description="The staff member who wrote it.")
    text: str = strawberry.field(description="The text, exactly as it was written: plain text, never HTML.")
    sent_at: datetime = strawberry.field(name="writtenAt", description="When it was saved.")

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, NoteRow)


def read_messages(viewer: Viewer, messages: QuerySet[MessageModel]) -> list[MessageRow]:
    """Messages as rows, as this viewer may see them; they share what they load."""
    siblings = Siblings()
    mine = side_of(viewer)
    rows = [
        MessageRow(
            id=gid,
            author=Side(author),
            author_name=author_name if viewer.is_shop or author == Side.CUSTOMER else store_name,
            is_mine=author == mine,
            text=text,
            sent_at=sent_at,
            delivered_at=delivered_at,
            read_at=read_at if viewer.is_shop else None,
            pk=pk,
            parent=order_id,
            siblings=siblings,
        )
        for gid, author, author_name, store_name, text, sent_at, delivered_at, read_at, pk, order_id in (
            messages.values_list(
                global_id("message"),
                "author",
                "author_name",
                "conversation__order__store__name",
                "text",
                "sent_at",
                "delivered_at",
                "read_at",
                "pk",
                "conversation__order_id",
            )
        )
    ]
    siblings.share(rows, "pk")
    return rows


def read_notes(notes: QuerySet[MessageModel]) -> list[NoteRow]:
    """Internal notes as rows."""
    fields = (global_id("note"), "author_name", "text", "sent_at", "pk", "conversation__order_id")
    return [NoteRow(*row) for row in notes.values_list(*fields)]


def messages_of(viewer: Viewer, orders: Sequence[int], first: int, after: str | None) -> dict[int, Connection[Any]]:
    """A page of each order's messages, newest first."""
    return NEWEST_MESSAGES.cut_each(
        messages_visible_to(viewer),
        lambda messages: read_messages(viewer, messages),
        parent="conversation__order_id",
        parents=orders,
        first=first,
        after=after,
    )


def notes_of(viewer: Viewer, orders: Sequence[int], first: int, after: str | None) -> dict[int, Connection[Any]]:
    """A page of each order's internal notes, newest first; empty for whoever may not read them."""
    return NEWEST_NOTES.cut_each(
        notes_visible_to(viewer),
        read_notes,
        parent="conversation__order_id",
        parents=orders,
        first=first,
        after=after,
    )


def message_by_key(viewer: Viewer, pk: int | None) -> Message | None:
    """The message with this primary key, if the viewer sees it."""
    rows = read_messages(viewer, messages_visible_to(viewer).filter(pk=pk)) if pk else []
    return cast(Message, rows[0]) if rows else None


def note_by_key(viewer: Viewer, pk: int | None) -> InternalNote | None:
    """The internal note with this primary key, if the viewer sees it."""
    rows = read_notes(notes_visible_to(viewer).filter(pk=pk)) if pk else []
    return cast(InternalNote, rows[0]) if rows else None


def _mails(viewer: Viewer, messages: Sequence[int]) -> dict[int, MailRow]:
    mails = mails_visible_to(viewer).filter(message_id__in=messages).order_by("pk")
    return {
        message: MailRow(MailState(state), reason, sent_at)
        for message, state, reason, sent_at in mails.values_list("message_id", "state", "reason", "sent_at")
    }
