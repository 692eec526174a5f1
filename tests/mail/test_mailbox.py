"""The mailbox in a folder, where the demo and tests keep their mails."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives
from pytest_django import Settings

from counterfoil.mail.mailbox import MailboxBackend, kept_mails

pytestmark = pytest.mark.once


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.MAILBOX_DIR = tmp_path / "not" / "there yet"
    return tmp_path / "not" / "there yet"


def a_mail(message_id: str, *, minute: int = 0, subject: str = "Grüße “🎁”", text: str = "Schöne Grüße\n") -> None:
    mail = EmailMultiAlternatives(
        subject=subject,
        body=text,
        from_email='"Fennel & Twine" <orders@fennel.test>',
        to=["ana@harbour.example"],
        headers={"Message-ID": message_id, "Date": f"Mon, 02 Mar 2026 10:{minute:02}:00 +0000"},
    )
    mail.attach_alternative(f"<p>{text}</p>", "text/html")
    assert MailboxBackend().send_messages([mail]) == 1


def test_a_mail_is_kept_as_it_was_sent(folder: Path) -> None:
    assert kept_mails() == []
    a_mail("<1@fennel.test>")

    (mail,) = kept_mails()
    assert (mail.subject, mail.sender, mail.to) == (
        "Grüße “🎁”",
        "Fennel & Twine <orders@fennel.test>",
        "ana@harbour.example",
    )
    assert mail.sent_at == datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    assert mail.text == "Schöne Grüße\n"
    assert mail.html.strip() == "<p>Schöne Grüße\n</p>"
    assert [path.stem for path in folder.iterdir()] == [mail.name]


@pytest.mark.feature("OP-3")
def test_a_mail_that_arrives_twice_is_there_once(folder: Path) -> None:
    for message_id in ("<1@fennel.test>", "<2@fennel.test>", "<1@fennel.test>"):
        a_mail(message_id)

    assert len(kept_mails()) == 2
    assert len(list(folder.iterdir())) == 2


def test_the_newest_mail_comes_first(folder: Path) -> None:
    for number, minute in enumerate((5, 9, 7)):
        a_mail(f"<{number}@fennel.test>", minute=minute)

    assert [mail.sent_at.minute for mail in kept_mails()] == [9, 7, 5]


def test_half_a_mail_is_not_seen(folder: Path) -> None:
    a_mail("<1@fennel.test>")
    (folder / ".incoming-x").write_bytes(b"From: half")

    assert len(kept_mails()) == 1
