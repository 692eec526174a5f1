"""The story of a customer, and of one order: what happened, day by day, the newest first (IN-11).

The newest entries stand in a region that fetches itself again. It asks for everything down to its own last entry, so
that what was loaded behind it stays where it is, and nothing is shown twice or left out in between.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from admin_ui.orders.views import header_of
from admin_ui.paging import run_page
from admin_ui.regions import is_current, version_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page
from admin_ui.timeline.prose import told
from schema import client

OPERATIONS = client.operations_beside(__file__)

STORY = "admin_ui/timeline/_story.html"
A_PAGE = 30
A_FEW = 10
MOST = 100
# What to narrow a story by: the word on the chip, and what to read, in one of these ways, to find anything there.
GROUPS: Mapping[str, tuple[str, tuple[set[str], ...]]] = {
    "orders": ("Orders", ({"orders:read"},)),
    "parcels": ("Parcels", ({"orders:read"},)),
    "messages": ("Messages", ({"orders:read", "messages:read"}, {"orders:read", "notes:read"})),
    "mails": ("Mails", ({"orders:read"},)),
    "payments": ("Payments", ({"orders:read"},)),
    "interactions": ("Interactions", ({"customers:read", "interactions:read"},)),
    "access": ("Access", ({"orders:read"}, {"customer_links:read"})),
    "customer": ("Customer", ({"customers:read"},)),
}
OF_ORDERS = [group for group in GROUPS if group != "customer"]


@require_safe
@staff_required
@needs("customers:read", "orders:read")
def customer(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """The story of a customer."""
    data, lost = _run(request, viewer, "CustomerTimeline", {"id": gid})
    found = data["customer"]
    if not found:
        return no_such_page(request, viewer)
    topics = f"story_{gid.removeprefix('customer_')}"
    page = {"viewer": viewer, "customer": found, "name": found["name"], "topics": topics, "about_order": False}
    here = reverse("admin:customer_timeline", args=[gid])
    page["filters"] = _filters(request, viewer, here, list(GROUPS))
    story = _story(request, found["timeline"], here, lost=lost)
    return _answer(request, "admin_ui/timeline/customer.html", {**page, **story, "position": data["position"]})


@require_safe
@staff_required
@needs("orders:read")
def order(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The story of one order."""
    data, lost = _run(request, viewer, "OrderTimeline", {"number": number})
    found = data["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    topics = " ".join((found["id"], *([found["buyer"]["id"]] if found["buyer"] else [])))
    page = {"viewer": viewer, **header_of(viewer, found), "tab": "timeline", "topics": topics, "about_order": True}
    here = reverse("admin:order_timeline", args=[number])
    page["filters"] = _filters(request, viewer, here, OF_ORDERS)
    story = _story(request, found["timeline"], here, lost=lost)
    return _answer(request, "admin_ui/timeline/order.html", {**page, **story, "position": data["position"]})


def _run(
    request: HtmxRequest, viewer: client.Viewer, operation: str, about: dict[str, str]
) -> tuple[dict[str, Any], bool]:
    """A page of a story; for the region that fetches itself again, one that reaches down to what it shows."""
    variables = {
        **about,
        "first": A_PAGE,
        "after": None if _is_region(request) else request.GET.get("before") or None,
        "groups": [group.upper() for group in _chosen(request)] or None,
    }
    if not _is_region(request):
        return run_page(viewer, OPERATIONS[operation], variables, "after")
    # What it shows and a few more; whoever was away for long gets as many as there are at once.
    for first in (_shown(request) + A_FEW, MOST):
        data = client.run(viewer, OPERATIONS[operation], {**variables, "first": min(first, MOST)})
        found = data.get("customer") or data.get("orderByNumber")
        if not found or request.GET["until"] in {edge["cursor"] for edge in found["timeline"]["edges"]}:
            break
    return data, False


def _shown(request: HtmxRequest) -> int:
    """How many entries the region shows."""
    shown = request.GET.get("shown", "")
    return int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 4 else A_PAGE


def _is_region(request: HtmxRequest) -> bool:
    """Whether the newest entries are asked for by themselves, as a page that shows some has them."""
    return bool(request.htmx) and bool(request.GET.get("until"))


def _chosen(request: HtmxRequest) -> list[str]:
    """The groups that the address narrows by, in their order; what is no group does not count."""
    asked = request.GET.getlist("about")
    return [group for group in GROUPS if group in asked]


def _story(request: HtmxRequest, timeline: dict[str, Any], here: str, *, lost: bool) -> dict[str, Any]:
    """What a page of a story is made of. `overtaken`: more has happened than the region can show at once."""
    edges, more, overtaken = timeline["edges"], timeline["pageInfo"]["hasNextPage"], False
    if _is_region(request):
        shown = [edge["cursor"] for edge in edges]
        kept = shown.index(request.GET["until"]) + 1 if request.GET["until"] in shown else 0
        edges, more, overtaken = edges[:kept], more or kept < len(edges), not kept
    chosen, last = _chosen(request), edges[-1] if edges else None
    return {
        "days": _days([edge["node"] for edge in edges], under=request.GET.get("day", "") if request.htmx else ""),
        "version": version_of([edges, more]),
        "until": last["cursor"] if last else "",
        "shown": len(edges),
        "overtaken": overtaken,
        "is_earlier": bool(request.GET.get("before")) and not lost,
        "lost": lost,
        "chosen": chosen,
        "here": here,
        "newest": _address(here, about=chosen),
        "earlier": _address(here, about=chosen, before=last["cursor"]) if last and more else "",
        "last_day": _day_of(last["node"]) if last else "",
    }


def _filters(request: HtmxRequest, viewer: client.Viewer, here: str, groups: list[str]) -> list[dict[str, Any]]:
    """The groups to narrow by in which the viewer may read something, each with the address of one more, or less."""
    chosen, allowed = _chosen(request), client.allowed(viewer)
    return [
        {
            "name": group,
            "label": GROUPS[group][0],
            "is_chosen": group in chosen,
            "address": _address(here, about=[one for one in GROUPS if (one in chosen) != (one == group)]),
        }
        for group in groups
        if group in chosen or any(needed <= allowed for needed in GROUPS[group][1])
    ]


def _days(entries: list[dict[str, Any]], *, under: str) -> list[dict[str, Any]]:
    """Entries by the day on the store's clock; a day whose heading the page has already (`under`) has none here."""
    return [
        {"day": day, "goes_on": day == under, "entries": [told(entry) for entry in of_day]}
        for day, of_day in groupby(entries, key=_day_of)
    ]


def _day_of(entry: dict[str, Any]) -> str:
    """The day of an entry on the store's clock: 2026-03-02."""
    return timezone.localtime(datetime.fromisoformat(entry["happenedAt"])).date().isoformat()


def _address(here: str, **given: Any) -> str:
    asked = urlencode({name: value for name, value in given.items() if value}, doseq=True)
    return f"{here}?{asked}" if asked else here


def _answer(request: HtmxRequest, template: str, page: dict[str, Any]) -> HttpResponse:
    """The page; its newest entries, or earlier ones, by themselves for htmx."""
    if not request.htmx or request.htmx.history_restore_request:
        return render(request, template, page)
    if "before" in request.GET and not page["lost"]:
        return render(request, f"{STORY}#earlier_entries", page)
    if page["overtaken"] or page["lost"]:
        response = HttpResponse(status=204)
        response.headers["HX-Refresh"] = "true"
        return response
    if is_current(request, page["version"]):
        return HttpResponse(status=204)
    return render(request, f"{STORY}#newest_entries", page)
