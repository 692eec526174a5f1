"""Asking once more who is there, before something dangerous is done (AC-10)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters

from admin_ui.staff.access import HtmxRequest
from admin_ui.staff.views import minutes_of, too_many
from schema import client

PASSWORD, CODE = "proof_password", "proof_code"
signing_in = client.signing_in


def step_up[**P](
    view: Callable[Concatenate[HtmxRequest, client.Viewer, P], HttpResponse],
) -> Callable[Concatenate[HtmxRequest, client.Viewer, P], HttpResponse]:
    """Let a POST through to the view when this browser proved in the last ten minutes who is there. Ask for the proof
    otherwise, and then go on with what was posted; not with passwords and files, which no page carries along.

    Stands below `staff_required`.
    """

    @wraps(view)
    def once_proved(request: HtmxRequest, viewer: client.Viewer, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method in ("GET", "HEAD") or signing_in.proved_lately(request):
            return view(request, viewer, *args, **kwargs)
        problems: dict[str, str] = {}
        wait = None
        if PASSWORD in request.POST:
            try:
                signing_in.prove(request, request.POST[PASSWORD], request.POST.get(CODE, ""))
            except signing_in.Invalid as invalid:
                problems = {str(invalid.field): invalid.message}
            except signing_in.TooManyTries as refused:
                problems, wait = {"password": minutes_of(refused)}, refused
            else:
                request.POST = cast(Any, _original(request.POST))
                return view(request, viewer, *args, **kwargs)
        response = _question(request, viewer, problems, status=429 if wait else 422)
        return too_many(response, wait) if wait else response

    return sensitive_post_parameters(PASSWORD, CODE)(once_proved)


def _question(request: HtmxRequest, viewer: client.Viewer, problems: dict[str, str], *, status: int) -> HttpResponse:
    """The page that asks for the proof, and carries along what was posted."""
    page = {
        "viewer": viewer,
        "address": request.get_full_path(),
        "carried": [(name, value) for name, values in _original(request.POST).lists() for value in values],
        "password_problem": problems.get("password", ""),
        "problem": problems.get("code", ""),
        "has_second_factor": signing_in.has_second_factor(request),
    }
    response = render(request, "admin_ui/staff/step_up.html", page, status=status)
    if request.htmx:
        for name, value in (("HX-Retarget", "body"), ("HX-Reswap", "innerHTML"), ("HX-Push-Url", "false")):
            response.headers[name] = value
    return response


def _original(posted: QueryDict) -> QueryDict:
    """What was posted to the view itself."""
    original = posted.copy()
    for name in posted:
        if name in (CODE, "csrfmiddlewaretoken") or "password" in name:
            del original[name]
    return original
