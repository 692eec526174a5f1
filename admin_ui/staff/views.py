"""Signing in and out, and the page for an address that nothing answers."""

from math import ceil

from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from admin_ui.staff.access import HtmxRequest, staff_required
from schema import client

OPERATIONS = client.operations_beside(__file__)
signing_in = client.signing_in
_WRONG = "This e-mail address and password do not open this admin. Check both and try again."


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for address and password. A refusal never says which of the two was wrong, or that one is known at all."""
    back_to = page_to_open(request)
    if client.anonymous_viewer(request) is None:
        raise Http404("No store answers to this host.")
    if request.method != "POST":
        if client.viewer_to_be_secured(request) is not None:
            return HttpResponseRedirect(reverse("admin:second_factor"))
        return _form(request) if client.staff_viewer(request) is None else HttpResponseRedirect(back_to)
    try:
        user = signing_in.user_of_password(request, request.POST.get("email", ""), request.POST.get("password", ""))
    except signing_in.TooManyTries as refused:
        return too_many(_form(request, minutes_of(refused), status=429), refused)
    if user is None:
        return _form(request, _WRONG, status=422)
    if not signing_in.begin_session(request, user):
        return HttpResponseRedirect(with_next("admin:sign_in_code", back_to), status=303)
    response = HttpResponseRedirect(back_to, status=303)
    signing_in.remember_browser(request, response)
    return response


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Ask who gave the right password for a code too. Until then they are nobody."""
    back_to = page_to_open(request)
    user = signing_in.pending_user(request)
    if user is None:
        if request.method == "POST" and client.anonymous_viewer(request) is not None:
            return _form(request, "More than ten minutes went by. Sign in again.", status=422)
        return HttpResponseRedirect(with_next("admin:sign_in", back_to))
    page = {"back_to": back_to, "problem": ""}
    if request.method != "POST":
        return render(request, "admin_ui/staff/sign_in_code.html", page)
    try:
        factor = signing_in.code_of_pending(request, user, request.POST.get("code", ""))
    except signing_in.TooManyTries as refused:
        page["problem"] = minutes_of(refused)
        return too_many(render(request, "admin_ui/staff/sign_in_code.html", page, status=429), refused)
    if factor is None:
        page["problem"] = "This code is not right, or was used already. Wait for the next one and type that."
        return render(request, "admin_ui/staff/sign_in_code.html", page, status=422)
    if factor is signing_in.Factor.RECOVERY:
        back_to = with_next("admin:second_factor", back_to) + "&done=recovery"
    response = HttpResponseRedirect(back_to, status=303)
    signing_in.remember_browser(request, response)
    return response


def minutes_of(refused: client.signing_in.TooManyTries) -> str:
    """What to tell who has to wait."""
    minutes = ceil(refused.seconds / 60)
    wait = "a minute" if minutes == 1 else f"{minutes} minutes" if minutes < 120 else f"{ceil(minutes / 60)} hours"
    return f"Too many tries were wrong. This one was not looked at; try again in {wait}."


def too_many(response: HttpResponse, refused: client.signing_in.TooManyTries) -> HttpResponse:
    """The answer, which also tells programs how long to wait."""
    response.headers["Retry-After"] = str(refused.seconds)
    return response


def with_next(name: str, back_to: str) -> str:
    """The address of this name, which leads on to `back_to`."""
    return f"{reverse(name)}?{urlencode({REDIRECT_FIELD_NAME: back_to})}"


def _form(request: HttpRequest, problem: str = "", *, status: int = 200) -> HttpResponse:
    anonymous = client.anonymous_viewer(request)
    page = {
        "workspace": client.run(anonymous, OPERATIONS["SignIn"])["workspace"] if anonymous else None,
        "email": request.POST.get("email", ""),
        "back_to": page_to_open(request),
        "problem": problem,
    }
    return render(request, "admin_ui/staff/sign_in.html", page, status=status)


def page_to_open(request: HttpRequest) -> str:
    """Where to go once signed in: the page that was asked for, when it is one of the admin's."""
    asked = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
    is_local = url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_local and asked.startswith(reverse("admin:home")) else reverse("admin:home")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session. Pages are never stored, so the way back leads to sign-in."""
    logout(request)
    return HttpResponseRedirect(reverse("admin:sign_in"), status=303)


@staff_required
def not_found(request: HtmxRequest, viewer: client.Viewer, rest: str = "") -> HttpResponse:
    """An address of the admin that nothing answers."""
    return no_such_page(request, viewer)


def no_such_page(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The admin's page for what is not there."""
    return render(request, "admin_ui/staff/not_found.html", {"viewer": viewer}, status=404)


def refused(
    request: HtmxRequest, viewer: client.Viewer, problem: str, *, back_to: str, back: str = "Back to the order"
) -> HttpResponse:
    """The admin's page for what was not done, when there is no form to say it at."""
    page = {"viewer": viewer, "problem": problem, "back_to": back_to, "back": back}
    return render(request, "admin_ui/staff/refused.html", page, status=422)
