"""Signed cookies: what a browser is handed, and can't change. Behind HTTPS their names bind them to the host."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase


def name_of(cookie: str) -> str:
    """What a cookie is called on this server."""
    return f"__Host-{cookie}" if settings.SESSION_COOKIE_SECURE else cookie


def read(request: HttpRequest, cookie: str, *, max_age: int | None = None) -> Any:
    """What the browser was handed; None for nothing, too old, or not of ours."""
    return opened(request.COOKIES.get(name_of(cookie), ""), cookie, max_age=max_age)


def opened(text: str, purpose: str, *, max_age: int | None = None) -> Any:
    """What was sealed for this purpose; None for what was not."""
    try:
        return signing.loads(text, salt=f"counterfoil.{purpose}", max_age=max_age)
    except (signing.BadSignature, ValueError):
        return None


def sealed(content: object, purpose: str) -> str:
    """Text that can be read by everybody, and changed by nobody."""
    return signing.dumps(content, salt=f"counterfoil.{purpose}")


def hand(response: HttpResponseBase, cookie: str, content: object, *, max_age: float | None) -> None:
    """Hand it to the browser for so many seconds; without any, until the browser is closed."""
    response.set_cookie(
        name_of(cookie),
        sealed(content, cookie),
        max_age=None if max_age is None else int(max_age),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def take_back(response: HttpResponseBase, cookie: str) -> None:
    """Make the browser forget it."""
    response.delete_cookie(name_of(cookie), samesite="Lax")
