"""The invoice of an order, to be printed or kept (AC-2). It asks for a login."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal_ui.header import sign_in_address
from portal_ui.orders.views import OPERATIONS, closed, is_paid
from portal_ui.responses import PageRequest, SeeOther
from schema import client


@require_safe
def invoice(request: PageRequest, number: str) -> HttpResponse:
    """The invoice on one page; an order that has none leads to its own page. Whoever opened the order by a link signs
    in first, and whoever is signed in as somebody else is shown how to add the order.
    """
    viewer, order_page = client.order_viewer(request, number), reverse("portal:order", args=[number])
    if viewer is None:
        return closed(request, number)
    if "invoices:read" not in client.allowed(viewer):
        return SeeOther(order_page if client.contact_viewer(request) else sign_in_address(request.path))
    order = _whole(viewer, number)
    if order is None:
        return closed(request, number)
    if order["invoice"] is None:
        return SeeOther(order_page)
    bill = order["invoice"]
    page = {"order": order, "invoice": bill, "is_paid": is_paid(bill), "shop": order["store"]["name"], "number": number}
    return render(request, "portal_ui/orders/invoice.html", page)


def _whole(viewer: client.Viewer, number: str) -> dict[str, Any] | None:
    """The order with all its lines, of which the schema gives a hundred at a time: paper has no next page."""
    order: dict[str, Any] | None = None
    lines: list[dict[str, Any]] = []
    after = None
    while True:
        found = client.run(viewer, OPERATIONS["InvoicePage"], {"number": number, "linesAfter": after})["orderByNumber"]
        if found is None:
            return None
        order = order or found
        lines += found["lines"]["nodes"]
        if not found["lines"]["pageInfo"]["hasNextPage"]:
            return {**order, "lines": lines}
        after = found["lines"]["pageInfo"]["endCursor"]
