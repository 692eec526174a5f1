"""Whether a mail is to be sent, asked when it is queued and once more when it goes out."""

from django.conf import settings

from counterfoil.access import clock
from counterfoil.access.models import Invitation, User
from counterfoil.customers.models import OneTimeCode
from counterfoil.events.models import Event
from counterfoil.mail.models import Mail, MailKind
from counterfoil.orders.models import Fulfilment, FulfilmentStatus, Order, OrderStatus


def why_not(mail: Mail) -> str:
    """Why this mail is not sent, as a sentence; empty when it is. The customer's setting concerns messages alone."""
    if mail.message is not None:
        return why_not_told(mail.message.conversation.order)
    if mail.fulfilment is not None:
        return why_not_announced(mail.fulfilment)
    if mail.order is not None:
        return why_not_confirmed(mail.order)
    if mail.kind == MailKind.INVITATION:
        return why_not_invited(mail.invitation, mail.event)
    if mail.kind == MailKind.CODE:
        return why_no_code(mail.code)
    return why_not_reset(mail.user, mail.event)


def why_not_told(order: Order) -> str:
    """Why the customer of this order gets no mail."""
    if not order.mail_wanted:
        return "The customer has turned mails off."
    return "" if order.contact.email else "The customer has no mail address."


def why_not_confirmed(order: Order) -> str:
    """Why this order is not confirmed by a mail (OR-1)."""
    if order.status == OrderStatus.CANCELLED:
        return "The order was cancelled."
    return "" if order.contact.email else "The customer has no mail address."


def why_not_announced(parcel: Fulfilment) -> str:
    """Why nobody is told of this parcel. One that left of an order which was cancelled later is still on its way."""
    if parcel.status == FulfilmentStatus.CANCELLED:
        return "The parcel was cancelled."
    return "" if parcel.order.contact.email else "The customer has no mail address."


def why_not_invited(invitation: Invitation | None, event: Event) -> str:
    """Why the mail with this event's link is not sent."""
    if invitation is None:
        return "The invitation was withdrawn."
    if invitation.version != event.data["version"]:
        return "The invitation was sent again."
    if invitation.accepted_at or invitation.expires_at <= clock.now():
        return "The invitation is not open any more."
    return ""


def why_not_reset(user: User | None, event: Event) -> str:
    """Why who asked for a new password at this event gets no link."""
    if user is None or not user.is_active:
        return "No staff member has this address."
    if (clock.now() - event.created_at).total_seconds() >= settings.PASSWORD_RESET_TIMEOUT:
        return "The link would have ended."
    return ""


def why_no_code(code: OneTimeCode | None) -> str:
    """Why whoever asked for a code to sign in with gets none."""
    if code is None or code.used_at or code.expires_at <= clock.now():
        return "The code would not count any more."
    return "" if code.contact_id else "No contact has this address."
