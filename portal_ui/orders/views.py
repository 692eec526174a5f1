"""A customer's order: where it stands, what was ordered, and the conversation (CN-3, CN-8, AC-2).

Who opened it by the order's link sees what the order's key alone shows; its contact, who signed in, the addresses and
the invoice too; the customer by their own link no conversation. Every address of an order answers alike to a browser
without a credential that still holds, whatever the reason.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh, trigger_client_event

from portal_ui.orders.changes import PARTS
from portal_ui.orders.status import PAYMENTS, standing_of, steps
from portal_ui.responses import PageRequest, SeeOther, version_of
from schema import client

OPERATIONS = client.operations_beside(__file__)
PAGE = "portal_ui/orders/order.html"

# What each part that fetches itself again shows, besides the order's number and its store.
_ACCOUNT = {"items": ("deliveryAddress", "billingAddress", "invoice")}  # what asks for a login, in this part
_SHOWN = {
    "summary": ("status", "fulfilment", "payment", "placedAt", "total", "editable"),
    "items": ("lines", "fulfilments", "note"),
    "thread": ("messages",),
    "mail_preference": ("mailPreference",),
}

_ENDED = (
    "This link doesn’t open the order any more, so your message was not sent. "
    "Copy your text, then open the newest e-mail from the shop and use its button."
)
_SENT_BEFORE = (
    "You sent another message from this page before, and it has arrived. Press Send again to send this one as well."
)


# Pages and their parts.


@require_safe
def order_page(request: PageRequest, number: str) -> HttpResponse:
    """The page of an order. With `?key=`: let this browser in, then go on without the secret in the address (AC-8)."""
    if "key" in request.GET:
        return _follow_link(request, number, request.GET["key"])
    viewer = client.order_viewer(request, number)
    return page_of(request, viewer, number) if viewer else closed(request, number)


@require_safe
def summary(request: PageRequest, number: str) -> HttpResponse:
    """The stub alone, for when the order changed; its heading is read out."""
    return _part(request, number, "summary", "OrderSummary")


@require_safe
def items(request: PageRequest, number: str) -> HttpResponse:
    """The first lines and the parcels alone, for when something was sent."""
    return _part(request, number, "items", "OrderItems")


@require_safe
def thread(request: PageRequest, number: str) -> HttpResponse:
    """The newest messages alone, for when there is news; what the shop wrote since message `newest` is read out."""
    return _part(request, number, "thread", "OrderThread")


@require_http_methods(["GET", "HEAD", "POST"])
def mail_preference(request: PageRequest, number: str) -> HttpResponse:
    """The line that says whether answers are mailed; POST `enabled` as 1 or 0 to change it (CN-6)."""
    if request.method != "POST":
        return _part(request, number, "mail_preference", "OrderMailPreference")
    enabled = request.POST.get("enabled")
    if enabled not in ("1", "0"):
        return HttpResponse("Say `enabled` as 1 or 0.", status=400, content_type="text/plain")
    viewer = client.order_viewer(request, number)
    order = _order(viewer, "OrderName", number)
    if viewer is None or order is None:
        return closed(request, number)
    # A key of its own each time: going back and pressing the same button again must do it again.
    result = change_order(viewer, "SetMailPreference", order, str(uuid4()), enabled=enabled == "1")
    answer = {"status": 422, "preference_error": result["message"]} if "code" in result else {}
    if not request.htmx:
        return page_of(request, viewer, number, **answer) if answer else SeeOther(f"{_address(number)}#mail-preference")
    order = _order(viewer, "OrderMailPreference", number)
    if order is None:
        return closed(request, number)
    response = _render(request, order, "mail_preference", **answer)
    return trigger_client_event(response, "set:mail_preference", after="swap")


# What a customer does.


@require_http_methods(["GET", "HEAD", "POST"])
def messages(request: PageRequest, number: str) -> HttpResponse:
    """Write to the shop: POST `text`, and `client_mutation_key`, with which sending twice sends once."""
    if request.method != "POST":
        return SeeOther(_address(number))  # the address of a refused form, opened again
    text = request.POST.get("text", "").replace("\r\n", "\n")
    viewer = client.order_viewer(request, number)
    order = _order(viewer, "OrderName", number)
    if viewer is None or order is None:
        return _closed_while_writing(request, number, text)
    key = request.POST.get("client_mutation_key") or str(uuid4())
    result = change_order(viewer, "SendMessage", order, key, text=text)
    if "code" in result:
        return _refused(request, viewer, order, result, text=text, key=key)
    if request.htmx:
        # The thread fetches itself: fetches of one region wait for each other, so an older one never overwrites it.
        return trigger_client_event(_composer(request, number, order["store"]["name"]), "sent:message")
    return SeeOther(f"{_address(number)}#{result['sent']['id']}")


def _refused(
    request: PageRequest, viewer: client.Viewer, order: Mapping[str, Any], problem: Mapping[str, str], **typed: str
) -> HttpResponse:
    """The same form with the same text and key, and what to do. A key that stood for another text is replaced."""
    again = {**typed, "text_error": problem["message"]}
    if problem["code"] == "KEY_REUSED":
        again |= {"text_error": _SENT_BEFORE, "key": str(uuid4())}
    if request.htmx:
        return _composer(request, order["number"], order["store"]["name"], status=422, **again)
    return page_of(request, viewer, order["number"], status=422, **again)


def _composer(request: PageRequest, number: str, shop: str, *, status: int = 200, **typed: str) -> HttpResponse:
    context = {"key": uuid4(), "number": number, "shop": shop, **typed}
    return render(request, f"{PAGE}#composer", context, status=status)


@require_POST
def receipts(request: PageRequest, number: str) -> HttpResponse:
    """A visible page reports how far the shop's messages have come: `delivered` and `read`, each a message id."""
    viewer = client.order_viewer(request, number)
    order = _order(viewer, "OrderName", number)
    if viewer is None or order is None:
        return HttpResponse(status=404)
    for field, mutation in (("delivered", "ReportDelivered"), ("read", "ReportRead")):
        up_to = request.POST.get(field)
        if up_to and "code" in change_order(viewer, mutation, order, f"{field}:{up_to}"[:100], upTo=up_to):
            return HttpResponse("There is no such message on this order.", status=400, content_type="text/plain")
    return HttpResponse(status=204)


# How they answer.


def _follow_link(request: PageRequest, number: str, key: str) -> HttpResponse:
    response = SeeOther(_address(number))  # without a fragment: the browser keeps the one that it came with
    return response if client.follow_order_link(request, response, number, key) else closed(request, number)


def page_of(
    request: PageRequest, viewer: client.Viewer, number: str, *, status: int = 200, **more: object
) -> HttpResponse:
    """The whole page, as this viewer sees it."""
    cursors = {
        variable: request.GET[parameter]
        for variable, parameter in (("messagesAfter", "before"), ("linesAfter", "lines"))
        if request.GET.get(parameter)
    }
    try:
        data = client.run(viewer, OPERATIONS["OrderPage"], {"number": number, **_allowed(viewer), **cursors})
    except client.OperationFailed:
        if not cursors:
            raise
        return SeeOther(_address(number))  # a cursor that was cut off, or that somebody made up
    order = data["orderByNumber"]
    if order is None:
        return closed(request, number)
    place = {"earlier": "messagesAfter" in cursors, "further": "linesAfter" in cursors}
    kind = viewer.kind.value
    seen_by = {**_allowed(viewer), "kind": kind, "topics": topics_of(viewer, order["id"])}
    more["done"] = request.GET.get("done", "")
    more["may_claim"] = kind == "guest" and client.contact_viewer(request) is not None
    return render(request, PAGE, _context(order, position=data["position"], **place, **seen_by, **more), status=status)


def _part(request: PageRequest, number: str, part: str, operation: str) -> HttpResponse:
    """A region that fetches itself again. One that `have`s all this already gets a 204: what a person reads, selects
    or stands on is not touched without need.
    """
    if not request.htmx:
        return SeeOther(_address(number))
    viewer = client.order_viewer(request, number)
    order = _order(viewer, operation, number)
    if viewer is None or order is None or request.GET.get("as", viewer.kind.value) != viewer.kind.value:
        return HttpResponseClientRefresh()  # somebody signed in or out: it is another page now
    if request.GET.get("have") == _versions(order)[part]:
        return HttpResponse(status=204)
    return _render(
        request, order, part, fetched=True, **_allowed(viewer), news=_news(order, request.GET.get("newest", ""))
    )


def _render(
    request: PageRequest, order: Mapping[str, Any], part: str, *, status: int = 200, **more: object
) -> HttpResponse:
    return render(request, f"{PAGE}#{part}", _context(order, **more), status=status)


def _context(order: Mapping[str, Any], **more: object) -> dict[str, object]:
    context: dict[str, object] = {"order": order, "number": order["number"], "shop": order["store"]["name"]}
    if order.get("editable"):
        context["may_change"] = [part for part in PARTS if order["editable"][part]]
    if "status" in order:
        standing = standing_of(order, may_write=bool(more.get("conversation", True)))
        context |= {"standing": standing, "steps": steps(standing), "payment": PAYMENTS[order["payment"]]}
    if order.get("invoice"):
        context["is_paid"] = is_paid(order["invoice"])
    return {**context, "versions": _versions(order), "key": uuid4(), **more}


def is_paid(invoice: Mapping[str, Any]) -> bool:
    """Whether nothing is left to pay."""
    return not Decimal(invoice["due"]["amount"])


def _versions(order: Mapping[str, Any]) -> dict[str, str]:
    """The version of each part that an operation asked for."""
    return {
        part: version_of([order.get(field) for field in ("number", "store", *fields, *_ACCOUNT.get(part, ()))])
        for part, fields in _SHOWN.items()
        if order.keys() >= set(fields)
    }


def _news(order: Mapping[str, Any], newest: str) -> list[dict[str, Any]]:
    """What the shop wrote after message `newest`, oldest first; nothing when that message is not in sight."""
    messages = order["messages"]["nodes"] if "messages" in order else []
    shown = [message["id"] for message in messages]
    count = shown.index(newest) if newest in shown else len(shown) if not newest else 0
    return [message for message in reversed(messages[:count]) if not message["isMine"]]


def closed(request: PageRequest, number: str, text: str = "") -> HttpResponse:
    """This browser sees no such order: never existed, not its own and replaced look the same. Who signs in from here
    comes back to where they wanted to go.
    """
    if request.htmx:
        return HttpResponseClientRefresh()
    then = request.path if request.method != "POST" else _address(number)
    page = {"shop": _shop(request), "text": text, "then": then}
    return render(request, "portal_ui/orders/closed.html", page, status=404)


def _closed_while_writing(request: PageRequest, number: str, text: str) -> HttpResponse:
    """What was typed is never lost: it stays in the box, or is shown to be copied."""
    if not request.htmx:
        return closed(request, number, text)
    return _composer(request, number, _shop(request), status=422, text=text, text_error=_ENDED)


# What they ask the schema.


def _order(viewer: client.Viewer | None, operation: str, number: str) -> dict[str, Any] | None:
    if viewer is None:
        return None
    asked = {"number": number, **(_allowed(viewer, "addresses") if operation == "OrderItems" else {})}
    found: dict[str, Any] | None = client.run(viewer, OPERATIONS[operation], asked)["orderByNumber"]
    return found


def _allowed(viewer: client.Viewer, *parts: str) -> dict[str, bool]:
    """Which parts of the page are for this viewer: variables of the operations, and names in the template."""
    allowed = client.allowed(viewer)
    shown = {"conversation": "messages:read" in allowed, "addresses": "addresses:read" in allowed}
    return {part: shown[part] for part in parts or shown}


def topics_of(viewer: client.Viewer, order_id: str) -> str:
    """What the page watches: the order, and the credential that opened it."""
    by = {"contact": f"contact_{viewer.contact_id}", "customer": f"customer_{viewer.customer_id}"}
    return " ".join(filter(None, (order_id, by.get(viewer.kind.value, ""))))


def change_order(
    viewer: client.Viewer, mutation: str, order: Mapping[str, Any], key: str, **given: object
) -> dict[str, Any]:
    """Run a mutation on an order; a result with a `code` is a problem: nothing was changed."""
    variables = {"input": {"orderId": order["id"], "clientMutationKey": key, **given}}
    result: dict[str, Any] = client.run(viewer, OPERATIONS[mutation], variables)["result"]
    return result


def _shop(request: PageRequest) -> str:
    viewer = client.anonymous_viewer(request)
    return client.run(viewer, OPERATIONS["ClosedLink"])["workspace"]["name"] if viewer else ""


def _address(number: str) -> str:
    return reverse("portal:order", args=[number])
