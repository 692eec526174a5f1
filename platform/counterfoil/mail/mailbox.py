"""A mailbox in a folder, for the demo and for tests: mails are kept, not sent.

One file a mail, named after its Message-ID and put in place by a rename: a mail that is delivered twice is there
once, like in a mailbox that knows its Message-IDs, and a reader never sees half of one. An address under `.invalid`,
where no mailbox can ever be (RFC 6761, section 6.4), is refused as any mail server would.
"""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage as ReceivedMail
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from smtplib import SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class MailboxBackend(BaseEmailBackend):
    """Keeps mails in `settings.MAILBOX_DIR`."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep each mail; gives how many."""
        folder = Path(settings.MAILBOX_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            if unknown := [address for address in message.to if address.endswith(".invalid")]:
                raise SMTPRecipientsRefused(dict.fromkeys(unknown, (550, b"No such domain")))
            content = message.message()
            name = hashlib.sha256(str(content["Message-ID"]).encode()).hexdigest()[:24]
            handle, partial = tempfile.mkstemp(dir=folder, prefix=".incoming-")
            with os.fdopen(handle, "wb") as file:
                file.write(content.as_bytes())
            Path(partial).replace(folder / f"{name}.eml")
        return len(email_messages)


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail in the mailbox: its file's name without ending, headers, and both bodies."""

    name: str
    subject: str
    sender: str
    to: str
    sent_at: datetime
    text: str
    html: str


def kept_mails() -> list[KeptMail]:
    """What lies in the mailbox, newest first."""
    folder = Path(settings.MAILBOX_DIR)
    mails = [_read(path) for path in folder.glob("*.eml")] if folder.is_dir() else []
    return sorted(mails, key=lambda mail: (mail.sent_at, mail.name), reverse=True)


def _read(path: Path) -> KeptMail:
    mail = message_from_bytes(path.read_bytes(), _class=ReceivedMail, policy=default)

    def body(kind: str) -> str:
        part = mail.get_body((kind,))
        return str(part.get_content()) if part is not None else ""

    return KeptMail(
        name=path.stem,
        subject=str(mail["Subject"]),
        sender=str(mail["From"]),
        to=str(mail["To"]),
        sent_at=parsedate_to_datetime(str(mail["Date"])),
        text=body("plain"),
        html=body("html"),
    )
