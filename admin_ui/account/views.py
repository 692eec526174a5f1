"""What a staff member sees and changes of their own: how they sign in, and where they are signed in."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from admin_ui.staff.access import HtmxRequest, staff_required
from schema import client


@require_safe
@staff_required
def account(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Who is signed in, and how."""
    page = {"viewer": viewer, "second_factor": client.second_factor.state(request)}
    return render(request, "admin_ui/account/account.html", page)
