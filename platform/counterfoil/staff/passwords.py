"""A person's password: changing it, and setting a new one by the link in a mail (AC-10)."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from counterfoil.access import clock
from counterfoil.access.models import User
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.text import storable
from counterfoil.access.tries import Limit, TooManyTries, give_back, reserve
from counterfoil.access.viewer import Viewer, anonymous
from counterfoil.events.record import record
from counterfoil.staff.sessions import end_sessions

STAFF_TOPIC = "staff"
RESET_ASKED = "password.reset_asked"
_WINDOW = timedelta(hours=1)
_MOST_ASKED_FROM = 10
_MOST_ASKED_FOR = 3
_MOST_WRONG = 10
_LONGEST = 4096


class _ResetTokens(PasswordResetTokenGenerator):
    """Django's tokens: they end when the password changes, or the user signs in; ours by our clock."""

    key_salt = "counterfoil.password-reset"

    def _now(self) -> datetime:
        return clock.now().replace(tzinfo=None)


_tokens = _ResetTokens()


def checked_password(password: str, field: str, user: User) -> str:
    """A password that may be set for this user. Raises `Invalid` with what is wrong, for all to read."""
    if not storable(password) or len(password) > _LONGEST:
        raise Invalid("This password has characters that can't be kept, or too many.", field=field)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field=field) from None
    return password


def prove(purpose: str, user: User, password: str, field: str, wrong: str) -> None:
    """Raise `Invalid` unless this is the user's password; ten wrong ones an hour are looked at."""
    limit = Limit(purpose, (str(user.pk),), _MOST_WRONG, _WINDOW)
    try:
        reserve(limit)
    except TooManyTries:
        raise Invalid("There were too many tries. Wait an hour, then try again.", field=field) from None
    if not user.check_password(password):
        raise Invalid(wrong, field=field)
    give_back(limit)


def change_password(*, viewer: Viewer, user: User, old: str, new: str) -> None:
    """Set another password for who knows the present one. The caller ends the other sessions, by `end_sessions`."""
    prove("change password", user, old, "old_password", "This is not your present password.")
    if old == new:
        raise Invalid("This is your present password; choose another one.", field="new_password")
    _set(viewer, user, make_password(checked_password(new, "new_password", user)))


def ask_reset(*, workspace_id: int, email: str, address: str) -> bool:
    """Have a link mailed to this address, if it is a staff member's; nobody learns whether it is.

    What happens here is the same for every address. False when too much was asked from the client's `address`.
    """
    try:
        reserve(Limit("reset from", (address,), _MOST_ASKED_FROM, _WINDOW))
    except TooManyTries:
        return False
    email = email.strip().lower() if storable(email) else ""
    with suppress(TooManyTries):
        reserve(Limit("reset for", (str(workspace_id), email), _MOST_ASKED_FOR, _WINDOW))
        user = _working_here(workspace_id).filter(email__iexact=email).first()
        _record_asked(workspace_id, user)
    return True


@transaction.atomic
def _record_asked(workspace_id: int, user: User | None) -> None:
    data = {"user": user.pk if user else None}
    record(anonymous(workspace_id), RESET_ASKED, topic=STAFF_TOPIC, internal=True, data=data)


def reset_token(user: User, asked_at: datetime) -> str:
    """The secret of the link that was asked for then. It is the same however often it is made."""
    with clock.at(asked_at):
        return f"{user.pk}-{_tokens.make_token(user)}"


def who_may_reset(token: str, *, workspace_id: int) -> User | None:
    """The staff member of this workspace for whom the link is; None for one that is old, used, or no link."""
    pk, _, secret = token.partition("-")
    if not (token.isascii() and pk.isdigit() and len(pk) <= 18):
        return None
    user = _working_here(workspace_id).filter(pk=int(pk)).first()
    return user if _tokens.check_token(user, secret) else None


def reset_password(*, workspace_id: int, token: str, password: str) -> None:
    """Set a new password by a link, which thereby ends, as do all sessions. Raises `NotFound` for a dead link."""
    user = who_may_reset(token, workspace_id=workspace_id)
    if user is None:
        raise NotFound("This link does not work any more.")
    hashed = make_password(checked_password(password, "password", user))
    with transaction.atomic():
        # Two who follow the link at once: the second finds another password, for which the link is none.
        locked = User.objects.select_for_update().get(pk=user.pk)
        if locked.password != user.password:
            raise NotFound("This link does not work any more.")
        _set(anonymous(workspace_id), locked, hashed)
        end_sessions(user=locked)


@transaction.atomic
def _set(viewer: Viewer, user: User, hashed: str) -> None:
    user.password = hashed
    user.save(update_fields=["password"])
    record(viewer, "password.changed", topic=STAFF_TOPIC, internal=True, data={"user": user.pk})


def _working_here(workspace_id: int) -> QuerySet[User]:
    return User.objects.filter(is_active=True, memberships__is_active=True, memberships__workspace_id=workspace_id)
