"""The second factor of who is signed in: how it stands, setting it up, and turning it off (AC-10)."""

from dataclasses import dataclass
from typing import cast

from django.http import HttpRequest

from counterfoil.access import second_factor
from counterfoil.access.models import User
from counterfoil.access.problems import Invalid
from schema.identity import SECOND_FACTOR

__all__ = ["Invalid", "State", "begin", "cancel", "confirm", "new_recovery_codes", "state", "turn_off"]

_SETTING_UP = "second_factor_set_up"


@dataclass(frozen=True, slots=True)
class State:
    """Whether it is on, how many recovery codes are left, and of a set-up that was begun in this browser the secret,
    and `picture`, the text of the picture for the app's camera.
    """

    on: bool
    codes_left: int = 0
    secret: str = ""
    picture: str = ""


def state(request: HttpRequest, *, issuer: str = "Counterfoil") -> State:
    """How it stands; `issuer` is what the app calls this place."""
    user = _user(request)
    if second_factor.has_second_factor(user.pk):
        return State(on=True, codes_left=second_factor.recovery_codes_left(user.pk))
    device = second_factor.being_set_up(user.pk, request.session.get(_SETTING_UP))
    if device is None:
        return State(on=False)
    picture = second_factor.address_of(device, issuer=issuer, account=user.email)
    return State(on=False, secret=second_factor.secret_of(device), picture=picture)


def begin(request: HttpRequest) -> None:
    """Begin a set-up with a new secret, which this browser alone can go on with. Raises `Invalid` where it is on."""
    request.session[_SETTING_UP] = second_factor.begin(_user(request).pk)


def cancel(request: HttpRequest) -> None:
    """Take a set-up back."""
    second_factor.cancel(_user(request).pk)
    request.session.pop(_SETTING_UP, None)


def confirm(request: HttpRequest, code: str) -> list[str]:
    """Turn it on with a code of the new secret; gives the recovery codes. Other browsers have to sign in again.

    Raises `Invalid`, for a wrong code with the field `code`.
    """
    user = _user(request)
    codes = second_factor.confirm(user.pk, request.session.get(_SETTING_UP), code)
    request.session.cycle_key()
    request.session[SECOND_FACTOR] = request.session.pop(_SETTING_UP)
    return codes


def new_recovery_codes(request: HttpRequest) -> list[str]:
    """Other recovery codes instead of those before. Raises `Invalid` where it is off."""
    return second_factor.new_recovery_codes(_user(request).pk)


def turn_off(request: HttpRequest) -> None:
    """Sign in by password alone. Raises `Invalid` where a workspace requires more."""
    second_factor.turn_off(_user(request).pk)
    request.session.pop(SECOND_FACTOR, None)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
