"""Where one is signed in, and ending that."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from admin_ui.staff.access import HtmxRequest, staff_required
from schema import client


@require_safe
@staff_required
def sessions(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The browsers in which one is signed in, this one first."""
    return _list(request, viewer)


@require_POST
@staff_required
def end(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """End one of them."""
    refusal = client.account.end_session(request, request.POST.get("session", ""))
    return _list(request, viewer, refusal["message"]) if refusal else _back()


@require_POST
@staff_required
def end_others(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """End all but this one."""
    client.account.end_other_sessions(request)
    return _back()


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:sessions"), status=303)


def _list(request: HtmxRequest, viewer: client.Viewer, problem: str = "") -> HttpResponse:
    rows = [
        {
            "handle": one.handle,
            "name": client.program_in_words(one.program),
            "address": one.address,
            "began_at": one.began_at.isoformat(),
            "here": one.here,
        }
        for one in client.account.my_sessions(request)
    ]
    page = {"viewer": viewer, "sessions": rows, "problem": problem}
    return render(request, "admin_ui/account/sessions.html", page, status=422 if problem else 200)
