"""Mail backends for tests: one that is slow, one that refuses, and one for workers that tells how it was used."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend

from counterfoil.mail.mailbox import MailboxBackend


class Slow(EmailBackend):
    """Takes its time."""

    seconds = 0.3

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        """Keep the mails, later."""
        time.sleep(self.seconds)
        sent: int = super().send_messages(messages)
        return sent


class Refusing(EmailBackend):
    """Refuses the first `times` mails."""

    times = 0

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        """Refuse, or keep the mails."""
        if Refusing.times:
            Refusing.times -= 1
            raise ConnectionRefusedError("no mail server here")
        sent: int = super().send_messages(messages)
        return sent


def outbox() -> list[EmailMessage]:
    """What was sent in this process."""
    sent: list[EmailMessage] = mail.outbox
    return sent


HANG, HANGING, LOG = "hang", "hanging", "sent.log"


class Watched(MailboxBackend):
    """In a worker: keeps the mails in its mailbox, logs who sent them, and hangs afterwards while a file says so."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the mails; then hang for good if `hang` lies in the data folder, saying so by `hanging`."""
        sent = super().send_messages(email_messages)
        with (settings.DATA_DIR / LOG).open("a") as log:
            for message in email_messages:
                log.write(f"{os.getpid()} {message.extra_headers['Message-ID']}\n")
        if (settings.DATA_DIR / HANG).exists():
            (settings.DATA_DIR / HANGING).touch()
            time.sleep(600)
        return sent


def sent_log(data_dir: Path) -> list[tuple[int, str]]:
    """What `Watched` logged: the process and the Message-ID of each mail."""
    path = data_dir / LOG
    lines = path.read_text().splitlines() if path.exists() else []
    return [(int(line.split()[0]), line.split()[1]) for line in lines]
