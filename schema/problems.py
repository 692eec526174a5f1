"""How a mutation answers: its result, or a problem that says what to do (GQ-3)."""

from collections.abc import Callable

import strawberry

from counterfoil.access.problems import Problem as Refusal
from counterfoil.access.problems import ProblemCode
from schema.enums import describe

describe(
    ProblemCode,
    "Why a mutation was refused.",
    {
        ProblemCode.NOT_FOUND: "There is no such thing, or none that the viewer may see.",
        ProblemCode.FORBIDDEN: "The viewer sees it but may not do this.",
        ProblemCode.INVALID: "The input can't be taken as it is; `field` names the part to mend.",
        ProblemCode.KEY_REUSED: "This clientMutationKey came with another input before; send a new one.",
        ProblemCode.NOTICES_UNREAD: "Something was logged about the order that its packer has not read: see "
        "`Order.packingNotices`.",
    },
)


@strawberry.type(description="A mutation was refused, and nothing was changed.")
class Problem:
    code: ProblemCode = strawberry.field(description="Why, for programs.")
    field: str | None = strawberry.field(
        description="The part of the input that it speaks of, as a path; null when it speaks of the whole request."
    )
    message: str = strawberry.field(description="Why, and what to do, in words for people.")


def or_problem[T](act: Callable[[], T]) -> T | Problem:
    """What `act` gives, or the problem that it met."""
    try:
        return act()
    except Refusal as refusal:
        return problem_of(refusal)


def problem_of(refusal: Refusal) -> Problem:
    """A refusal as the schema tells it."""
    return Problem(code=refusal.code, field=refusal.field, message=refusal.message)
