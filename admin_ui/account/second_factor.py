"""The second factor of a staff member: setting it up, its recovery codes, and turning it off."""

import segno
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from admin_ui.staff.access import HtmxRequest, staff_required, to_be_secured_too
from admin_ui.staff.step_up import step_up
from admin_ui.staff.views import page_to_open
from schema import client

OPERATIONS = client.operations_beside(__file__)
_PAGE = "admin_ui/account/second_factor.html"


@require_safe
@to_be_secured_too
def second_factor(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Whether it is on, or how to set it up."""
    return _page(request, viewer)


@require_POST
@to_be_secured_too
@step_up
def begin(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Make a secret, and go on to show it."""
    try:
        client.second_factor.begin(request)
    except client.second_factor.Invalid as invalid:
        return _page(request, viewer, flash=invalid.message)
    return HttpResponseRedirect(reverse("admin:second_factor"), status=303)


@require_POST
@to_be_secured_too
def cancel(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Take a set-up back."""
    client.second_factor.cancel(request)
    return HttpResponseRedirect(reverse("admin:second_factor"), status=303)


@sensitive_post_parameters("code")
@require_POST
@to_be_secured_too
def confirm(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Turn it on by a code of the app; what is wrong stands at the code, and the secret stays."""
    try:
        codes = client.second_factor.confirm(request, request.POST.get("code", ""))
    except client.second_factor.Invalid as invalid:
        about_code = invalid.field == "code"
        return _page(
            request, viewer, problem=invalid.message if about_code else "", flash="" if about_code else invalid.message
        )
    return _shown_once(request, viewer, codes, title="Your second factor is on")


@require_POST
@staff_required
@step_up
def codes(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Other recovery codes."""
    try:
        fresh = client.second_factor.new_recovery_codes(request)
    except client.second_factor.Invalid as invalid:
        return _page(request, viewer, flash=invalid.message)
    return _shown_once(request, viewer, fresh, title="Your new recovery codes")


@require_POST
@staff_required
@step_up
def off(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Sign in by password alone from now on."""
    try:
        client.second_factor.turn_off(request)
    except client.second_factor.Invalid as invalid:
        return _page(request, viewer, flash=invalid.message)
    return HttpResponseRedirect(reverse("admin:account"), status=303)


def _page(request: HtmxRequest, viewer: client.Viewer, *, problem: str = "", flash: str = "") -> HttpResponse:
    workspace = client.run(viewer, OPERATIONS["SecondFactor"])["workspace"]
    state = client.second_factor.state(request, issuer=workspace["name"])
    page = {
        "viewer": viewer,
        "layout": _layout(request),
        "workspace": workspace,
        "state": state,
        "secret": " ".join(state.secret[place : place + 4] for place in range(0, len(state.secret), 4)),
        "picture": _picture(state.picture) if state.picture else "",
        "problem": problem,
        "flash": flash,
        "came_by_recovery_code": request.GET.get("done") == "recovery",
        "back_to": page_to_open(request),
    }
    return render(request, _PAGE, page, status=422 if problem or flash else 200)


def _shown_once(request: HtmxRequest, viewer: client.Viewer, codes: list[str], *, title: str) -> HttpResponse:
    page = {"viewer": viewer, "layout": _layout(request), "codes": codes, "title": title}
    return render(request, "admin_ui/account/recovery_codes.html", page)


def _layout(request: HtmxRequest) -> str:
    """The settings; for who gets in only once it is set up, a page by itself."""
    alone = client.staff_viewer(request) is None
    return "admin_ui/account/alone.html" if alone else "admin_ui/settings/base.html"


def _picture(text: str) -> SafeString:
    """The QR code, dark on light in either colour scheme, as cameras need it."""
    svg = segno.make(text, error="m").svg_inline(scale=4, border=4, dark="#000", light="#fff", svgclass=None)
    return mark_safe(svg)
