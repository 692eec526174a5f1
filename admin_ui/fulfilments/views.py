"""Parcels of an order: the Fulfilments tab, the packing view at the bench, and their regions (OR-3, IN-8).

Both pages have the same form for the next parcel and the same list of those that left. `page` says in which of them a
form or region stands.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from admin_ui.fulfilments.forms import (
    LINES_A_PAGE,
    NOTICES_A_PAGE,
    PARCELS,
    Typed,
    form_of,
    notices_of,
    parcels_of,
    read_in,
)
from admin_ui.orders.views import header_of, name_of
from admin_ui.paging import run_page
from admin_ui.regions import is_current, version_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page
from schema import client

OPERATIONS = client.operations_beside(__file__)

TAB, BENCH = "fulfilments", "pack"
SEND_FORM = "admin_ui/fulfilments/_send.html#send_form"
NOTICES = "admin_ui/fulfilments/_notices.html"
PARCEL_LIST = "admin_ui/fulfilments/_parcels.html#parcels"
STUB = "admin_ui/fulfilments/_stub.html#stub"


def page_asked(request: HttpRequest) -> str:
    """The page in which the form or region stands that asks."""
    given = request.POST.get("page") or request.GET.get("page")
    return BENCH if given == BENCH else TAB


@require_safe
@staff_required
@needs("orders:read")
def fulfilments(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The tab."""
    return whole_page(request, viewer, number, TAB)


@require_safe
@staff_required
@needs("orders:read", "fulfilments:write")
def pack(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The packing view: big, in one column, and on paper the slip that travels in the parcel."""
    return whole_page(request, viewer, number, BENCH)


def whole_page(
    request: HtmxRequest,
    viewer: client.Viewer,
    number: str,
    page: str,
    *,
    typed: Typed | None = None,
    problem: dict[str, Any] | None = None,
) -> HttpResponse:
    """One of the two pages, with what was typed into the form, or into that of a parcel's tracking (`problem`)."""
    operation = OPERATIONS["PackPage" if page == BENCH else "FulfilmentsPage"]
    variables = variables_of(request, number, typed)
    data, lost = run_page(viewer, operation, variables, "after", "noticesAfter")
    found = data["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    shown = {
        "viewer": viewer,
        "page": page,
        "after": variables["after"],
        "position": data["position"],
        "topics": " ".join(client.packing_topics(viewer, found["id"])),
        "lost": lost,
        **(stub_of(found) if page == BENCH else header_of(viewer, found)),
        **parcels_of(found, problem),
        **form_of(found, typed),
    }
    refused = bool(problem or (typed and typed.problems))
    return render(request, f"admin_ui/fulfilments/{page}.html", shown, status=422 if refused else 200)


def variables_of(request: HttpRequest, number: str, typed: Typed | None = None) -> dict[str, Any]:
    """What the operations of both pages take."""
    return {
        "number": number,
        "lines": LINES_A_PAGE,
        "after": request.POST.get("after") or request.GET.get("after") or None,
        "parcels": PARCELS,
        "notices": NOTICES_A_PAGE,
        "noticesAfter": (typed and typed.behind) or None,
    }


def stub_of(found: dict[str, Any]) -> dict[str, Any]:
    """What the head of the packing view is made of."""
    shown = [found[fact] for fact in ("status", "fulfilment", "customer", "deliveryAddress", "store", "note")]
    return {"order": found, "name": name_of(found), "stub_version": version_of(shown)}


@require_safe
@staff_required
@needs("orders:read", "fulfilments:write")
def stub(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The head of the packing view, by itself."""
    found = client.run(viewer, OPERATIONS["PackingStub"], {"number": number})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    shown = stub_of(found)
    if is_current(request, shown["stub_version"]):
        return HttpResponse(status=204)
    return render(request, STUB, shown)


@require_safe
@staff_required
@needs("orders:read", "fulfilments:write")
def notices(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """What is to be read before the next parcel, by itself: with what is ticked in the page that asks."""
    typed = Typed(read=read_in(request.GET.getlist("read")), behind=request.GET.get("notices_after", ""))
    variables = {"number": number, "notices": NOTICES_A_PAGE, "noticesAfter": typed.behind or None}
    data, _ = run_page(viewer, OPERATIONS["PackingNotices"], variables, "noticesAfter")
    found = data["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    shown = notices_of(found, typed, to_tick=request.GET.get("to_tick") == "yes")
    if is_current(request, shown["version"]):
        return HttpResponse(status=204)
    return render(request, NOTICES, {"order": found, "notices": shown, "alone": True})


@require_safe
@staff_required
@needs("orders:read")
def parcels(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The parcels, by themselves."""
    found = client.run(viewer, OPERATIONS["Parcels"], {"number": number, "parcels": PARCELS})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    shown = parcels_of(found)
    if is_current(request, shown["parcels_version"]):
        return HttpResponse(status=204)
    return render(request, PARCEL_LIST, {"order": found, "page": page_asked(request), **shown})
