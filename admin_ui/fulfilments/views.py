"""The Fulfilments tab of an order: what is left to send, and the parcels that have left (OR-3)."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from admin_ui.forms import fresh_key, key_of
from admin_ui.orders.views import header_of
from admin_ui.paging import run_page
from admin_ui.regions import is_current, version_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page, refused
from schema import client

OPERATIONS = client.operations_beside(__file__)

PAGE = "admin_ui/fulfilments/fulfilments.html"
LINES_A_PAGE = PARCELS = 100
TRACKING = {"carrier": "carrier", "tracking_number": "trackingNumber", "tracking_url": "trackingUrl"}
MOVES = {"delivered": "DELIVERED", "cancelled": "CANCELLED"}
SENT_BEFORE = "An earlier parcel of this form has left already: it stands below. To send another one, send again."


@require_safe
@staff_required
@needs("orders:read")
def fulfilments(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The tab."""
    return _page(request, viewer, number)


def _page(
    request: HtmxRequest, viewer: client.Viewer, number: str, *, form: dict[str, Any] | None = None
) -> HttpResponse:
    variables = {
        "number": number,
        "lines": LINES_A_PAGE,
        "after": request.GET.get("after") or None,
        "parcels": PARCELS,
    }
    data, lost = run_page(viewer, OPERATIONS["FulfilmentsPage"], variables, "after")
    found = data["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    page = {
        "viewer": viewer,
        "position": data["position"],
        "lost": lost,
        **header_of(viewer, found),
        **_parcels(found),
        **_form(found, form),
    }
    return render(request, PAGE, page, status=422 if form else 200)


@require_safe
@staff_required
@needs("orders:read")
def parcels(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The parcels, by themselves."""
    found = client.run(viewer, OPERATIONS["Parcels"], {"number": number, "parcels": PARCELS})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    shown = _parcels(found)
    if is_current(request, shown["parcels_version"]):
        return HttpResponse(status=204)
    return render(request, f"{PAGE}#parcels", {"order": found, **shown})


def _parcels(found: dict[str, Any], problem: dict[str, Any] | None = None) -> dict[str, Any]:
    """The parcels, the newest first; `problem` is a refused correction, with what was typed."""
    sent = [{**parcel, "key": fresh_key()} for parcel in reversed(found["fulfilments"]["nodes"])]
    return {"parcels": sent, "problem": problem, "parcels_version": version_of(found["fulfilments"])}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("orders:read", "fulfilments:write")
def send(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The form for the next parcel, by itself; a POST sends it."""
    variables = {"number": number, "lines": LINES_A_PAGE, "after": request.GET.get("after") or None}
    data, _ = run_page(viewer, OPERATIONS["Left"], variables, "after")
    found = data["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    if request.method != "POST":
        return render(request, f"{PAGE}#send_form", {"order": found, **_form(found)})
    typed = {
        name: request.POST.get(name, "") for name in request.POST if name.startswith("quantity ") or name in TRACKING
    }
    quantities, problems = _quantities(found, typed)
    if not problems:
        given = {
            "clientMutationKey": key_of(request),
            "orderId": found["id"],
            "lines": [{"lineId": line, "quantity": quantity} for line, quantity in quantities.items()],
            **{ours: typed.get(name, "") for name, ours in TRACKING.items()},
        }
        result = client.run(viewer, OPERATIONS["FulfilOrder"], {"input": given})["result"]
        if result["__typename"] != "Problem":
            return _sent(request, viewer, number, result["fulfilment"]["number"])
        problems = {_control(result["field"]): result["message"]}
        if result["code"] == "KEY_REUSED":
            problems = {"form": SENT_BEFORE}
    reused = problems.get("form") == SENT_BEFORE
    form = {"key": fresh_key() if reused else key_of(request), "typed": typed, "problems": problems}
    if not request.htmx:
        return _page(request, viewer, number, form=form)
    data, _ = run_page(viewer, OPERATIONS["Left"], variables, "after")  # a colleague may have been faster
    return render(
        request, f"{PAGE}#send_form", {"order": data["orderByNumber"], **_form(data["orderByNumber"], form)}, status=422
    )


def _sent(request: HtmxRequest, viewer: client.Viewer, number: str, parcel: int) -> HttpResponse:
    if not request.htmx:
        return HttpResponseRedirect(f"{_tab(number)}#parcel-{parcel}", status=303)
    found = client.run(viewer, OPERATIONS["Left"], {"number": number, "lines": LINES_A_PAGE})["orderByNumber"]
    response = render(request, f"{PAGE}#send_form", {"order": found, "sent": parcel, **_form(found)})
    return trigger_client_event(response, "sent:parcel", {"number": parcel})


def _quantities(found: dict[str, Any], typed: dict[str, str]) -> tuple[dict[str, int], dict[str, str]]:
    """How much of each line was chosen, and what is wrong with what was typed, by control."""
    quantities, problems = {}, {}
    for line in found["lines"]["nodes"]:
        control = f"quantity {line['id']}"
        text = typed.get(control, "").strip()
        left = line["quantity"] - line["fulfilled"]
        if not text:
            continue
        if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= left):
            problems[control] = f"Write a whole number from 0 to {left:,}."
        elif int(text):
            quantities[line["id"]] = int(text)
    if not quantities and not problems:
        problems["form"] = "Nothing is chosen: write how many of at least one line are in the parcel."
    return quantities, problems


def _control(field: str | None) -> str:
    """The control that a problem of the schema speaks of."""
    return {ours: name for name, ours in TRACKING.items()}.get(field or "", "form")


def _form(found: dict[str, Any], form: dict[str, Any] | None = None) -> dict[str, Any]:
    """What is left to send, with what was typed; at first everything that is left."""
    typed = form["typed"] if form else {}
    problems = form["problems"] if form else {}
    lines = []
    for line in found["lines"]["nodes"]:
        left, control = line["quantity"] - line["fulfilled"], f"quantity {line['id']}"
        if left or control in problems:
            lines.append({
                **line,
                "left": left,
                "control": control,
                "value": typed.get(control, "") if form else left,
                "problem": problems.get(control, ""),
            })  # fmt: skip
    tracking = {name: {"value": typed.get(name, ""), "problem": problems.get(name, "")} for name in TRACKING}
    return {
        "form": {
            "key": form["key"] if form else fresh_key(),
            "lines": lines,
            "problem": problems.get("form", ""),
            "failed": bool(problems),
            "open": found["status"] in ("CONFIRMED", "INVOICED") and found["fulfilment"] != "ON_HOLD",
            **tracking,
        },
        "more": found["lines"]["pageInfo"],
    }


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
    given = {"fulfilmentId": gid, "status": status}
    return _change(request, viewer, number, "ChangeFulfilmentStatus", given)


def _change(
    request: HtmxRequest, viewer: client.Viewer, number: str, mutation: str, given: dict[str, Any]
) -> HttpResponse:
    given = {"clientMutationKey": key_of(request), **given}
    result = client.run(viewer, OPERATIONS[mutation], {"input": given})["result"]
    message = result.get("message", "")
    if not request.htmx:
        if message:
            return refused(request, viewer, message, back_to=_tab(number))
        return HttpResponseRedirect(_tab(number), status=303)
    found = client.run(viewer, OPERATIONS["Parcels"], {"number": number, "parcels": PARCELS})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    typed = {name: given.get(ours, "") for name, ours in TRACKING.items()}
    problem = {"parcel": given["fulfilmentId"], "message": message, **typed} if message else None
    response = render(
        request, f"{PAGE}#parcels", {"order": found, **_parcels(found, problem)}, status=422 if message else 200
    )
    return response if message else trigger_client_event(response, "moved:parcel")


def _tab(number: str) -> str:
    return reverse("admin:fulfilments", args=[number])
