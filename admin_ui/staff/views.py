"""Signing in and out, and the page for an address that nothing answers."""

from django.contrib.auth import REDIRECT_FIELD_NAME, authenticate, login, logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from admin_ui.staff.access import HtmxRequest, staff_required
from schema import client

OPERATIONS = client.operations_beside(__file__)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for address and password. A refusal never says which of the two was wrong, or that one is known at all."""
    anonymous = client.anonymous_viewer(request)
    if anonymous is None:
        raise Http404("No store answers to this host.")
    back_to = _page_to_open(request)
    if request.method == "POST":
        if _signed_in(request):
            return HttpResponseRedirect(back_to, status=303)
    elif client.staff_viewer(request) is not None:
        return HttpResponseRedirect(back_to)
    page = {
        "workspace": client.run(anonymous, OPERATIONS["SignIn"])["workspace"],
        "email": request.POST.get("email", ""),
        "back_to": back_to,
        "refused": request.method == "POST",
    }
    return render(request, "admin_ui/staff/sign_in.html", page, status=422 if page["refused"] else 200)


def _signed_in(request: HttpRequest) -> bool:
    """Begin a session for who is a staff member of this workspace, and for nobody else."""
    email, password = request.POST.get("email", ""), request.POST.get("password", "")
    visitor = request.user
    user = authenticate(request, username=email.replace("\0", ""), password=password)
    if user is None:
        return False
    request.user = user
    if client.staff_viewer(request) is None:
        request.user = visitor
        return False
    login(request, user)
    client.account.note_sign_in(request)
    return True


def _page_to_open(request: HttpRequest) -> str:
    """Where to go once signed in: the page that was asked for, when it is one of the admin's."""
    asked = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
    is_local = url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_local and asked.startswith(reverse("admin:home")) else reverse("admin:orders")


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


def refused(request: HtmxRequest, viewer: client.Viewer, problem: str, *, back_to: str) -> HttpResponse:
    """The admin's page for what was not done, when there is no form to say it at."""
    page = {"viewer": viewer, "problem": problem, "back_to": back_to}
    return render(request, "admin_ui/staff/refused.html", page, status=422)
