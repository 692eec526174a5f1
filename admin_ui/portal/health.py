"""Settings, Portal: whether a store's domain leads here, its pages answer, and its mails can leave (OR-5)."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from admin_ui.forms import fresh_key, key_of
from admin_ui.portal.views import OPERATIONS
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page
from schema import client

SUBJECTS = {
    "DOMAIN": "The domain",
    "PAGE": "Its first page",
    "PORTAL": "The portal",
    "MAIL_SERVER": "The mail server",
    "SENDER": "The sender of mails",
}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("settings:write")
def health(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """What was found when the store was checked last; a POST checks it now, which nothing else does."""
    store = client.run(viewer, OPERATIONS["StoreHealth"], {"id": gid})["store"]
    if not store:
        return no_such_page(request, viewer)
    if request.method != "POST":
        return _page(request, viewer, store)
    given = {"clientMutationKey": key_of(request), "storeId": store["id"]}
    result = client.run(viewer, OPERATIONS["CheckStore"], {"input": given})["result"]
    if result["__typename"] == "Problem":
        return _page(request, viewer, store, problem=result["message"])
    return HttpResponseRedirect(f"{reverse('admin:store_health', args=[store['id']])}?done=checked", status=303)


def _page(request: HtmxRequest, viewer: client.Viewer, store: dict[str, Any], *, problem: str = "") -> HttpResponse:
    found = store["health"]
    checks = [{**check, "about": SUBJECTS[check["subject"]]} for check in found["checks"]] if found else []
    page = {
        "viewer": viewer,
        "store": store,
        "checked_at": found and found["checkedAt"],
        "checks": checks,
        "failures": sum(check["verdict"] == "FAILED" for check in checks),
        "done": request.GET.get("done") == "checked",
        "key": fresh_key(),
        "problem": problem,
    }
    return render(request, "admin_ui/portal/health.html", page, status=422 if problem else 200)
