"""Signing in to the admin: a password, then a code where the user has a second factor, and both again before what is
dangerous (AC-10).

Guesses are counted for an account together with the network that they come from, and for each network; never for an
account alone, or anybody could lock its owner out. A browser that has signed in before has tries of its own.
"""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import authenticate, login
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare, salted_hmac

from counterfoil.access import clock, second_factor
from counterfoil.access.models import User
from counterfoil.access.problems import Invalid
from counterfoil.access.second_factor import Factor
from counterfoil.access.tries import DAY, Limit, TooManyTries, give_back, reserve
from counterfoil.staff.sessions import forget_expired
from schema.identity import SECOND_FACTOR, address_of, is_staff, network_of, store_of_request

__all__ = [
    "Factor",
    "Invalid",
    "TooManyTries",
    "begin_session",
    "code_of_pending",
    "has_second_factor",
    "pending_user",
    "prove",
    "proved_lately",
    "remember_browser",
    "user_of_password",
]

PASSWORDS, PASSWORDS_OF_NETWORK = 10, 100
CODES, CODES_A_DAY = 5, 100
_CODE_WITHIN = _PROOF_LASTS = timedelta(minutes=10)
_PENDING, _PROVED_AT = "signing_in", "proved_at"
_BROWSER_SALT = "counterfoil.known-browser"
_BROWSER_AGE = 365 * 24 * 3600


def user_of_password(request: HttpRequest, email: str, password: str) -> User | None:
    """Who signs in here with these two: a staff member of this workspace, or nobody. That takes the same time for an
    address that nobody has.

    Raises `TooManyTries`, without a look at the password.
    """
    email = email.replace("\0", "")
    network = network_of(request)
    limits = _reserve(
        request, "password", _account(email), PASSWORDS, Limit("password", (network,), PASSWORDS_OF_NETWORK)
    )
    user = authenticate(request, username=email, password=password)
    if not isinstance(user, User) or not _is_staff_here(request, user):
        return None
    give_back(*limits)
    return user


def begin_session(request: HttpRequest, user: User) -> bool:
    """Sign in who gave the right password; False where a code is due first, and until then the session is nobody's."""
    if not second_factor.has_second_factor(user.pk):
        _enter(request, user)
        return True
    request.session.flush()
    request.user = AnonymousUser()
    request.session[_PENDING] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "at": clock.now().isoformat(),
    }
    return False


def pending_user(request: HttpRequest) -> User | None:
    """Who gave the right password in this browser in the last ten minutes, and no code yet."""
    pending = request.session.get(_PENDING)
    if not pending or clock.now() - datetime.fromisoformat(pending["at"]) > _CODE_WITHIN:
        return None
    user = User.objects.filter(pk=pending["user"], is_active=True).first()
    if user is None or not constant_time_compare(pending["password"], user.get_session_auth_hash()):
        return None
    return user if _is_staff_here(request, user) else None


def code_of_pending(request: HttpRequest, user: User, code: str) -> Factor | None:
    """Sign in with a code of the app or a recovery code; gives which, and None for a wrong one.

    Raises `TooManyTries`, without a look at the code.
    """
    factor = _used(request, user, code)
    if factor is not None:
        _enter(request, user)
        _note_second_factor(request, user)
    return factor


def has_second_factor(request: HttpRequest) -> bool:
    """Whether the user who is signed in has one."""
    return isinstance(request.user, User) and second_factor.has_second_factor(request.user.pk)


# Once more, before what is dangerous.


def proved_lately(request: HttpRequest) -> bool:
    """Whether this browser has proved in the last ten minutes who is at it; signing in is a proof."""
    noted: str | None = request.session.get(_PROVED_AT)
    return noted is not None and clock.now() - datetime.fromisoformat(noted) <= _PROOF_LASTS


def prove(request: HttpRequest, password: str, code: str) -> None:
    """Prove again who is at this browser.

    Raises `Invalid` with the `field` that is wrong, `password` or `code`, and `TooManyTries`.
    """
    user = request.user
    if not isinstance(user, User) or user_of_password(request, user.email, password) != user:
        raise Invalid("This is not your password. Type it again.", field="password")
    if second_factor.has_second_factor(user.pk):
        if _used(request, user, code) is None:
            raise Invalid("This code is not right, or was used already. Wait for the next one.", field="code")
        _note_second_factor(request, user)
    request.session[_PROVED_AT] = clock.now().isoformat()


# The browser.


def remember_browser(request: HttpRequest, response: HttpResponseBase) -> None:
    """Let this browser have tries of its own from now on, as long as its user keeps their password."""
    if not isinstance(user := request.user, User):
        return
    browser = _known_browser(request, _account(user.email)) or secrets.token_urlsafe(16)
    response.set_cookie(
        _browser_cookie(),
        signing.dumps([user.pk, browser, _password_mark(user)], salt=_BROWSER_SALT),
        max_age=_BROWSER_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _known_browser(request: HttpRequest, account: str) -> str | None:
    """The id of a browser that this account has signed in with, under the password that it still has."""
    try:
        cookie = request.COOKIES.get(_browser_cookie(), "")
        pk, browser, mark = signing.loads(cookie, salt=_BROWSER_SALT, max_age=_BROWSER_AGE)
        user = User.objects.filter(pk=int(pk)).first()
    except (signing.BadSignature, ValueError, TypeError):
        return None
    known = user is not None and _account(user.email) == account and constant_time_compare(mark, _password_mark(user))
    return str(browser) if known else None


def _password_mark(user: User) -> str:
    return salted_hmac(_BROWSER_SALT, user.password, algorithm="sha256").hexdigest()[:32]


def _browser_cookie() -> str:
    return "__Host-browser" if settings.SESSION_COOKIE_SECURE else "browser"


# Tries.


def _reserve(request: HttpRequest, purpose: str, account: str, most: int, wider: Limit) -> tuple[Limit, ...]:
    """Count a guess, and say where: for a browser that is known and has not used up its tries, there alone."""
    if browser := _known_browser(request, account):
        own = Limit(purpose, ("browser", browser), most)
        with suppress(TooManyTries):
            reserve(own)
            return (own,)
    limits = (Limit(purpose, (network_of(request), account), most), wider)
    reserve(*limits)
    return limits


def _account(email: str) -> str:
    """The address without what databases overlook when they look for it, so that one account has one count."""
    return email.strip().upper().casefold()


# Sessions.


def _used(request: HttpRequest, user: User, code: str) -> Factor | None:
    wider = Limit("code", (str(user.pk),), CODES_A_DAY, DAY)
    limits = _reserve(request, "code", _account(user.email), CODES, wider)
    factor = second_factor.use(user.pk, code)
    if factor is not None:
        give_back(*limits)
    return factor


def _enter(request: HttpRequest, user: User) -> None:
    """Begin the user's session, under a key that nobody has seen before."""
    forget_expired()
    request.session.pop(_PENDING, None)
    login(request, user)
    request.session[_PROVED_AT] = clock.now().isoformat()
    request.session.note_browser(  # type: ignore[attr-defined]
        address=address_of(request), program=request.headers.get("User-Agent", "")
    )


def _note_second_factor(request: HttpRequest, user: User) -> None:
    request.session[SECOND_FACTOR] = second_factor.device_of(user.pk)


def _is_staff_here(request: HttpRequest, user: User) -> bool:
    store = store_of_request(request)
    return store is not None and is_staff(user, store.workspace_id)
