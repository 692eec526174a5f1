"""From a queued mail to the message that goes out: text, HTML, and a Message-ID that never changes."""

from collections.abc import Mapping
from decimal import Decimal
from email.utils import format_datetime
from typing import cast

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac

from counterfoil.access import clock, money
from counterfoil.access.models import Invitation, User
from counterfoil.conversations.models import Message
from counterfoil.customers.codes import LASTS as CODE_LASTS
from counterfoil.customers.codes import digits_of
from counterfoil.customers.models import OneTimeCode
from counterfoil.mail.models import Mail, MailKind
from counterfoil.orders.fulfilment import is_web_address
from counterfoil.orders.models import Fulfilment, Order
from counterfoil.staff.invitations import LASTS, link_token
from counterfoil.staff.passwords import reset_token
from counterfoil.workspaces.models import Store
from counterfoil.workspaces.queries import stores_of

_LINES_SHOWN = 20


def rendered(mail: Mail) -> EmailMultiAlternatives:
    """The mail as it goes out. Links in it are made here and now."""
    if mail.kind == MailKind.MESSAGE:
        return new_message(mail)
    if mail.kind == MailKind.CODE:
        return sign_in_code(mail)
    if mail.kind == MailKind.CONFIRMATION:
        return order_confirmation(mail)
    if mail.kind == MailKind.PARCEL:
        return parcel_sent(mail)
    store = stores_of(mail.workspace_id).select_related("workspace").order_by("pk")[0]
    if mail.kind == MailKind.INVITATION:
        return invitation(mail, store)
    return password_reset(mail, store)


def new_message(mail: Mail) -> EmailMultiAlternatives:
    """The mail that tells a customer of a staff message: its text, and one button to the thread (CN-7)."""
    message = cast(Message, mail.message)
    order = message.conversation.order
    context = {"order": order, "contact": order.contact, "message": message, "url": f"{order.guest_url}#conversation"}
    return _built(mail, order.store, "new_message", context)


def order_confirmation(mail: Mail) -> EmailMultiAlternatives:
    """The mail that confirms an order: what was ordered, and one button to the order (OR-1)."""
    order = cast(Order, mail.order)
    locale = money.locale_of(order.store.language)

    def written(amount: Decimal) -> str:
        return money.written(amount.quantize(money.smallest_coin(order.currency)), order.currency, locale)

    context = {
        "order": order,
        "contact": order.contact,
        "lines": [(line, written(line.total)) for line in order.lines.order_by("ordinal")[:_LINES_SHOWN]],
        "more": max(order.lines.count() - _LINES_SHOWN, 0),
        "total": written(order.total),
        "url": order.guest_url,
    }
    return _built(mail, order.store, "order_confirmation", context)


def parcel_sent(mail: Mail) -> EmailMultiAlternatives:
    """The mail that tells of a parcel: what is in it, where to follow it, and one button to the order (OR-3).

    What it says is as it stands when the mail goes out: a tracking that was corrected while it waited is the new one.
    """
    order, parcel = cast(Order, mail.order), cast(Fulfilment, mail.fulfilment)
    packed = parcel.lines.select_related("line").order_by("line__ordinal")
    context = {
        "order": order,
        "contact": order.contact,
        "parcel": parcel,
        "tracking_url": parcel.tracking_url if is_web_address(parcel.tracking_url) else "",
        "lines": packed[:_LINES_SHOWN],
        "more": max(packed.count() - _LINES_SHOWN, 0),
        "url": order.guest_url,
    }
    return _built(mail, order.store, "parcel_sent", context)


def invitation(mail: Mail, store: Store) -> EmailMultiAlternatives:
    """The mail that asks somebody to join a workspace's staff."""
    invited = cast(Invitation, mail.invitation)
    url = f"{store.base_url}/admin/invitation/{link_token(invited)}"
    return _built(mail, store, "invitation", {"name": invited.name, "days": LASTS.days, "url": url})


def password_reset(mail: Mail, store: Store) -> EmailMultiAlternatives:
    """The mail by which a staff member sets a new password."""
    token = reset_token(cast(User, mail.user), mail.event.created_at)
    url = f"{store.base_url}/admin/reset/{token}"
    return _built(mail, store, "password_reset", {"url": url})


def sign_in_code(mail: Mail) -> EmailMultiAlternatives:
    """The mail with a code to sign in with, of the store where it was asked for. No link in it signs anybody in."""
    store = stores_of(mail.workspace_id).get(pk=mail.event.data["store"])
    digits = digits_of(cast(OneTimeCode, mail.code))
    minutes = int(CODE_LASTS.total_seconds() / 60)
    return _built(mail, store, "sign_in_code", {"digits": f"{digits[:3]} {digits[3:]}", "minutes": minutes})


def _built(mail: Mail, store: Store, name: str, context: Mapping[str, object]) -> EmailMultiAlternatives:
    token = salted_hmac("counterfoil.mail", str(mail.pk), secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()
    given = {"store": store, **context}
    built = EmailMultiAlternatives(
        subject=" ".join(render_to_string(f"mail/{name}_subject.txt", given).split()),
        body=render_to_string(f"mail/{name}.txt", given),
        from_email=f'"{store.name.replace('"', "'")}" <{store.mail_from}>',
        to=[mail.to],
        headers={
            "Message-ID": f"<{token[:32]}@{store.mail_from.rpartition('@')[2]}>",
            "Auto-Submitted": "auto-generated",
            "Date": format_datetime(clock.now()),
        },
    )
    built.attach_alternative(render_to_string(f"mail/{name}.html", given), "text/html")
    return built
