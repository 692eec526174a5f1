"""Links in mails that carry a secret. Following one changes nothing on the server, so that a scanner of mails may: the
secret goes into a cookie of this browser, and the address goes on without it (AC-8).
"""

from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from schema import client

_KEPT = timedelta(hours=1)


def go_on(name: str, token: str) -> HttpResponse:
    """Keep the secret of a link in this browser for an hour, and lead on to the page of this name."""
    response = HttpResponseRedirect(reverse(f"admin:{name}"), status=303)
    response.set_signed_cookie(
        _cookie(name),
        token,
        salt=_salt(name),
        max_age=_KEPT,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def kept(request: HttpRequest, name: str) -> str:
    """The secret of the link that this browser followed; empty for none."""
    try:
        return request.get_signed_cookie(_cookie(name), "", salt=_salt(name), max_age=_KEPT) or ""
    except BadSignature:
        return ""


def to_sign_in(name: str) -> HttpResponse:
    """Lead on to sign-in once the link has done its work, and forget its secret. Sign-in says what was done."""
    response = HttpResponseRedirect(f"{reverse('admin:sign_in')}?done={name}", status=303)
    response.delete_cookie(_cookie(name))
    return response


def dead(request: HttpRequest, name: str) -> HttpResponse:
    """The page for a link that opens nothing: old, used, or not whole."""
    return render(request, "admin_ui/staff/dead_link.html", {"link": name}, status=404)


def require_store(request: HttpRequest) -> client.Viewer:
    """Nobody in particular at this host. No page of ours stands at a host without a store."""
    viewer = client.anonymous_viewer(request)
    if viewer is None:
        raise Http404("No store answers to this host.")
    return viewer


def _cookie(name: str) -> str:
    return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name


def _salt(name: str) -> str:
    return f"counterfoil.link.{name}"
