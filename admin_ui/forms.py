"""What came with a form of ours, and what a fresh form carries."""

from collections.abc import Mapping
from uuid import uuid4

from django.http import HttpRequest


def fresh_key() -> str:
    """The client mutation key of a form that is shown for the first time."""
    return str(uuid4())


def key_of(request: HttpRequest) -> str:
    """The client mutation key that the form was shown with; a new one for a form that lost it."""
    return request.POST.get("client_mutation_key") or fresh_key()


def text_of(request: HttpRequest) -> str:
    """The text of the form, exactly as typed: browsers send each line's end as CR LF."""
    return request.POST.get("text", "").replace("\r\n", "\n")


def written_form(request: HttpRequest, problem: Mapping[str, str], *, sent_before: str) -> dict[str, str]:
    """The form after a refusal: the same text, the same key, and what to do.

    A key that stood for another text already (that one arrived, its answer did not) is replaced, and `sent_before`
    says so.
    """
    if problem["code"] == "KEY_REUSED":
        return {"key": fresh_key(), "text": text_of(request), "problem": sent_before}
    return {"key": key_of(request), "text": text_of(request), "problem": problem["message"]}
