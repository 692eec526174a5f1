"""The interactions card on a customer's profile: reading on, narrowing, logging, acknowledging (IN-3, IN-4, IN-10).

The profile shows the card by itself; these addresses give and change parts of it.
"""

from itertools import takewhile
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import Truncator
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap, retarget, trigger_client_event

from admin_ui.customers.profile import customer_page
from admin_ui.forms import fresh_key, key_of, text_of
from admin_ui.interactions.card import (
    NEWEST_ORDERS,
    NEWS,
    OPERATIONS,
    card_of,
    entry_of,
    form_of,
    narrowed_by,
    now_of,
    profile_address,
    shown,
)
from admin_ui.interactions.kinds import KINDS, kind_called
from admin_ui.lists import how_many
from admin_ui.paging import run_page
from admin_ui.regions import is_current, nudged_at
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page
from schema import client

CARD = "admin_ui/interactions/_card.html"
ENTRY = "admin_ui/interactions/_entry.html"
FORM = "admin_ui/interactions/_form.html"
SAVED_BEFORE = "An earlier wording of this was saved already: it stands in the log. To save this as well, log it again."
NO_TYPE = "Choose what this was: a note, a phone call, an email…"
# What a field of the schema is called in the form.
CONTROLS = {"type": "type", "text": "text", "orderId": "order"}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("customers:read", "interactions:read")
def interactions(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """The log as the address narrows it, by itself; a POST logs an entry."""
    if request.method == "POST":
        return _log(request, viewer, gid)
    card = _card(request, viewer, gid)
    if card is None:
        return no_such_page(request, viewer)
    found = how_many(card["customer"]["interactions"], "entry", "entries")
    response = render(request, f"{CARD}#answer", {**card, "also": "type", "news": found})
    address = reverse("admin:customer", args=[gid]) + card["narrowed"].ending
    if request.htmx.current_url_abs_path != address:
        response.headers["HX-Push-Url"] = address
    return response


@require_safe
@staff_required
@needs("customers:read", "interactions:read")
def earlier(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """The next page of the log, to be read on behind the last."""
    card = _card(request, viewer, gid)
    return no_such_page(request, viewer) if card is None else render(request, f"{CARD}#earlier_entries", card)


@require_safe
@staff_required
@needs("customers:read", "interactions:read")
def news(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """What a page that is open has to change. Everyone who looks asks at the same moment, so they share what is read,
    and it does no more than it must: it gives the entries that are new, and what stands on top only when that is
    another.

    The page says what it has: `waiting` and `seen`, its newest entries, of which `have` is the version; and `on_top`.
    """
    narrowed = narrowed_by(request)
    variables = {"id": gid, **narrowed.variables, "first": NEWS}
    data, _ = run_page(viewer, OPERATIONS["InteractionNews"], variables, "after", after=nudged_at(request))
    found = data["customer"]
    if not found:
        return no_such_page(request, viewer)
    now = now_of(found)
    if is_current(request, now["log_version"]):
        return HttpResponse(status=204)
    new = _new(found["interactions"], request.GET.get("seen", "").split())
    had = request.GET.get("on_top", "").split()
    joins = _joins(now, new, request.GET.get("waiting", "").split()) if had else None
    is_another = now["waiting"] != request.GET.get("waiting", "") and joins is None
    if new is None or is_another:
        card = _card(request, viewer, gid)
        if card is None:
            return no_such_page(request, viewer)
        if new is None:  # more is new than is looked at: the log begins anew
            return reswap(retarget(render(request, f"{CARD}#log", card), "#log"), "outerHTML")
        now = card
    else:
        now["pinned"] = joined = [shown(entry) for entry in joins or []]
        now["on_top"] = " ".join([*(entry["id"] for entry in joined), *had])
    on_top = now["on_top"].split()
    entries = [shown(entry) for entry in new if entry["id"] not in on_top] if not narrowed.before else []
    arrived = [entry for entry in now["pinned"] if entry["waits"] and entry["id"] not in had]
    page = {
        "customer": found,
        "narrowed": narrowed,
        "acknowledge_key": fresh_key(),
        **now,
        "entries": entries,
        "also": "on_top" if is_another else "",
        "news": ". ".join(f"{entry['authorName']} logged: {entry['kind'].label}" for entry in (*arrived, *entries)),
    }
    return render(request, f"{CARD}#news", page)


def _joins(now: dict[str, str], new: list[dict[str, Any]] | None, had: list[str]) -> list[dict[str, Any]] | None:
    """The new entries that join what waits on top of a page; None when that changed in another way as well."""
    waiting = now["waiting"].split()
    joins = [entry for entry in new or [] if entry["id"] in waiting and entry["id"] not in had]
    return joins if waiting == [*(entry["id"] for entry in joins), *had] else None


def _new(listed: dict[str, Any], seen: list[str]) -> list[dict[str, Any]] | None:
    """The entries that the page has not seen; None when they may be more than were looked at."""
    ids = [entry["id"] for entry in listed["nodes"]]
    if listed["pageInfo"]["hasNextPage"] and (not seen or seen[-1] not in ids):
        return None
    return [
        entry
        for entry in takewhile(lambda entry: not seen or entry["id"] != seen[-1], listed["nodes"])
        if entry["id"] not in seen
    ]


def _card(request: HtmxRequest, viewer: client.Viewer, gid: str) -> dict[str, Any] | None:
    narrowed = narrowed_by(request)
    variables = {"id": gid, **narrowed.variables}
    data, lost = run_page(viewer, OPERATIONS["InteractionsCard"], variables, "after", after=nudged_at(request))
    if not data["customer"]:
        return None
    on_top = request.GET.get("on_top", "").split()
    return card_of(viewer, data["customer"], narrowed._replace(before="") if lost else narrowed, on_top=on_top)


def _log(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    typed = {name: request.POST.get(name, "") for name in ("type", "order", "waits")} | {"text": text_of(request)}
    result = _logged(viewer, gid, key_of(request), typed)
    if result["__typename"] == "Problem":
        filled = _refused(request, typed, result)
        if not request.htmx:
            return customer_page(request, viewer, gid, log=filled)
        return _form(request, viewer, gid, filled)
    if not request.htmx:
        return HttpResponseRedirect(profile_address(gid, part=result["interaction"]["id"]), status=303)
    response = _form(request, viewer, gid, {"said": "It stands in the log."})
    return trigger_client_event(response, "saved:interaction", {"id": result["interaction"]["id"]})


def _logged(viewer: client.Viewer, gid: str, key: str, typed: dict[str, str]) -> dict[str, Any]:
    """The answer to what was typed; what the schema could not even be asked is answered like its own refusals."""
    kind, order, number = kind_called(typed["type"]), None, typed["order"].strip()
    if kind is None:
        return {"__typename": "Problem", "code": "INVALID", "field": "type", "message": NO_TYPE}
    if number:
        order = client.run(viewer, OPERATIONS["FindOrder"], {"number": number})["orderByNumber"]
        if order is None:
            message = f"There is no order {number}. Check the number, or leave it empty."
            return {"__typename": "Problem", "code": "NOT_FOUND", "field": "orderId", "message": message}
    given = {
        "clientMutationKey": key,
        "customerId": gid,
        "type": kind.type,
        "text": typed["text"],
        "orderId": order and order["id"],
        "needsAcknowledgement": typed["waits"] == "yes",
    }
    result: dict[str, Any] = client.run(viewer, OPERATIONS["LogInteraction"], {"input": given})["result"]
    return result


def _refused(request: HtmxRequest, typed: dict[str, str], problem: dict[str, Any]) -> dict[str, str]:
    """The form as it was typed, with the reason at the control that it speaks of, else above all of them.

    A key that stood for another entry already (that one was saved, its answer did not arrive) is replaced.
    """
    if problem["code"] == "KEY_REUSED":
        return {**typed, "problem": SAVED_BEFORE}
    at = CONTROLS.get(problem["field"] or "")
    return {**typed, "key": key_of(request), f"{at}_problem" if at else "problem": problem["message"]}


def _form(request: HtmxRequest, viewer: client.Viewer, gid: str, filled: dict[str, str]) -> HttpResponse:
    """The form by itself: empty, or as it was left with the reason why."""
    data = client.run(viewer, OPERATIONS["LogForm"], {"id": gid, "orders": NEWEST_ORDERS})
    if not data["customer"]:
        return no_such_page(request, viewer)
    page = {"customer": data["customer"], **form_of(data, filled), "takes_focus": True}
    refused = any(name.endswith("problem") for name in filled)
    return render(request, f"{FORM}", page, status=422 if refused else 200)


@require_POST
@staff_required
@needs("customers:read", "interactions:read")
def acknowledge(request: HtmxRequest, viewer: client.Viewer, gid: str, entry: str) -> HttpResponse:
    """Take note of an entry, once; whoever comes second reads who was faster."""
    given = {"clientMutationKey": key_of(request), "interactionId": entry}
    result = client.run(viewer, OPERATIONS["AcknowledgeInteraction"], {"input": given})["result"]
    problem = result.get("message", "")
    found = result.get("interaction") or entry_of(viewer, gid, entry)
    if found is None:
        return no_such_page(request, viewer)
    if not request.htmx:
        if problem:
            return customer_page(request, viewer, gid, problem=problem, on_top=[entry])
        return HttpResponseRedirect(profile_address(gid, f"?on_top={entry}", entry), status=303)
    page = {
        "customer": {"id": gid},
        "entry": shown(found),
        "acknowledge_key": fresh_key(),
        "problem": problem,
        "news": problem or f"Acknowledged: {KINDS[found['type']].label}, {Truncator(found['text']).chars(60)}",
    }
    return render(request, f"{ENTRY}#answer", page, status=422 if problem else 200)
