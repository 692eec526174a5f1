"""Where a person is signed in, and ending that (AC-10). A session's key stays here: pages name it by a handle."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from counterfoil.access import clock
from counterfoil.access.models import Session, StaffMember, User
from counterfoil.access.problems import NotFound
from counterfoil.events.credentials import tell_streams

_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser in which somebody is signed in. `program` is what it says of itself; `here` is the one that asks."""

    handle: str
    program: str
    address: str | None
    began_at: datetime
    here: bool


def sessions_of(user: User, *, here: str | None) -> list[SignedIn]:
    """A person's sessions, the one of this key first, then the newest."""
    rows = sorted(_open(user)[:_MOST_SHOWN], key=lambda row: row.session_key != here)
    return [
        SignedIn(_handle(row.session_key), row.program, row.address, row.began_at, row.session_key == here)
        for row in rows
    ]


@transaction.atomic
def end_session(*, user: User, handle: str) -> None:
    """End one of a person's own sessions, and the streams of its pages, at once."""
    keys = (row.session_key for row in _open(user))
    key = next((key for key in keys if constant_time_compare(_handle(key), handle)), None)
    if key is None:
        raise NotFound("This session has ended already.")
    Session.objects.filter(pk=key).delete()
    tell_streams_of(user)


@transaction.atomic
def end_sessions(*, user: User, but: str | None = None) -> None:
    """End all of a person's sessions, but the one of this key."""
    Session.objects.filter(user=user).exclude(pk=but).delete()
    tell_streams_of(user)


def forget_expired() -> None:
    """Delete the sessions of everybody that ran out."""
    Session.objects.filter(expire_date__lte=clock.now()).delete()


def tell_streams_of(user: User) -> None:
    """Make the open streams look again in every workspace that this person works in."""
    memberships = StaffMember.objects.filter(user=user).select_related("custom_role")
    for member in memberships:
        tell_streams(member.viewer)


def _open(user: User) -> list[Session]:
    return list(Session.objects.filter(user=user, expire_date__gt=clock.now()).order_by("-began_at", "pk"))


def _handle(key: str) -> str:
    return salted_hmac("counterfoil.session", key, algorithm="sha256").hexdigest()[:32]
