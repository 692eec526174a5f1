"""Sending a mail at most once at a time, and until it is sent.

A mail is taken by one conditional UPDATE that moves `due_at` ahead by the lease. While it is being sent a thread
keeps renewing the lease; a killed worker renews nothing, so the mail falls due within seconds. Its Message-ID derives
from its row: the same however often it is tried, so a mailbox that saw it before keeps one.
"""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

from django.core.mail import mailers
from django.db import connection, transaction

from counterfoil.access import clock
from counterfoil.access.viewer import Viewer, ViewerKind
from counterfoil.events.record import record
from counterfoil.mail.models import Mail, MailState
from counterfoil.mail.rendering import rendered
from counterfoil.mail.wanted import why_not

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=6)
RENEW_EVERY = 2.0
ATTEMPTS = 10
_LONGEST_WAIT = timedelta(hours=6)


def due(limit: int = 100) -> list[int]:
    """The mails that may be tried now, oldest first."""
    waiting = Mail.objects.filter(state=MailState.QUEUED, due_at__lte=clock.now())
    return list(waiting.order_by("due_at").values_list("pk", flat=True)[:limit])


def deliver(mail_id: int) -> None:
    """Send this mail if it is due and nobody else has it; note that it was sent, or when to try again."""
    now = clock.now()
    if not Mail.objects.filter(pk=mail_id, state=MailState.QUEUED, due_at__lte=now).update(due_at=now + LEASE):
        return
    mail = Mail.objects.select_related(
        "event",
        "invitation",
        "user",
        "code",
        "order__store",
        "order__contact",
        "fulfilment__order__contact",
        "message__staff",
        "message__conversation__order__store",
        "message__conversation__order__contact",
    ).get(pk=mail_id)
    if reason := why_not(mail):  # what it is about may have changed since
        _finish(mail, MailState.SUPPRESSED, reason)
        return
    try:
        with _renewed_lease(mail_id):
            mailers.default.send_messages([rendered(mail)])
    except Exception as error:
        logger.warning("Mail %s could not be sent: %s", mail_id, type(error).__name__)
        _failed(mail, _in_words(error, mail.to)[:300])
    else:
        _finish(mail, MailState.SENT, "")


def _in_words(error: Exception, address: str) -> str:
    """Why a mail to this address could not be sent, without the address: not all who read this may read that."""
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()), (0, b""))
        words = f"The mail server refuses the address: {code} {said.decode(errors='replace')}"
    return re.sub(re.escape(address), "…", words, flags=re.IGNORECASE) if address else words


def _failed(mail: Mail, reason: str) -> None:
    attempts = mail.attempts + 1
    if attempts >= ATTEMPTS:
        _finish(mail, MailState.FAILED, reason)
        return
    wait = min(timedelta(seconds=5 * 4**attempts), _LONGEST_WAIT)
    Mail.objects.filter(pk=mail.pk).update(attempts=attempts, reason=reason, due_at=clock.now() + wait)


@transaction.atomic
def _finish(mail: Mail, state: MailState, reason: str) -> None:
    now = clock.now()
    finished = Mail.objects.filter(pk=mail.pk, state=MailState.QUEUED).update(
        state=state,
        reason=reason,
        due_at=now,
        sent_at=now if state == MailState.SENT else None,
        attempts=mail.attempts + 1,
    )
    if finished:
        record(
            Viewer(kind=ViewerKind.ANONYMOUS, workspace_id=mail.workspace_id, name="mail"),
            f"mail.{state.value}",
            topic=mail.event.topic,
            customer=mail.event.customer_id,
            internal=True,
            data={"mail": mail.pk},
        )


@contextmanager
def _renewed_lease(mail_id: int) -> Iterator[None]:
    """Keep a mail to ourselves for as long as this process lives and works on it."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(RENEW_EVERY):
            Mail.objects.filter(pk=mail_id, state=MailState.QUEUED).update(due_at=clock.now() + LEASE)
        connection.close()

    renewer = threading.Thread(target=renew, name=f"lease of mail {mail_id}", daemon=True)
    renewer.start()
    try:
        yield
    finally:
        done.set()
        renewer.join()
