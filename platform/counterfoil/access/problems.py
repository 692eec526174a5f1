"""What an action answers when it refuses: typed, in words that say what to do next (GQ-3)."""

from enum import Enum


class ProblemCode(Enum):
    """Why an action refused."""

    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    INVALID = "invalid"
    KEY_REUSED = "key_reused"
    NOTICES_UNREAD = "notices_unread"


class Problem(Exception):
    """An expected refusal. Nothing was changed.

    `field` is the path of the input it speaks of (`text`), or None when it speaks of the whole request.
    """

    code = ProblemCode.INVALID

    def __init__(self, message: str, *, field: str | None = None, code: ProblemCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code or type(self).code


class NotFound(Problem):
    """It does not exist, or the viewer may not know that it does: the two answer alike (AC-12)."""

    code = ProblemCode.NOT_FOUND


class Forbidden(Problem):
    """The viewer sees it but may not do this (AC-12)."""

    code = ProblemCode.FORBIDDEN


class Invalid(Problem):
    """The input can't be taken as it is; `field` names the part to mend."""
