"""Where contacts are signed in (AC-1, AC-4). A session's secret stands in its browser's cookie, here its hash."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Count

from counterfoil.access import clock
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import AccountSession, Contact
from counterfoil.customers.queries import signed_in
from counterfoil.events.credentials import ACCOUNT_SESSION_ENDED
from counterfoil.events.record import record

LONGEST = timedelta(days=365)
MOST = 50


@transaction.atomic
def begin(*, contact: Contact, address: str | None, program: str, instead_of: str = "") -> str:
    """Sign a contact in who has just proved their mailbox; gives the new session's secret. The session of the secret
    `instead_of` ends. Raises `Invalid` where they have got another address at this moment.
    """
    same = Contact.objects.select_for_update(no_key=True).filter(pk=contact.pk, mailbox=contact.mailbox)
    if same.first() is None:
        raise Invalid("This code does not count any more: the address is another one’s now.", field="code")
    AccountSession.objects.filter(began_at__lte=clock.now() - LONGEST).delete()
    if instead_of and (before := found(instead_of, workspace_id=contact.workspace_id)):
        _end(before.contact, before.pk)
    secret = secrets.token_urlsafe(32)
    AccountSession.objects.create(
        workspace_id=contact.workspace_id,
        contact=contact,
        digest=_digest(secret),
        began_at=clock.now(),
        address=address or None,
        program="".join(filter(str.isprintable, program))[:300],
    )
    too_old = sessions_of(contact)[MOST:]
    if too_old:
        _end(contact, *(session.pk for session in too_old))
    return secret


def found(secret: str, *, workspace_id: int) -> AccountSession | None:
    """The session of this secret, while it lasts; its contact and customer are read along."""
    return (
        AccountSession.objects.select_related("contact__customer")
        .filter(workspace_id=workspace_id, digest=_digest(secret), began_at__gt=clock.now() - LONGEST)
        .first()
    )


def sessions_of(contact: Contact) -> list[AccountSession]:
    """Where a contact is signed in, newest first."""
    return list(AccountSession.objects.filter(contact=contact).order_by("-began_at", "-pk"))


def how_many_each(contacts: Iterable[int]) -> dict[int, int]:
    """In how many browsers these contacts are signed in, by primary key; who is in none is left out."""
    lasting = AccountSession.objects.filter(contact__in=contacts, began_at__gt=clock.now() - LONGEST)
    return dict(lasting.values("contact_id").annotate(count=Count("pk")).values_list("contact_id", "count"))


@transaction.atomic
def end_session(*, contact: Contact, session_id: int) -> None:
    """End one of a contact's sessions, and the streams of its pages. Raises `NotFound` for one that has ended."""
    if not _end(contact, session_id):
        raise NotFound("This device is signed out already.")


@transaction.atomic
def end_others(*, contact: Contact, but: int) -> None:
    """End all of a contact's sessions but this one."""
    _end(contact, *(session.pk for session in sessions_of(contact) if session.pk != but))


def end_all(*, viewer: Viewer, contact: Contact) -> int:
    """Sign a contact out of every browser, on behalf of the viewer; gives of how many."""
    ended, _ = AccountSession.objects.filter(contact=contact).delete()
    if ended:
        record(
            viewer,
            ACCOUNT_SESSION_ENDED,
            topic=f"contact_{contact.pk}",
            customer=contact.customer_id,
            data={"sessions": ended},
        )
    return ended


def _end(contact: Contact, *session_ids: int) -> int:
    ended, _ = AccountSession.objects.filter(contact=contact, pk__in=session_ids).delete()
    if ended:
        topic = f"contact_{contact.pk}"
        record(signed_in(contact), ACCOUNT_SESSION_ENDED, topic=topic, customer=contact.customer_id)
    return ended


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
