"""What can be done in a conversation."""

from enum import StrEnum

from django.db import transaction

from counterfoil.access import clock
from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.text import storable
from counterfoil.access.viewer import Viewer
from counterfoil.conversations.models import Conversation, Message, Side, Visibility
from counterfoil.conversations.queries import messages_visible_to, side_of
from counterfoil.events.record import record
from counterfoil.orders.models import Order
from counterfoil.orders.queries import visible_to as orders_visible_to

LONGEST_TEXT = 10_000


class Receipt(StrEnum):
    """What a page reports of the other side's messages (CN-3)."""

    DELIVERED = "delivered"
    READ = "read"


@transaction.atomic
def send_message(*, viewer: Viewer, order: Order, text: str) -> Message:
    """Write to the other side. Its text is kept exactly as given.

    Raises `NotFound` for an order that the viewer does not see; `Invalid` for a text that is empty, longer than
    10,000 characters or impossible to store.
    """
    require(viewer, Permission.MESSAGES_WRITE)
    message = _write(viewer, order, text, Visibility.CUSTOMER)
    sent = {"message": message.pk}
    record(viewer, "message.sent", topic=order.topic, customer=order.customer_id, data=sent)
    return message


@transaction.atomic
def write_internal_note(*, viewer: Viewer, order: Order, text: str) -> Message:
    """Write a note that staff alone read, ever. Raises as `send_message` does."""
    require(viewer, Permission.NOTES_WRITE)
    note = _write(viewer, order, text, Visibility.INTERNAL)
    written = {"note": note.pk}
    record(viewer, "note.written", topic=order.topic, customer=order.customer_id, internal=True, data=written)
    return note


def _write(viewer: Viewer, order: Order, text: str, visibility: Visibility) -> Message:
    if not orders_visible_to(viewer).filter(pk=order.pk).exists():
        raise NotFound("There is no such order.")
    _check(text)
    conversation, _ = Conversation.objects.get_or_create(workspace_id=viewer.workspace_id, order=order)
    now, side = clock.now(), side_of(viewer)
    if visibility is Visibility.CUSTOMER:
        thread = Conversation.objects.filter(pk=conversation.pk)
        if side is Side.CUSTOMER:
            thread.filter(waiting_since=None).update(waiting_since=now)
        else:
            thread.exclude(waiting_since=None).update(waiting_since=None)
    return Message.objects.create(
        workspace_id=viewer.workspace_id,
        conversation=conversation,
        visibility=visibility,
        author=side,
        staff_id=viewer.staff_id,
        client_id=viewer.client_id,
        author_name=viewer.name,
        text=text,
        sent_at=now,
    )


def _check(text: str) -> None:
    if not text.strip():
        raise Invalid("Write something first: the message is empty.", field="text")
    if len(text) > LONGEST_TEXT:
        raise Invalid(
            f"The message has {len(text):,} characters; {LONGEST_TEXT:,} is the most. Shorten it, or send it in parts.",
            field="text",
        )
    if not storable(text):
        raise Invalid(
            "The message holds a character that no text can have (NUL or half a pair). Remove it.", field="text"
        )


@transaction.atomic
def report_receipt(*, viewer: Viewer, order: Order, up_to: int, receipt: Receipt) -> None:
    """A visible page of the viewer has, or shows, the other side's messages up to message `up_to`.

    The first report stands: repeating it changes nothing. What was read was delivered too.
    """
    require(viewer, Permission.RECEIPTS_WRITE)
    newest = messages_visible_to(viewer).filter(pk=up_to, conversation__order=order).first()
    if newest is None:
        raise NotFound("There is no such message on this order.")
    # All conditions are columns of the row itself: PostgreSQL then looks at them again when a report that came at the
    # same moment has just changed it, which it does not do for a join.
    theirs = Message.objects.filter(
        conversation_id=newest.conversation_id, visibility=Visibility.CUSTOMER, pk__lte=up_to
    ).exclude(author=side_of(viewer))
    now = clock.now()
    if theirs.filter(delivered_at=None).update(delivered_at=now):
        record(viewer, "receipt.delivered", topic=order.topic, data={"up_to": up_to})
    if receipt is Receipt.READ and theirs.filter(read_at=None).update(read_at=now):
        # Staff see when a customer read; nobody else is told who read when (CN-3).
        record(viewer, "receipt.read", topic=order.topic, internal=True, data={"up_to": up_to})
