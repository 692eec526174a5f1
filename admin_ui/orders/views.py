"""The page of one order: its header, its lines and the customer's link to it."""

from decimal import Decimal
from typing import Any, NamedTuple

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from admin_ui.forms import fresh_key, key_of
from admin_ui.orders.narrowing import STATUSES
from admin_ui.paging import run_page
from admin_ui.regions import is_current, version_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page, refused
from schema import client

OPERATIONS = client.operations_beside(__file__)

LINES_A_PAGE = 100
EVENTS_A_PAGE = 10
TABS = ("overview", "notes")
HAPPENED = {
    "order.placed": "Placed",
    "order.revised": "Lines changed",
    "order.addressed": "Addresses changed",
    "order.note_changed": "Note changed",
    "order.held": "Put on hold",
    "order.released": "Released",
    "order.payment_taken": "Payment noted",
    "order.payment_returned": "Refund noted",
    "order.parcel_sent": "Parcel sent",
    "order.parcel_corrected": "Tracking corrected",
    "order.parcel_moved": "Parcel updated",
    "order_key.rotated": "Customer’s link renewed",
    "order.claimed": "Claimed into the customer’s account",
}


# What customers do too (OR-7); of what only staff do, some is older than the names in the log.
OF_CUSTOMERS = {"order.revised", "order.addressed", "order.note_changed", "order.status_changed"}


class Step(NamedTuple):
    """Something that staff do with an order: its button, what it changes, for which states, and what it asks first.

    `fulfilled`: the states of fulfilment that it is for, empty for all.
    """

    label: str
    change: dict[str, Any]
    of: tuple[str, ...]
    kind: str = ""
    asks: str = ""
    means: str = ""
    yes: str = ""
    fulfilled: tuple[str, ...] = ()

    @property
    def needs(self) -> str:
        """The permission to do it."""
        return "fulfilments:write" if "onHold" in self.change else "orders:write"


_OPEN = ("UNFULFILLED", "PARTIALLY_FULFILLED")
STEPS = {
    "confirm": Step("Confirm order", {"status": "CONFIRMED"}, ("DRAFT",), "primary"),
    "invoice": Step("Mark as invoiced", {"status": "INVOICED"}, ("CONFIRMED",)),
    "hold": Step("Put on hold", {"onHold": True}, ("DRAFT", "CONFIRMED", "INVOICED"), fulfilled=_OPEN),
    "release": Step(
        "Release", {"onHold": False}, ("DRAFT", "CONFIRMED", "INVOICED"), "primary", fulfilled=("ON_HOLD",)
    ),
    "draft": Step("Back to draft", {"status": "DRAFT"}, ("CONFIRMED",), fulfilled=("UNFULFILLED",)),
    "cancel": Step(
        "Cancel order…",
        {"status": "CANCELLED"},
        ("DRAFT", "CONFIRMED"),
        asks="Cancel this order for good?",
        means="The customer’s page says so at once, and nothing more is sent.",
        yes="Cancel the order",
    ),
}


@require_safe
@staff_required
@needs("orders:read")
def order(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """One order: what was ordered, by whom, and the customer's link to it."""
    return overview(request, viewer, number)


def overview(request: HtmxRequest, viewer: client.Viewer, number: str, **refused: Any) -> HttpResponse:
    """The page of one order; `refused` is what was typed into one of its forms, and why it was not taken."""
    variables = {
        "number": number,
        "lines": LINES_A_PAGE,
        "after": request.GET.get("after") or None,
        "events": EVENTS_A_PAGE,
        "before": request.GET.get("before") or None,
    }
    data, lost = run_page(viewer, OPERATIONS["OrderPage"], variables, "after", "before")
    found = data["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    page = {
        "position": data["position"],
        "lost": lost,
        **header_of(viewer, found),
        **_history(found),
        **payment_of(found),
    }
    return render(
        request,
        "admin_ui/orders/overview.html",
        {"viewer": viewer, **link_of(request, found, "overview"), **page, **refused},
        status=422 if refused else 200,
    )


@require_safe
@staff_required
@needs("orders:read")
def history(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """What happened to an order, by itself."""
    variables = {"number": number, "events": EVENTS_A_PAGE}
    found = client.run(viewer, OPERATIONS["OrderHistory"], variables)["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    shown = _history(found)
    if is_current(request, shown["history_version"]):
        return HttpResponse(status=204)
    return render(request, "admin_ui/orders/_history.html#history", {"order": found, **shown})


def payment_of(found: dict[str, Any]) -> dict[str, Any]:
    """What the card about the payment is made of; the amount to note is at first what is left."""
    left = Decimal(found["total"]["amount"]) - Decimal(found["paid"]["amount"])
    shown = [found[fact] for fact in ("payment", "total", "paid", "refunded")]
    return {"payment_key": fresh_key(), "amount": left if left > 0 else "", "paid_version": version_of(shown)}


def _history(found: dict[str, Any]) -> dict[str, Any]:
    """What happened to an order, newest first; one that was imported at least was placed."""
    told = [
        {
            **event,
            "told": STATUSES.get((event["status"] or "").lower()) or HAPPENED.get(event["kind"], event["kind"]),
            "by_customer": event["actorName"] is None and event["kind"] in OF_CUSTOMERS,
        }
        for event in found["history"]["nodes"]
    ]
    placed = {"told": HAPPENED["order.placed"], "happenedAt": found["placedAt"], "actorName": None}
    more = found["history"]["pageInfo"]
    return {"history": told or [placed], "more_history": more, "history_version": version_of(found["history"])}


@require_safe
@staff_required
@needs("orders:read")
def header(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The head of an order's page, by itself."""
    found = client.run(viewer, OPERATIONS["OrderHeader"], {"number": number})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    shown = header_of(viewer, found)
    if is_current(request, shown["header_version"]):
        return HttpResponse(status=204)
    return render(request, "admin_ui/orders/_header.html#header", shown)


def header_of(viewer: client.Viewer, found: dict[str, Any]) -> dict[str, Any]:
    """What the head of an order's page is made of."""
    shown = [found[fact] for fact in ("status", "fulfilment", "payment", "total", "placedAt", "customer")]
    return {
        "order": found,
        "name": name_of(found),
        "steps": steps_of(viewer, found),
        "header_version": version_of(shown),
    }


@require_POST
@staff_required
@needs("orders:read")
def status(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """Move an order along its axis, hold it or release it: POST `to`, the name of a step."""
    step = STEPS.get(request.POST.get("to", ""))
    if step is None:
        return HttpResponse("Say `to` as the name of a step.", status=400, content_type="text/plain")
    found = client.run(viewer, OPERATIONS["OrderHeader"], {"number": number})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    given = {"clientMutationKey": key_of(request), "orderId": found["id"], **step.change}
    mutation = "SetOrderHold" if "onHold" in step.change else "ChangeOrderStatus"
    result = client.run(viewer, OPERATIONS[mutation], {"input": given})["result"]
    problem = result.get("message", "")
    if not request.htmx:
        back_to = reverse("admin:order", args=[number])
        if problem:
            return refused(request, viewer, problem, back_to=back_to)
        return HttpResponseRedirect(back_to, status=303)
    after = client.run(viewer, OPERATIONS["OrderHeader"], {"number": number})["orderByNumber"]
    if after is None:
        return no_such_page(request, viewer)
    shown = {**header_of(viewer, after), "header_problem": problem}
    return render(request, "admin_ui/orders/_header.html#header", shown, status=422 if problem else 200)


def steps_of(viewer: client.Viewer, found: dict[str, Any]) -> list[dict[str, Any]]:
    """What the viewer can do with an order as it stands, each with a key of its own."""
    allowed = client.allowed(viewer)
    return [
        {**step._asdict(), "to": name, "key": fresh_key()}
        for name, step in STEPS.items()
        if step.needs in allowed
        and found["status"] in step.of
        and found["fulfilment"] in (step.fulfilled or (found["fulfilment"],))
    ]


def name_of(found: dict[str, Any]) -> str:
    """What to call the customer of an order."""
    return str(found["customer"]["name"]) if found["customer"] else "The customer"


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("orders:read", "order_keys:read")
def link(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The customer's link to an order, by itself; a POST ends it, everywhere and at once, and makes a new one."""
    found = client.run(viewer, OPERATIONS["OrderLink"], {"number": number})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    tab = request.POST.get("tab") or request.GET.get("tab", "")
    problem = ""
    if request.method == "POST":
        given = {"clientMutationKey": key_of(request), "orderId": found["id"]}
        result = client.run(viewer, OPERATIONS["RotateOrderKey"], {"input": given})["rotateOrderKey"]
        if not request.htmx and result["__typename"] != "Problem":
            return HttpResponseRedirect(_tab_address(number, tab) + "?done=link#link", status=303)
        problem = result.get("message", "")
        found = result.get("order", found)
    shown = link_of(request, found, tab)
    if is_current(request, shown["link_version"]):
        return HttpResponse(status=204)
    shown |= {"problem": problem, "renewed": request.method == "POST" and not problem}
    if problem and not request.htmx:
        return refused(request, viewer, problem, back_to=_tab_address(number, tab))
    return render(request, "admin_ui/orders/_link.html#link", shown, status=422 if problem else 200)


def link_of(request: HtmxRequest, found: dict[str, Any], tab: str) -> dict[str, Any]:
    """What the card with the customer's link is made of, on this tab of the order's page."""
    return {
        "order": found,
        "name": name_of(found),
        "tab": tab if tab in TABS else TABS[0],
        "link_key": fresh_key(),
        "link_version": version_of(found["guestUrl"]),
        "renewed": request.GET.get("done") == "link",
    }


def _tab_address(number: str, tab: str) -> str:
    return reverse("admin:notes" if tab == "notes" else "admin:order", args=[number])
