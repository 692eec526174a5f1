"""Linked accounts on a customer's profile: whom they have to do with (IN-9)."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from admin_ui.customers.candidates import linking_of
from admin_ui.customers.profile import LINKED, OPERATIONS, customer_page
from admin_ui.forms import fresh_key, key_of
from admin_ui.interactions.card import profile_address
from admin_ui.regions import is_current, version_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page
from schema import client

CARD = "admin_ui/customers/_linked.html"
NOBODY = "Look for the other customer by name, then choose them."
TYPED = ("link", "other", "reason")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("customers:read")
def linked(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """The accounts that a customer is linked with, by themselves, or with `link` those that it could be; a POST links
    it with `other`.
    """
    if request.method == "POST":
        return _link(request, viewer, gid)
    found = client.run(viewer, OPERATIONS["LinkedAccounts"], {"id": gid, "linked": LINKED})["customer"]
    if not found:
        return no_such_page(request, viewer)
    if "link" in request.GET:
        page = {"customer": found, "key": fresh_key(), **linking_of(viewer, found, {"link": request.GET["link"]})}
        return render(request, f"{CARD}#candidates", page)
    version = version_of(found["linkedAccounts"])
    if is_current(request, version):
        return HttpResponse(status=204)
    page = {"customer": found, "key": fresh_key(), "linked_version": version}
    return render(request, f"{CARD}#accounts", page)


@require_POST
@staff_required
@needs("customers:read")
def unlink(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """Let two customers point at each other no more: `other`."""
    given = {"clientMutationKey": key_of(request), "customerId": gid, "otherId": request.POST.get("other", "")}
    result = client.run(viewer, OPERATIONS["UnlinkCustomers"], {"input": given})["result"]
    return _answer(request, viewer, gid, result, done="unlinked")


def _link(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    typed = {name: request.POST.get(name, "") for name in TYPED}
    if not typed["other"]:
        return customer_page(request, viewer, gid, linking={**typed, "problem": NOBODY, "field": "link"})
    given = {
        "clientMutationKey": key_of(request),
        "customerId": gid,
        "otherId": typed["other"],
        "reason": typed["reason"],
    }
    result = client.run(viewer, OPERATIONS["LinkCustomers"], {"input": given})["result"]
    return _answer(request, viewer, gid, result, done="linked", typed=typed)


def _answer(
    request: HtmxRequest,
    viewer: client.Viewer,
    gid: str,
    result: dict[str, Any],
    *,
    done: str,
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    """The profile at its linked accounts, or with the reason why nothing was done and what was typed."""
    if result["__typename"] == "Problem":
        refused = {**(typed or {}), "problem": result["message"], "field": result.get("field") or ""}
        return customer_page(request, viewer, gid, linking=refused)
    return HttpResponseRedirect(profile_address(gid, f"?done={done}", "linked"), status=303)
