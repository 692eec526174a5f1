"""From a queued mail to the message that goes out: text, HTML, and a Message-ID that never changes."""

from email.utils import format_datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac

from counterfoil.access import clock
from counterfoil.mail.models import Mail


def new_message(mail: Mail) -> EmailMultiAlternatives:
    """The mail that tells a customer of a staff message: its text, and one button to the thread (CN-7)."""
    message = mail.message
    order = message.conversation.order
    context = {
        "store": order.store,
        "order": order,
        "contact": order.contact,
        "message": message,
        "url": f"{order.guest_url}#conversation",
    }
    token = salted_hmac("counterfoil.mail", str(mail.pk), secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()
    domain = order.store.mail_from.rpartition("@")[2]
    rendered = EmailMultiAlternatives(
        subject=" ".join(render_to_string("mail/new_message_subject.txt", context).split()),
        body=render_to_string("mail/new_message.txt", context),
        from_email=f'"{order.store.name.replace('"', "'")}" <{order.store.mail_from}>',
        to=[mail.to],
        headers={
            "Message-ID": f"<{token[:32]}@{domain}>",
            "Auto-Submitted": "auto-generated",
            "Date": format_datetime(clock.now()),
        },
    )
    rendered.attach_alternative(render_to_string("mail/new_message.html", context), "text/html")
    return rendered
