"""The doors of the pages of partners' programs."""

from collections.abc import Callable
from typing import Concatenate

from django.http import HttpResponse

from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.step_up import step_up
from schema import client


def program_manager_required[**P](
    view: Callable[Concatenate[HtmxRequest, client.Viewer, P], HttpResponse],
) -> Callable[Concatenate[HtmxRequest, P], HttpResponse]:
    """Give a view the staff member who asks, if they manage programs; tell other staff why not."""
    return staff_required(needs("partners:write")(view))


def proved_manager_required[**P](
    view: Callable[Concatenate[HtmxRequest, client.Viewer, P], HttpResponse],
) -> Callable[Concatenate[HtmxRequest, P], HttpResponse]:
    """The door of the pages that show a secret or say what a program may: whoever manages programs, and has proved
    lately who they are.
    """
    return program_manager_required(step_up(view))
