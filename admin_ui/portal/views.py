"""Settings, Portal: how buyers get in, what they may change, and what stores do (AC-5 to AC-7, OR-1, OR-7)."""

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
CHANGES = {
    "quantities": (
        "Quantities",
        "How much of each line, down to none, at the prices of their order. Until you confirm the order.",
    ),
    "note": ("Note", "What they ask of you about the order. It stands on the order’s page for you and for them."),
    "address": ("Addresses", "Where it goes, and who is billed: for who has signed in. A link alone shows no address."),
    "cancel": ("Cancel", "They are asked once more. You see it at once; nothing is sent any more."),
}
UNITS = {"minutes": 1, "hours": 60, "days": 24 * 60}  # in minutes
_LONGEST_TYPED = 40


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
def changes(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Let customers change a part of their orders, or not: each of `CHANGES`, yes or no. Or say for how long: `amount`
    of a `unit`.
    """
    if "amount" not in request.POST:
        given = {name: request.POST[name] == "yes" for name in CHANGES if name in request.POST}
        return _done(request, viewer, "SetOrderEditing", "changes", given)
    amount, unit = request.POST["amount"].strip()[:_LONGEST_TYPED], request.POST.get("unit", "")
    window = {"amount": amount, "unit": unit, "problem": "Write a whole number, such as 2, and choose its unit."}
    if not amount.isdecimal() or unit not in UNITS:
        return _page(request, viewer, window=window)
    minutes = min(int(amount) * UNITS[unit], 2**31 - 1)
    asked = {"clientMutationKey": key_of(request), "minutes": minutes}
    result = client.run(viewer, OPERATIONS["SetOrderEditing"], {"input": asked})["result"]
    if result["__typename"] == "Problem":
        return _page(request, viewer, window={**window, "problem": result["message"]})
    return _see("changes")


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
    return _see(part)


def _see(part: str) -> HttpResponse:
    """What was done, where it stands."""
    return HttpResponseRedirect(f"{reverse('admin:portal_settings')}?done={part}#{part}", status=303)


def _page(
    request: HtmxRequest, viewer: client.Viewer, *, problem: str = "", window: dict[str, str] | None = None
) -> HttpResponse:
    data = client.run(viewer, OPERATIONS["PortalSettings"], {"stores": MOST_STORES})
    editing = data["workspace"]["orderEditing"]
    page = {
        "viewer": viewer,
        **data,
        "changes": [
            {"name": name, "label": label, "hint": hint, "on": editing[name]} for name, (label, hint) in CHANGES.items()
        ],
        "units": list(UNITS),
        "window": window or _window_of(editing["minutes"]),
        "key": fresh_key(),
        "done": request.GET.get("done", ""),
        "problem": problem,
    }
    return render(request, "admin_ui/portal/portal.html", page, status=422 if problem or window else 200)


def _window_of(minutes: int) -> dict[str, Any]:
    """So many minutes in the largest unit that holds them whole."""
    unit = max((name for name, size in UNITS.items() if minutes % size == 0), key=lambda name: UNITS[name])
    return {"amount": minutes // UNITS[unit], "unit": unit, "problem": ""}
