"""Settings, Portal: how buyers get in, and what each store does by itself (AC-5, AC-6, AC-7, OR-1)."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from admin_ui.forms import fresh_key, key_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page
from schema import client

OPERATIONS = client.operations_beside(__file__)

MOST_STORES = 100
# What a switch of a store's form is called in the schema.
SWITCHES = {"confirms": "confirmsOrders", "announces": "announcesParcels", "sticky": "stickyContact"}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("settings:write")
def portal(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """All of it; a POST says whether strict security is on."""
    if request.method == "POST":
        strict = request.POST.get("strict") == "yes"
        return _done(request, viewer, "SetPortalSettings", "strict", {"strictSecurity": strict})
    return _page(request, viewer)


@require_POST
@staff_required
@needs("settings:write")
def link(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """End the public link, everywhere and at once, and make a new one."""
    return _done(request, viewer, "RotatePublicLink", "link", {})


@require_POST
@staff_required
@needs("settings:write")
def store(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """Turn on or off what a store does by itself: `confirms`, `announces` and `sticky`, each yes or no."""
    found = client.run(viewer, OPERATIONS["StoreSettings"], {"id": gid})["store"]
    if not found:
        return no_such_page(request, viewer)
    given = {
        ours: request.POST[name] == "yes" if name in request.POST else found[ours] for name, ours in SWITCHES.items()
    }
    return _done(request, viewer, "SetStoreSettings", found["id"], {"storeId": gid, **given})


def _done(
    request: HtmxRequest, viewer: client.Viewer, operation: str, part: str, given: dict[str, Any]
) -> HttpResponse:
    """Do it, and show the part of the page that it concerns; or the page with the reason why it was not done."""
    given = {"clientMutationKey": key_of(request), **given}
    result = client.run(viewer, OPERATIONS[operation], {"input": given})["result"]
    if result["__typename"] == "Problem":
        return _page(request, viewer, problem=result["message"])
    return HttpResponseRedirect(f"{reverse('admin:portal_settings')}?done={part}#{part}", status=303)


def _page(request: HtmxRequest, viewer: client.Viewer, *, problem: str = "") -> HttpResponse:
    page = {
        "viewer": viewer,
        **client.run(viewer, OPERATIONS["PortalSettings"], {"stores": MOST_STORES}),
        "key": fresh_key(),
        "done": request.GET.get("done", ""),
        "problem": problem,
    }
    return render(request, "admin_ui/portal/portal.html", page, status=422 if problem else 200)
