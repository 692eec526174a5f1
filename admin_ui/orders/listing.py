"""The list of orders: searched by anything on the row, narrowed by states, and live."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from admin_ui.forms import fresh_key
from admin_ui.lists import address_of, chips, corrected, how_many
from admin_ui.orders.narrowing import PAID, PLACED, SENT, STATUSES, Narrowing, narrowing_of
from admin_ui.orders.views import OPERATIONS
from admin_ui.paging import run_page
from admin_ui.regions import is_current, version_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from schema import client

ORDERS_A_PAGE = 30
TEMPLATE = "admin_ui/orders/list.html"
ROUTE = "admin:orders"
# What staff do with many orders at once, and the permission that it takes.
AT_ONCE = {
    "confirm": ("Confirm", "orders:write"),
    "invoice": ("Mark as invoiced", "orders:write"),
    "hold": ("Put on hold", "fulfilments:write"),
    "release": ("Release", "fulfilments:write"),
    "cancel": ("Cancel…", "orders:write"),
}


DONE = {
    "confirm": "confirmed",
    "invoice": "marked as invoiced",
    "hold": "put on hold",
    "release": "released",
    "cancel": "cancelled",
}


@require_safe
@staff_required
@needs("orders:read")
def orders(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The orders, newest first or as words find them, narrowed by what the address says."""
    asked = narrowing_of(request.GET)
    after = request.GET.get("after", "")
    data, lost, meant = _found(viewer, asked, after)
    page = {
        "viewer": viewer,
        "done": done_of(request.GET.get("done", ""), request.GET.get("many", "")),
        **_shown(viewer, asked, data),
        "meant": meant,
        # Words that were put right are words, whatever state they name.
        "in_file": replace(asked.read()[0], q=meant, words="yes").now if meant else asked.now,
        "lost": lost,
        "now": {**asked.now, "after": "" if lost else after},
        "older": address_of(ROUTE, **asked.now, after=data["orders"]["pageInfo"]["endCursor"] or ""),
    }
    version = version_of([data["orders"], page["now"]])
    if is_current(request, version):
        return HttpResponse(status=204)
    searched = request.htmx.trigger == "search"
    wants_list = bool(request.htmx) and not request.htmx.history_restore_request
    page |= {"version": version, "news": how_many(data["orders"], "order") if searched else "", "key": fresh_key()}
    response = render(request, f"{TEMPLATE}#orders" if wants_list else TEMPLATE, page)
    if searched and request.htmx.current_url_abs_path != page["newest"]:
        response.headers["HX-Push-Url"] = page["newest"]
    return response


def _found(viewer: client.Viewer, asked: Narrowing, after: str) -> tuple[dict[str, Any], bool, str]:
    """A page of what is asked for; whether its place in the list was lost; and the words that were looked for instead,
    where nothing begins with those that were typed.
    """
    read, _ = asked.read()

    def page(narrowing: Narrowing) -> tuple[dict[str, Any], bool]:
        variables = {"first": ORDERS_A_PAGE, "after": after or None, "filter": narrowing.filter()}
        return run_page(viewer, OPERATIONS["OrdersPage"], {**variables, "customer": asked.customer}, "after")

    data, lost = page(read)
    if not read.q or data["orders"]["nodes"] or data["orders"]["pageInfo"]["hasNextPage"]:
        return data, lost, ""
    meant = corrected(viewer, OPERATIONS["OrdersCorrection"], read.q)
    if meant:
        data, lost = page(replace(read, q=meant))
    return data, lost, meant


def done_of(to: str, many: str) -> str:
    """What the list says of what was done to many orders at once."""
    if to not in DONE or not (many.isascii() and many.isdigit() and len(many) <= 3):
        return ""
    return f"{many} order{'' if many == '1' else 's'} {DONE[to]}."


def _shown(viewer: client.Viewer, asked: Narrowing, data: dict[str, Any]) -> dict[str, Any]:
    """What the page says of how the list is narrowed."""
    read, states = asked.read()
    stores = {store["id"]: store["name"] for store in data["stores"]["nodes"]}
    customer = data["customer"]
    allowed = client.allowed(viewer)
    chosen = [("paid", PAID.get(asked.paid)), ("placed", PLACED.get(asked.placed)), ("store", stores.get(asked.store))]
    return {
        "position": data["position"],
        "orders": data["orders"],
        "search": asked.q,
        "looked_for": read.q,
        "status": read.status,
        "sent_label": SENT.get(read.sent, ""),
        "is_narrowed": bool(read.filter() != Narrowing().filter()),
        "typed_states": states,
        "as_words": address_of(ROUTE, **{**asked.now, "words": "yes"}),
        "filters": chips(ROUTE, {**asked.now, "status": read.status}, "status", {"": "All", **STATUSES}, undo=False),
        "sent_filters": chips(ROUTE, {**asked.now, "sent": read.sent}, "sent", SENT),
        "selects": [
            {"name": "paid", "label": "Payment", "all": "Any payment", "chosen": asked.paid, "options": PAID},
            {"name": "placed", "label": "Placed", "all": "Any day", "chosen": asked.placed, "options": PLACED},
            *(
                [{"name": "store", "label": "Store", "all": "All stores", "chosen": asked.store, "options": stores}]
                if len(stores) > 1
                else []
            ),
        ],
        "removable": [
            {"label": label, "address": address_of(ROUTE, **{**asked.now, name: ""})} for name, label in chosen if label
        ],
        "customer": customer,
        "without_customer": address_of(ROUTE, **{**asked.now, "customer": ""}),
        "newest": address_of(ROUTE, **asked.now),
        "unsearched": address_of(ROUTE, **{**asked.now, "q": "", "words": ""}),
        "is_short": bool(read.q)
        and data["orders"]["pageInfo"]["hasNextPage"]
        and len(data["orders"]["nodes"]) < ORDERS_A_PAGE,
        "at_once": {name: label for name, (label, permission) in AT_ONCE.items() if permission in allowed},
    }
