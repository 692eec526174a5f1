"""What the workspace does about its security."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from admin_ui.forms import fresh_key, key_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.step_up import step_up
from schema import client

OPERATIONS = client.operations_beside(__file__)


@require_safe
@staff_required
@needs("order_keys:rotate")
def security(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """How many links are out there, and how to end them."""
    return _page(request, viewer)


@require_POST
@staff_required
@needs("order_keys:rotate")
@step_up
def rotate_links(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """End every customer's link."""
    given = {"clientMutationKey": key_of(request)}
    result = client.run(viewer, OPERATIONS["RotateAllOrderKeys"], {"input": given})["rotateAllOrderKeys"]
    if result["__typename"] == "Problem":
        return _page(request, viewer, problem=result["message"])
    return HttpResponseRedirect(f"{reverse('admin:security')}?done=links", status=303)


def _page(request: HtmxRequest, viewer: client.Viewer, *, problem: str = "") -> HttpResponse:
    page = {
        "viewer": viewer,
        "links": client.run(viewer, OPERATIONS["Security"])["orderLinks"],
        "key": fresh_key(),
        "problem": problem,
        "renewed": request.GET.get("done") == "links",
    }
    return render(request, "admin_ui/security/security.html", page, status=422 if problem else 200)
