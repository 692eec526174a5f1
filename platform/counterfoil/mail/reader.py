"""The mail reader of the event log: which events become which mails (CN-7, AC-10, OR-1, OR-3)."""

from functools import partial

from django.db import transaction

from counterfoil.access import clock
from counterfoil.access.models import Invitation, User
from counterfoil.conversations.models import Message, Side, Visibility
from counterfoil.customers.codes import ASKED
from counterfoil.customers.models import Contact, OneTimeCode
from counterfoil.events.models import Event
from counterfoil.mail import tasks
from counterfoil.mail.models import Mail, MailKind, MailState
from counterfoil.mail.wanted import why_not
from counterfoil.orders.actions import TO_CONFIRM
from counterfoil.orders.fulfilment import PARCEL_SENT, TO_ANNOUNCE
from counterfoil.orders.models import Fulfilment, Order
from counterfoil.staff.invitations import INVITED
from counterfoil.staff.passwords import RESET_ASKED


def read(event: Event) -> None:
    """Queue the mail of an event that has one, once."""
    mail = _mail_of(event)
    if mail is None or Mail.objects.filter(event=event).exists():
        return
    mail.reason = why_not(mail)
    mail.state = MailState.SUPPRESSED if mail.reason else MailState.QUEUED
    mail.save()
    # What nobody gets is handed over too: so both addresses take the same time, and nobody learns which.
    if mail.state == MailState.QUEUED or mail.kind in (MailKind.RESET, MailKind.CODE):
        transaction.on_commit(partial(tasks.hand_over, mail.pk))


def _mail_of(event: Event) -> Mail | None:
    mail = Mail(workspace_id=event.workspace_id, event=event, due_at=clock.now())
    match event.kind:
        case "message.sent":
            mail.message = _message(event)
            if mail.message is None:
                return None
            mail.kind, mail.to = MailKind.MESSAGE, mail.message.conversation.order.contact.email
        case "order.placed":
            mail.order = _order_to_confirm(event)
            if mail.order is None:
                return None
            mail.kind, mail.to = MailKind.CONFIRMATION, mail.order.contact.email
        case kind if kind == PARCEL_SENT:
            mail.fulfilment = _parcel_to_announce(event)
            if mail.fulfilment is None:
                return None
            mail.order = mail.fulfilment.order
            mail.kind, mail.to = MailKind.PARCEL, mail.order.contact.email
        case kind if kind == INVITED:
            mail.invitation = Invitation.objects.filter(pk=event.data["invitation"]).first()
            if mail.invitation is None:
                return None
            mail.kind, mail.to = MailKind.INVITATION, mail.invitation.email
        case kind if kind == RESET_ASKED:
            mail.user = User.objects.filter(pk=event.data["user"] or 0).first()  # asked for nobody too: the same time
            mail.kind, mail.to = MailKind.RESET, mail.user.email if mail.user else ""
        case kind if kind == ASKED:
            # Asked for by an address that is nobody's, it is a mail too, which is not sent: the same work for both.
            mail.kind, mail.code = MailKind.CODE, OneTimeCode.objects.filter(pk=event.data["code"]).first()
            address = Contact.objects.filter(pk=(mail.code and mail.code.contact_id) or 0).values_list(
                "email", flat=True
            )
            mail.to = address.first() or ""
        case _:
            return None
    return mail


def _message(event: Event) -> Message | None:
    """What staff sent to a customer: nobody is mailed about their own message."""
    return (
        Message.objects.select_related("conversation__order__contact")
        .filter(pk=event.data["message"], visibility=Visibility.CUSTOMER, author=Side.STAFF)
        .first()
    )


def _order_to_confirm(event: Event) -> Order | None:
    """The order that was placed, where its store confirmed orders then."""
    if not event.data.get(TO_CONFIRM):
        return None
    mine = Order.objects.select_related("contact").filter(workspace_id=event.workspace_id)
    return mine.filter(pk=event.topic.removeprefix("order_")).first()


def _parcel_to_announce(event: Event) -> Fulfilment | None:
    """The parcel that left, where its store told customers of parcels then."""
    if not event.data.get(TO_ANNOUNCE):
        return None
    mine = Fulfilment.objects.select_related("order__contact").filter(workspace_id=event.workspace_id)
    return mine.filter(pk=event.data["fulfilment"]).first()
