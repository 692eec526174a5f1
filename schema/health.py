"""The health of stores: what was found when they were checked last (OR-5)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import strawberry

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.workspaces.advice import words_of
from counterfoil.workspaces.health import Check, Subject, Verdict, newest_checks
from schema.enums import describe
from schema.scopes import type_needs

describe(
    Subject,
    "What a health check looks at.",
    {
        Subject.DOMAIN: "Whether the store's domain leads to a server.",
        Subject.PAGE: "Whether its first page is the portal's.",
        Subject.PORTAL: "Whether this installation answers there as this store, and asks customers to sign in.",
        Subject.MAIL_SERVER: "Whether mails can leave.",
        Subject.SENDER: "Whether mailboxes believe who they come from.",
    },
    name="StoreCheckSubject",
)
describe(
    Verdict,
    "How it is.",
    {
        Verdict.OK: "As it should be.",
        Verdict.FAILED: "Not as it should be: there is something to do.",
        Verdict.UNKNOWN: "It can't be told from here.",
    },
    name="StoreCheckVerdict",
)


@type_needs(Permission.SETTINGS_WRITE)
@strawberry.type(description="One thing that was looked at.")
class StoreCheck:
    subject: Subject = strawberry.field(description="What.")
    verdict: Verdict = strawberry.field(description="How it is.")
    finding: str = strawberry.field(description="What was found, by a name for programs, such as `unresolved`.")
    seen: str = strawberry.field(description="What was found, in words for people.")
    advice: str = strawberry.field(description="What to do about it; empty where all is well.")


class StoreCheckRow(NamedTuple):
    """What `StoreCheck` is read from."""

    subject: Subject
    verdict: Verdict
    finding: str
    seen: str
    advice: str


@type_needs(Permission.SETTINGS_WRITE)
@strawberry.type(description="What was found of a store when it was checked last.")
class StoreHealth:
    checked_at: datetime = strawberry.field(description="When.")
    checks: list[StoreCheck] = strawberry.field(description="All that was looked at.")


class StoreHealthRow(NamedTuple):
    """What `StoreHealth` is read from."""

    checked_at: datetime
    checks: list[StoreCheckRow]


def health_of(viewer: Viewer, stores: Sequence[int]) -> Mapping[int, StoreHealthRow]:
    """The health of these stores of the viewer's workspace; none for who does not run it."""
    if not allows(viewer, Permission.SETTINGS_WRITE):
        return {}
    newest = newest_checks(viewer.workspace_id, stores)
    return {pk: StoreHealthRow(at, [_row(check) for check in checks]) for pk, (at, checks) in newest.items()}


def _row(check: Check) -> StoreCheckRow:
    words = words_of(check)
    return StoreCheckRow(check.subject, words.verdict, check.finding, words.seen, words.do)
