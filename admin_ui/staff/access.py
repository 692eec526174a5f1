"""The door of every page: nobody gets in without a staff member's session, which is asked anew at each request. Who
still has to set up a second factor gets to the pages for that and to nothing else.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from schema import client


class HtmxRequest(HttpRequest):
    """A request as django-htmx's middleware hands it on."""

    htmx: HtmxDetails
    viewer: client.Viewer


def staff_required[**P](
    view: Callable[Concatenate[HtmxRequest, client.Viewer, P], HttpResponse],
) -> Callable[Concatenate[HtmxRequest, P], HttpResponse]:
    """Give a view the staff member who asks, as its second argument; send everybody else to sign in."""

    @wraps(view)
    def for_staff(request: HtmxRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        viewer = client.staff_viewer(request)
        if viewer is None:
            return _to_sign_in(request)
        request.viewer = viewer
        return view(request, viewer, *args, **kwargs)

    return for_staff


def to_be_secured_too[**P](
    view: Callable[Concatenate[HtmxRequest, client.Viewer, P], HttpResponse],
) -> Callable[Concatenate[HtmxRequest, P], HttpResponse]:
    """As `staff_required`, and also for who has to set up a second factor before anything else."""

    @wraps(view)
    def for_member(request: HtmxRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        viewer = client.staff_viewer(request)
        if viewer is not None:
            request.viewer = viewer  # what may be shown besides
        viewer = viewer or client.viewer_to_be_secured(request)
        return _to_sign_in(request) if viewer is None else view(request, viewer, *args, **kwargs)

    return for_member


def _to_sign_in(request: HtmxRequest) -> HttpResponse:
    """Off to sign-in, and from there back to the page; a text that was sent too late is not lost."""
    if request.htmx:
        response = HttpResponseClientRedirect(_sign_in_address(request.htmx.current_url_abs_path))
        response.status_code = 204
        return response
    if request.method == "POST":
        address = _sign_in_address(None)
        signed_out = {"text": request.POST.get("text", ""), "sign_in": address}
        if signed_out["text"]:
            return render(request, "admin_ui/staff/signed_out.html", signed_out, status=403)
        return HttpResponseRedirect(address, status=303)
    return HttpResponseRedirect(_sign_in_address(request.get_full_path()))


def _sign_in_address(back_to: str | None) -> str:
    """Sign-in, which sends who is signed in, and has no second factor yet, on to set it up."""
    sign_in = reverse("admin:sign_in")
    return f"{sign_in}?{urlencode({REDIRECT_FIELD_NAME: back_to})}" if back_to else sign_in
