"""Sending a parcel, and what is changed of those that left (OR-3, IN-8)."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from admin_ui.forms import fresh_key, key_of
from admin_ui.fulfilments.forms import PARCELS, TRACKING, Typed, control_of, form_of, parcels_of, quantities_of
from admin_ui.fulfilments.views import (
    OPERATIONS,
    PARCEL_LIST,
    SEND_FORM,
    page_asked,
    variables_of,
    whole_page,
)
from admin_ui.paging import run_page
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page
from schema import client

MOVES = {"delivered": "DELIVERED", "cancelled": "CANCELLED"}
SENT_BEFORE = "An earlier parcel of this form has left already: it stands below. To send another one, send again."
ACKNOWLEDGE = "acknowledge "


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("orders:read", "fulfilments:write")
def send(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The form for the next parcel, by itself. A POST sends it; or, by `act`, goes on to further notices or
    acknowledges one, and the form comes back with all that stood in it.
    """
    if request.method != "POST":
        return _form(request, viewer, number)
    typed, act = Typed.posted(request), request.POST.get("act", "")
    if act == "more":
        typed = replace(typed, behind=request.POST.get("notices_next", ""))
    elif act.startswith(ACKNOWLEDGE):
        typed = _acknowledged(viewer, typed, act.removeprefix(ACKNOWLEDGE))
    else:
        return _send(request, viewer, number, typed)
    return _form(request, viewer, number, typed, to="notices")


def _send(request: HtmxRequest, viewer: client.Viewer, number: str, typed: Typed) -> HttpResponse:
    variables = variables_of(request, number, typed)
    found = run_page(viewer, OPERATIONS["SendForm"], variables, "after", "noticesAfter")[0]["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    quantities, problems = quantities_of(found, typed)
    if problems:
        return _form(request, viewer, number, replace(typed, problems=problems))
    given = {
        "clientMutationKey": typed.key,
        "orderId": found["id"],
        "lines": [{"lineId": line, "quantity": quantity} for line, quantity in quantities.items()],
        "readNotices": sorted(typed.read),
        **{ours: (typed.values or {}).get(name, "") for name, ours in TRACKING.items()},
    }
    result = client.run(viewer, OPERATIONS["FulfilOrder"], {"input": given})["result"]
    if result["__typename"] == "Problem":
        return _form(request, viewer, number, _refused(typed, result))
    parcel = result["fulfilment"]["number"]
    if not request.htmx:
        return HttpResponseRedirect(f"{_address(request, number)}#parcel-{parcel}", status=303)
    response = _form(request, viewer, number, sent=parcel)
    return trigger_client_event(response, "sent:parcel", {"number": parcel})


def _acknowledged(viewer: client.Viewer, typed: Typed, gid: str) -> Typed:
    """The form after its notice was acknowledged, which who did that has read; or with the reason why it was not."""
    given = {"clientMutationKey": f"{typed.key[:40]} {gid[:40]}", "interactionId": gid}
    result = client.run(viewer, OPERATIONS["AcknowledgeNotice"], {"input": given})["result"]
    if result["__typename"] == "Problem":
        return replace(typed, problems={"notices": result["message"]})
    return replace(typed, read=typed.read | {gid})


def _refused(typed: Typed, problem: dict[str, Any]) -> Typed:
    """The form after a refusal, with the reason at the control that it speaks of."""
    match problem["code"], problem["field"]:
        case "KEY_REUSED", _:
            return replace(typed, key=fresh_key(), problems={"form": SENT_BEFORE})
        case "NOTICES_UNREAD", _:  # perhaps on a page before this one
            return replace(typed, behind="", problems={"notices": problem["message"]})
        case _, field:
            return replace(typed, problems={control_of(field): problem["message"]})


def _form(
    request: HtmxRequest,
    viewer: client.Viewer,
    number: str,
    typed: Typed | None = None,
    *,
    sent: int | None = None,
    to: str = "",
) -> HttpResponse:
    """The form, as it stands now: a colleague may have been faster. Without JavaScript, its whole page.

    `sent` is the number of the parcel that has just left; `to` takes the focus.
    """
    page = page_asked(request)
    if typed and not request.htmx:
        return whole_page(request, viewer, number, page, typed=typed)
    variables = variables_of(request, number, typed)
    found = run_page(viewer, OPERATIONS["SendForm"], variables, "after", "noticesAfter")[0]["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    shown = {
        "order": found,
        "page": page,
        "after": variables["after"],
        "sent": sent,
        "focus": to,
        **form_of(found, typed),
    }
    return render(request, SEND_FORM, shown, status=422 if typed and typed.problems else 200)


@require_POST
@staff_required
@needs("orders:read")
def correct(request: HtmxRequest, viewer: client.Viewer, number: str, gid: str) -> HttpResponse:
    """Say another carrier, number or address for a parcel."""
    given = {"fulfilmentId": gid, **{ours: request.POST.get(name, "") for name, ours in TRACKING.items()}}
    return _change(request, viewer, number, "CorrectFulfilment", given)


@require_POST
@staff_required
@needs("orders:read")
def move(request: HtmxRequest, viewer: client.Viewer, number: str, gid: str) -> HttpResponse:
    """Note that a parcel has arrived, or cancel it."""
    status = MOVES.get(request.POST.get("to", ""))
    if status is None:
        return HttpResponse("Say `to` as delivered or cancelled.", status=400, content_type="text/plain")
    return _change(request, viewer, number, "ChangeFulfilmentStatus", {"fulfilmentId": gid, "status": status})


def _change(
    request: HtmxRequest, viewer: client.Viewer, number: str, mutation: str, given: dict[str, Any]
) -> HttpResponse:
    given = {"clientMutationKey": key_of(request), **given}
    result = client.run(viewer, OPERATIONS[mutation], {"input": given})["result"]
    problem = None
    if result["__typename"] == "Problem":
        corrected = mutation == "CorrectFulfilment"
        problem = {
            "parcel": given["fulfilmentId"],
            "message": result["message"],
            "at": control_of(result["field"]) if corrected else "form",
            "typed": {name: request.POST.get(name, "") for name in TRACKING} if corrected else None,
        }
    page = page_asked(request)
    if not request.htmx:
        if problem:
            return whole_page(request, viewer, number, page, problem=problem)
        return HttpResponseRedirect(_address(request, number), status=303)
    found = client.run(viewer, OPERATIONS["Parcels"], {"number": number, "parcels": PARCELS})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    shown = {"order": found, "page": page, **parcels_of(found, problem)}
    response = render(request, PARCEL_LIST, shown, status=422 if problem else 200)
    return response if problem else trigger_client_event(response, "moved:parcel")


def _address(request: HtmxRequest, number: str) -> str:
    return reverse(f"admin:{page_asked(request)}", args=[number])
