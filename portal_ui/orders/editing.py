"""Changing one's own order, as far and as long as the shop lets customers (OR-7): by its contact, or by its link.

The page works without JavaScript. With it, it tells at once when the shop goes on with the order; what was typed stays.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh

from portal_ui.orders.changes import (
    PARTS,
    Changes,
    as_it_stands,
    as_typed,
    asked_for,
    content_of,
    open_parts,
    too_late,
    with_refusal,
)
from portal_ui.orders.status import PAYMENTS
from portal_ui.orders.views import OPERATIONS, change_order, closed, topics_of
from portal_ui.responses import PageRequest, SeeOther, version_of
from schema import client

PAGE = "portal_ui/orders/change.html"
_SAVED_BEFORE = "You saved other changes from this page before. Press Save again to save these as well."


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: PageRequest, number: str) -> HttpResponse:
    """The form with what may be changed; a POST saves what differs from what it showed."""
    viewer = client.order_viewer(request, number)
    try:
        data = _asked(request, viewer, number)
    except client.OperationFailed:
        if "lines" not in request.GET:
            raise
        return SeeOther(request.path)  # a cursor that was cut off, or that somebody made up
    order = data["orderByNumber"]
    if viewer is None or order is None:
        return closed(request, number, request.POST.get("note", ""))
    if order["editable"] is None:  # who came by the customer's link
        return SeeOther(_address(number))
    if request.method == "POST":
        return _save(request, viewer, data)
    return _page(request, viewer, data, as_it_stands(order))


def _save(request: PageRequest, viewer: client.Viewer, data: dict[str, Any]) -> HttpResponse:
    order, key = data["orderByNumber"], request.POST.get("client_mutation_key") or str(uuid4())
    form = as_typed(order, request.POST)
    if form.failed:
        return _page(request, viewer, data, form, key)
    given = asked_for(form)
    if not given:
        return SeeOther(_address(order["number"]))
    result = change_order(viewer, "EditOrder", order, key, **given)
    if "code" not in result:
        return SeeOther(f"{_address(order['number'])}?{urlencode({'done': 'changed'})}")
    if result["code"] == "KEY_REUSED":
        result, key = {"field": None, "message": _SAVED_BEFORE}, str(uuid4())
    now = _asked(request, viewer, order["number"])
    if now["orderByNumber"] is None:
        return closed(request, order["number"], form.note)
    return _page(request, viewer, now, with_refusal(as_typed(now["orderByNumber"], request.POST), result), key)


@require_safe
def state(request: PageRequest, number: str) -> HttpResponse:
    """What happened to the order since the form was made, for pages that stand open; a 204 for one that `have`s it."""
    viewer = client.order_viewer(request, number)
    if not request.htmx:
        return SeeOther(reverse("portal:order_change", args=[number]))
    order = _asked(request, viewer, number)["orderByNumber"]
    if viewer is None or order is None or order["editable"] is None:
        return HttpResponseClientRefresh()
    if request.GET.get("as", viewer.kind.value) != viewer.kind.value:
        return HttpResponseClientRefresh()  # somebody signed in or out: it is another page now
    parts = [part for part in PARTS if part in request.GET.getlist("part")]
    news = _news(order, parts, request.GET.get("content", ""))
    if request.GET.get("have") == news["version"]:
        return HttpResponse(status=204)
    page = {"order": order, "number": number, "shop": order["store"]["name"], "news": news, "fetched": True}
    return render(request, f"{PAGE}#state", page)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: PageRequest, number: str) -> HttpResponse:
    """Ask once more; a POST cancels the order."""
    viewer = client.order_viewer(request, number)
    order = client.run(viewer, OPERATIONS["OrderToCancel"], {"number": number})["orderByNumber"] if viewer else None
    if viewer is None or order is None:
        return closed(request, number)
    if order["editable"] is None or order["status"] == "CANCELLED":
        return SeeOther(_address(number))
    may_cancel, problem = order["editable"]["cancel"], order["editable"]["reason"] or ""
    if request.method != "POST" and not (may_cancel or problem):
        return SeeOther(_address(number))  # other things may be changed
    if request.method == "POST":
        result = change_order(viewer, "CancelOwnOrder", order, request.POST.get("client_mutation_key") or str(uuid4()))
        if "code" not in result:
            return SeeOther(f"{_address(number)}?{urlencode({'done': 'cancelled'})}")
        problem = result["message"]
    page = {
        "order": order,
        "number": number,
        "shop": order["store"]["name"],
        "problem": problem,
        "may_cancel": may_cancel and not problem,
        "is_paid": order["payment"] != "NOT_CHARGED",
        "payment": PAYMENTS[order["payment"]],
        "key": uuid4(),
    }
    return render(
        request, "portal_ui/orders/cancel.html", page, status=422 if problem and request.method == "POST" else 200
    )


def _page(
    request: PageRequest, viewer: client.Viewer, data: Mapping[str, Any], form: Changes, key: str = ""
) -> HttpResponse:
    order = data["orderByNumber"]
    parts, lost = open_parts(order), too_late(form, order)
    # Of a part that is gone the reason stands above all; else beside the part.
    problem = next(iter(form.problems.values()), "") if lost else form.problems.get("", "")
    page = {
        "order": order,
        "number": order["number"],
        "shop": order["store"]["name"],
        "form": form,
        "problem": problem,
        "parts": parts,
        "lost": lost,
        "content": content_of(order),
        "news": _news(order, parts, content_of(order)),
        "after": request.GET.get("lines", ""),
        "kind": viewer.kind.value,
        "topics": topics_of(viewer, order["id"]),
        "position": data["position"],
        "key": key or uuid4(),
    }
    return render(request, PAGE, page, status=422 if form.failed else 200)


def _news(order: Mapping[str, Any], parts: Any, content: str) -> dict[str, Any]:
    """Which of the form's parts are closed by now, and whether the order is another one than the form shows."""
    closed_now = [part for part in parts if part not in open_parts(order)]
    news = {"closed": closed_now, "all": bool(closed_now) and len(closed_now) == len(parts)}
    news |= {"is_other": content_of(order) != content, "reason": order["editable"]["reason"]}
    return {**news, "version": version_of(news)}


def _asked(request: PageRequest, viewer: client.Viewer | None, number: str) -> dict[str, Any]:
    """Where the log stands, and the order; nobody finds none."""
    if viewer is None:
        return {"orderByNumber": None}
    addresses = "addresses:read" in client.allowed(viewer)
    after = {"linesAfter": request.GET["lines"]} if request.GET.get("lines") else {}
    return client.run(viewer, OPERATIONS["OrderToChange"], {"number": number, "addresses": addresses, **after})


def _address(number: str) -> str:
    return reverse("portal:order", args=[number])
