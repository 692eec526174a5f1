"""The home page: what waits for somebody, each with what to do about it, and how busy the last days were."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from admin_ui.forms import fresh_key, key_of
from admin_ui.home.busy import busy
from admin_ui.home.words import MAILS, TYPES, heading, short
from admin_ui.lists import address_of
from admin_ui.paging import run_page
from admin_ui.regions import is_current, version_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs, not_permitted
from admin_ui.staff.views import refused
from schema import client

OPERATIONS = client.operations_beside(__file__)

ROWS = 5
ROWS_A_PAGE = 30
DAYS = 30
HOME = "admin_ui/home/home.html"
ENTRIES = frozenset({"customers:read", "interactions:read"})


class List(NamedTuple):
    """One of the lists in full: its operation, its connection, its heading when there is something in it, its card."""

    operation: str
    connection: str
    heading: str
    card: str
    needs: tuple[str, ...]


LISTS = {
    "waiting": List(
        "Waiting",
        "waitingConversations",
        "Who waits for an answer",
        "_waiting",
        ("orders:read", "messages:read"),
    ),
    "entries": List(
        "Entries",
        "unacknowledgedInteractions",
        "What nobody has acknowledged",
        "_entries",
        tuple(sorted(ENTRIES)),
    ),
    "mails": List(
        "FailedMails",
        "failedMails",
        "Mails that could not be sent",
        "_mails",
        ("orders:read", "messages:read"),
    ),
}
# What can be done about a row: the mutation, and what it calls the row's id.
ACTS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "acknowledge": ("Acknowledge", "interactionId", {}),
    "retry": ("RetryMail", "mailId", {}),
    "dismiss": ("DismissMail", "mailId", {}),
    "confirm": ("Confirm", "orderId", {"status": "CONFIRMED"}),
}


@require_safe
@staff_required
def home(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """What waits, and how busy the days were; who may read nothing of it begins with what they may read."""
    allowed = client.allowed(viewer)
    if not _reads_something(allowed):
        first = next((what for what in ("products", "customers") if f"{what}:read" in allowed), "account")
        return HttpResponseRedirect(reverse(f"admin:{first}"), status=303)
    data = client.run(viewer, OPERATIONS["Home"], {"rows": ROWS, "days": DAYS})
    page = {"viewer": viewer, "position": data["position"], **_waiting(data), **busy(data["activity"])}
    return render(request, HOME, page)


def _reads_something(allowed: frozenset[str]) -> bool:
    return "orders:read" in allowed or allowed >= ENTRIES


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def attention(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """What waits, by itself; a POST does something about one of the rows: `act` says what, `id` about which."""
    if not _reads_something(client.allowed(viewer)):
        return not_permitted(request, viewer, "orders:read")
    problem = ""
    if request.method == "POST":
        if request.POST.get("act") not in ACTS:
            return _no_such_act()
        problem = _act(request, viewer)
        if not request.htmx:
            return _after(request, viewer, problem, reverse("admin:home"))
    shown = _waiting(client.run(viewer, OPERATIONS["WhatWaits"], {"rows": ROWS}))
    if is_current(request, shown["attention_version"]):
        return HttpResponse(status=204)
    return render(request, f"{HOME}#attention", {**shown, "problem": problem}, status=422 if problem else 200)


@require_safe
@staff_required
@needs("orders:read")
def activity(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """How busy the last days were, by itself."""
    shown = busy(client.run(viewer, OPERATIONS["BusyDays"], {"days": DAYS})["activity"])
    if is_current(request, shown["busy_version"]):
        return HttpResponse(status=204)
    return render(request, f"{HOME}#busy", {**shown, "refreshed": True})


@require_safe
@staff_required
@needs("orders:read", "messages:read")
def waiting(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """All orders on which a customer waits for an answer, who waits longest first."""
    return _list(request, viewer, "waiting")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs(*sorted(ENTRIES))
def entries(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """All entries that nobody has acknowledged, the newest first."""
    return _list(request, viewer, "entries")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("orders:read", "messages:read")
def mails(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """All mails that were given up, the newest first."""
    return _list(request, viewer, "mails")


def _list(request: HtmxRequest, viewer: client.Viewer, name: str) -> HttpResponse:
    """One of the lists in full, a page at a time; a POST does something about one of its rows."""
    shown, problem = LISTS[name], ""
    if request.method == "POST":
        if request.POST.get("act") not in ACTS:
            return _no_such_act()
        problem = _act(request, viewer)
        if not request.htmx:
            return _after(request, viewer, problem, reverse(f"admin:{name}"))
    after = request.POST.get("after") or request.GET.get("after", "")
    variables = {"rows": ROWS_A_PAGE, "after": after or None}
    data, lost = run_page(viewer, OPERATIONS[shown.operation], variables, "after")
    found = data[shown.connection]
    version = version_of([found, after])
    if is_current(request, version):
        return HttpResponse(status=204)
    page = {
        "viewer": viewer,
        "position": data["position"],
        "heading": shown.heading,
        "card": f"admin_ui/home/{shown.card}.html",
        "here": reverse(f"admin:{name}"),
        "rows": _rows(name, found["nodes"]),
        "place": found["pageInfo"],
        "older": address_of(f"admin:{name}", after=found["pageInfo"]["endCursor"] or ""),
        "after": "" if lost else after,
        "lost": lost,
        "problem": problem,
        "attention_version": version,
    }
    template = "admin_ui/home/list.html#attention" if request.htmx else "admin_ui/home/list.html"
    return render(request, template, page, status=422 if problem else 200)


def _no_such_act() -> HttpResponse:
    return HttpResponse(f"Say `act` as one of {', '.join(ACTS)}.", status=400, content_type="text/plain")


def _act(request: HtmxRequest, viewer: client.Viewer) -> str:
    """Do what was asked for about a row; gives what keeps it from being done, or nothing."""
    operation, named, more = ACTS[request.POST["act"]]
    given = {"clientMutationKey": key_of(request), named: request.POST.get("id", ""), **more}
    return str(client.run(viewer, OPERATIONS[operation], {"input": given})["result"].get("message", ""))


def _after(request: HtmxRequest, viewer: client.Viewer, problem: str, back_to: str) -> HttpResponse:
    """The way back for a form that was sent without JavaScript."""
    if problem:
        return refused(request, viewer, problem, back_to=back_to, back="Back to what waits")
    return HttpResponseRedirect(back_to, status=303)


def _waiting(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the cards are made of; a card whose count is null is not this viewer's to see."""
    counts = data["attentionCounts"]
    found = {
        "waiting": data["waitingConversations"],
        "entries": data["unacknowledgedInteractions"],
        "mails": data["failedMails"],
        "drafts": data["orders"],
    }
    return {
        "heading": heading(counts),
        "counts": {name: short(count) for name, count in counts.items()},
        **{name: _rows(name, listed["nodes"] if listed else []) for name, listed in found.items()},
        "attention_version": version_of([counts, found]),
    }


def _rows(name: str, nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a card, each with keys of its own for what can be done about it."""
    rows = [{**node, "key": fresh_key(), "other_key": fresh_key()} for node in nodes]
    if name == "entries":
        return [{**row, "called": TYPES.get(row["type"], row["type"])} for row in rows]
    if name == "mails":
        return [{**row, "called": MAILS[row["kind"]]} for row in rows]
    return rows
