"""The list of customers: searched by anything on the row, and narrowed by what stands about them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from admin_ui.customers.views import OPERATIONS
from admin_ui.forms import fresh_key
from admin_ui.lists import address_of, chips, corrected, how_many
from admin_ui.paging import run_page
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from schema import client

TEMPLATE = "admin_ui/customers/list.html"
ROUTE = "admin:customers"
CUSTOMERS_A_PAGE = 30
ACCOUNTS = {"active": "Active", "closed": "Not active"}
BLOCKED = {"yes": "Ordering blocked"}
WAITS = {"yes": "Waits to be acknowledged"}
# What staff do with many customers at once: its words, what it changes, and what was done.
AT_ONCE: Mapping[str, tuple[str, dict[str, bool], str]] = {
    "close": ("Close the account", {"isActive": False}, "closed"),
    "open": ("Open the account", {"isActive": True}, "opened"),
    "block": ("Block ordering", {"orderingBlocked": True}, "blocked from ordering"),
    "allow": ("Allow ordering", {"orderingBlocked": False}, "allowed to order"),
}


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What an address asks for; empty for what it does not."""

    q: str = ""
    account: str = ""
    blocked: str = ""
    waits: str = ""

    @property
    def now(self) -> dict[str, str]:
        """As the address says it."""
        return {name: getattr(self, name) for name in self.__slots__ if getattr(self, name)}

    def filter(self) -> dict[str, Any]:
        """As the schema's filter takes it."""
        return {
            "search": self.q or None,
            "isActive": {"active": True, "closed": False}.get(self.account),
            "orderingBlocked": True if self.blocked else None,
            "hasUnacknowledged": True if self.waits else None,
        }


def narrowing_of(given: QueryDict) -> Narrowing:
    """What an address or a form narrows by; what is none of ours narrows nothing."""
    found = {name: given.get(name, "") for name in ("account", "blocked", "waits")}
    known = {"account": ACCOUNTS, "blocked": BLOCKED, "waits": WAITS}
    return Narrowing(
        q=" ".join(given.get("q", "").replace("\0", " ").split()),
        **{name: value if value in known[name] else "" for name, value in found.items()},
    )


@require_safe
@staff_required
@needs("customers:read")
def customers(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The customers, newest first or as words find them, narrowed by what the address says."""
    asked = narrowing_of(request.GET)
    found, lost, meant = _found(viewer, asked, request.GET.get("after", ""))
    searched = request.htmx.trigger == "search"
    page: dict[str, Any] = {
        "viewer": viewer,
        "customers": found,
        "done": done_of(request.GET.get("done", ""), request.GET.get("many", "")),
        "search": asked.q,
        "meant": meant,
        "now": asked.now,
        "in_file": replace(asked, q=meant or asked.q).now,
        "is_narrowed": bool(asked.now),
        "filters": _filters(viewer, asked),
        "newest": address_of(ROUTE, **asked.now),
        "older": address_of(ROUTE, **asked.now, after=found["pageInfo"]["endCursor"] or ""),
        "unsearched": address_of(ROUTE, **{**asked.now, "q": ""}),
        "is_short": bool(asked.q) and found["pageInfo"]["hasNextPage"] and len(found["nodes"]) < CUSTOMERS_A_PAGE,
        "lost": lost,
        "news": how_many(found, "customer") if searched else "",
        "key": fresh_key(),
        "at_once": {to: label for to, (label, *_) in AT_ONCE.items()}
        if "customers:write" in client.allowed(viewer)
        else {},
    }
    wants_list = bool(request.htmx) and not request.htmx.history_restore_request
    response = render(request, f"{TEMPLATE}#customers" if wants_list else TEMPLATE, page)
    if searched and request.htmx.current_url_abs_path != page["newest"]:
        response.headers["HX-Push-Url"] = page["newest"]
    return response


def _found(viewer: client.Viewer, asked: Narrowing, after: str) -> tuple[dict[str, Any], bool, str]:
    """A page of what is asked for; whether its place in the list was lost; and the words that were looked for instead,
    where nothing begins with those that were typed.
    """

    def page(narrowing: Narrowing) -> tuple[dict[str, Any], bool]:
        variables = {"first": CUSTOMERS_A_PAGE, "after": after or None, "filter": narrowing.filter()}
        data, lost = run_page(viewer, OPERATIONS["CustomersPage"], variables, "after")
        return data["customers"], lost

    found, lost = page(asked)
    if not asked.q or found["nodes"] or found["pageInfo"]["hasNextPage"]:
        return found, lost, ""
    meant = corrected(viewer, OPERATIONS["CustomersCorrection"], asked.q)
    if meant:
        found, lost = page(replace(asked, q=meant))
    return found, lost, meant


def _filters(viewer: client.Viewer, asked: Narrowing) -> list[dict[str, Any]]:
    waits = WAITS if "interactions:read" in client.allowed(viewer) else {}
    by_name = {"account": ACCOUNTS, "blocked": BLOCKED, "waits": waits}
    return [chip for name, labels in by_name.items() for chip in chips(ROUTE, asked.now, name, labels)]


def done_of(to: str, many: str) -> str:
    """What the list says of what was done to many customers at once."""
    if to not in AT_ONCE or not (many.isascii() and many.isdigit() and len(many) <= 3):
        return ""
    return f"{many} customer{'' if many == '1' else 's'} {AT_ONCE[to][2]}."
