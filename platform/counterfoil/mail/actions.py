"""What staff do about a mail that was given up: send it again, or leave it."""

from functools import partial

from django.db import transaction

from counterfoil.access import clock
from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.events.record import record
from counterfoil.mail import tasks
from counterfoil.mail.models import Mail, MailState
from counterfoil.mail.queries import failed_visible_to, visible_to


@transaction.atomic
def retry_mail(*, viewer: Viewer, mail: Mail) -> None:
    """Queue a mail that was given up, as if it had never been tried; one that waits to be sent is no change.

    Whether it is still wanted is asked when it goes out, as of any other mail. Raises `Invalid` for one that was sent,
    suppressed or put aside meanwhile.
    """
    require(viewer, Permission.MESSAGES_WRITE)
    failed = failed_visible_to(viewer).filter(pk=mail.pk)
    if failed.update(state=MailState.QUEUED, reason="", attempts=0, due_at=clock.now()):
        _tell(viewer, "mail.retried", mail)
        transaction.on_commit(partial(tasks.hand_over, mail.pk))
    elif _as_it_is(viewer, mail).state != MailState.QUEUED:
        raise Invalid("This mail was sent or put aside meanwhile: nothing is left to do.", field="mailId")


@transaction.atomic
def dismiss_mail(*, viewer: Viewer, mail: Mail) -> None:
    """Say that a mail which was given up needs no more looking after; said before, it is no change.

    Raises `Invalid` for one that did not fail, or is on its way again.
    """
    require(viewer, Permission.MESSAGES_WRITE)
    if failed_visible_to(viewer).filter(pk=mail.pk).update(dismissed_at=clock.now()):
        _tell(viewer, "mail.dismissed", mail)
    elif _as_it_is(viewer, mail).state != MailState.FAILED:
        raise Invalid("This mail is no failed one any more: nothing is left to do.", field="mailId")


def _as_it_is(viewer: Viewer, mail: Mail) -> Mail:
    found = visible_to(viewer).filter(pk=mail.pk).first()
    if found is None:
        raise NotFound("There is no such mail.", field="mailId")
    return found


def _tell(viewer: Viewer, kind: str, mail: Mail) -> None:
    about = mail.event
    record(viewer, kind, topic=about.topic, customer=about.customer_id, internal=True, data={"mail": mail.pk})
