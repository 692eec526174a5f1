"""The doors of the pages of partners' programs."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.http import HttpResponse
from django.shortcuts import render

from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.step_up import step_up
from schema import client

PERMISSION = "partners:write"


def program_manager_required[**P](
    view: Callable[Concatenate[HtmxRequest, client.Viewer, P], HttpResponse],
) -> Callable[Concatenate[HtmxRequest, P], HttpResponse]:
    """Give a view the staff member who asks, if they manage programs; tell other staff why not."""

    @wraps(view)
    def for_manager(request: HtmxRequest, viewer: client.Viewer, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not client.may(viewer, PERMISSION):
            page = {"viewer": viewer, "permission": PERMISSION}
            return render(request, "admin_ui/programs/forbidden.html", page, status=403)
        return view(request, viewer, *args, **kwargs)

    return staff_required(for_manager)


def secret_viewer_required[**P](
    view: Callable[Concatenate[HtmxRequest, client.Viewer, P], HttpResponse],
) -> Callable[Concatenate[HtmxRequest, P], HttpResponse]:
    """The door of the pages that show a secret: whoever manages programs, and has proved lately who they are."""
    return program_manager_required(step_up(view))
