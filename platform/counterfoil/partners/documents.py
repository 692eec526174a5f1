"""Trusted documents (GQ-7): texts of operations that whoever runs the server has registered, by their hash.

What a text says is looked at by whoever registers it: the domain knows no GraphQL.
"""

import hashlib
import re
from datetime import datetime
from typing import NamedTuple

from counterfoil.access import clock
from counterfoil.access.models import TrustedDocument

LONGEST_NAME = 200
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Registered(NamedTuple):
    """A registered document, without its text."""

    digest: str
    operations: str
    created_at: datetime


def digest_of(text: str) -> str:
    """What a document is registered by: the SHA-256 of its UTF-8, to the byte, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def register(*, workspace_id: int, text: str, operations: str = "") -> TrustedDocument:
    """Trust this text from now on; twice changes nothing. `operations` are the names in it, for people."""
    named = operations if len(operations) <= LONGEST_NAME else f"{operations[: LONGEST_NAME - 1]}…"
    document, _ = TrustedDocument.objects.get_or_create(
        workspace_id=workspace_id,
        digest=digest_of(text),
        defaults={"operations": named, "text": text, "created_at": clock.now()},
    )
    return document


def text_of(workspace_id: int, digest: str) -> str | None:
    """The text that was registered by this hash in the workspace; None for none. One statement, by an index."""
    if not _DIGEST.fullmatch(digest):  # what no column could hold is asked of none
        return None
    found = TrustedDocument.objects.filter(workspace_id=workspace_id, digest=digest)
    return found.values_list("text", flat=True).first()


def registered(workspace_id: int) -> list[Registered]:
    """The documents of a workspace, the newest first."""
    found = TrustedDocument.objects.filter(workspace_id=workspace_id).order_by("-pk")
    return [Registered(*row) for row in found.values_list("digest", "operations", "created_at")]


def forget(*, workspace_id: int, digest: str) -> bool:
    """Trust a document no longer; False where it was not registered."""
    deleted, _ = TrustedDocument.objects.filter(workspace_id=workspace_id, digest=digest).delete()
    return deleted > 0
