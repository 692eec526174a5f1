"""The mail reader of the event log: which events become which mails (CN-7)."""

from functools import partial

from django.db import transaction

from counterfoil.access import clock
from counterfoil.conversations.models import Message, Side, Visibility
from counterfoil.events.models import Event
from counterfoil.mail import tasks
from counterfoil.mail.delivery import why_not
from counterfoil.mail.models import Mail, MailState


def read(event: Event) -> None:
    """Queue the mail for a message that staff sent to a customer, once. Nobody is mailed about their own message."""
    if event.kind != "message.sent":
        return
    message = (
        Message.objects.select_related("conversation__order__contact")
        .filter(pk=event.data["message"], visibility=Visibility.CUSTOMER, author=Side.STAFF)
        .first()
    )
    if message is None:
        return
    order = message.conversation.order
    reason = why_not(order)
    state = MailState.SUPPRESSED if reason else MailState.QUEUED
    mail, created = Mail.objects.get_or_create(
        workspace_id=event.workspace_id,
        event=event,
        to=order.contact.email,
        defaults={"message": message, "state": state, "reason": reason, "due_at": clock.now()},
    )
    if created and state == MailState.QUEUED:
        transaction.on_commit(partial(tasks.hand_over, mail.pk))
