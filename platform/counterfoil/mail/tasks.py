"""The Celery tasks of mail. They may run twice, late, or be lost: `delivery` takes care of each of these."""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from counterfoil.mail import delivery

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def deliver(mail_id: int) -> None:
    """Send one mail, unless it was sent or somebody is at it."""
    delivery.deliver(mail_id)


def hand_over(mail_id: int) -> None:
    """Ask a worker to send a mail now. A broker that is away costs seconds, not the mail: the sweep will find it."""
    try:
        deliver.apply_async((mail_id,), retry=False)
    except (OperationalError, OSError):
        logger.warning("The task broker can't be reached; the sweep will send mail %s", mail_id)


def sweep() -> None:
    """Send what is due and nobody has begun. Runs in every worker every few seconds."""
    for mail_id in delivery.due():
        delivery.deliver(mail_id)
