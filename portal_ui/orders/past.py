"""Past orders: those of the contact who is signed in, and those of the customer whose link was followed (OR-4)."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from portal_ui.account.closed import not_signed_in
from portal_ui.orders.status import PAYMENTS, standing_of
from portal_ui.responses import PageRequest, SeeOther, version_of
from schema import client

OPERATIONS = client.operations_beside(__file__)
PAGE = "portal_ui/orders/past.html"
ORDERS_A_PAGE = 20
LONGEST_SEARCH = 300


@require_safe
def of_contact(request: PageRequest) -> HttpResponse:
    """The orders of the contact who is signed in."""
    viewer = client.contact_viewer(request)
    if viewer is None:
        return not_signed_in(request, request.get_full_path())
    topics = [f"contact_{viewer.contact_id}", f"customer_{viewer.customer_id}"]
    told = {"ordering_blocked": client.accounts.ordering_is_blocked(request)}
    return _page(request, viewer, "portal:account_orders", topics, **told)


@require_safe
def of_customer(request: PageRequest) -> HttpResponse:
    """The orders of the customer whose link this browser followed, once that is confirmed, and proved where it has to
    be.
    """
    viewer, greeting = client.customer_viewer(request), client.welcome.greeting(request)
    if viewer is None or greeting is None:
        if request.htmx:
            return HttpResponseClientRefresh()
        return SeeOther(reverse("portal:welcome" if greeting and greeting.is_customer else "portal:landing"))
    told = {"customer": greeting.name, "ordering_blocked": greeting.ordering_blocked}
    return _page(request, viewer, "portal:orders", [f"customer_{viewer.customer_id}"], **told)


def _page(request: PageRequest, viewer: client.Viewer, route: str, topics: list[str], **told: object) -> HttpResponse:
    search = " ".join(request.GET.get("q", "").replace("\0", " ").split())
    data, after = _read(viewer, search, request.GET.get("after", ""))
    orders = [_shown(order) for order in data["orders"]["nodes"]]
    more = data["orders"]["pageInfo"]
    shown = {"orders": orders, "more": more, "search": search, "after": after, **told}
    version = version_of(shown)
    if request.htmx and request.GET.get("have") == version:
        return HttpResponse(status=204)
    page = {
        **shown,
        "shop": data["workspace"]["name"],
        "position": data["position"],
        "topics": " ".join([*topics, *(order["id"] for order in orders)]),
        "heading": _heading(orders, more, search=search, after=after),
        "here": reverse(route),
        "newest": _address(route, q=search),
        "older": _address(route, q=search, after=more["endCursor"] or ""),
        "too_long": len(search) > LONGEST_SEARCH,
        "version": version,
    }
    part = bool(request.htmx) and not request.htmx.history_restore_request
    response = render(request, f"{PAGE}#orders" if part else PAGE, {**page, "fetched": part})
    if part and request.htmx.trigger == "search" and request.htmx.current_url_abs_path != page["newest"]:
        response.headers["HX-Push-Url"] = str(page["newest"])
    return response


def _read(viewer: client.Viewer, search: str, after: str) -> tuple[dict[str, Any], str]:
    """A page of the orders, and the cursor that it begins after: none where the address held something else."""
    variables = {"first": ORDERS_A_PAGE, "filter": {"search": search} if search else None}
    try:
        return client.run(viewer, OPERATIONS["PastOrders"], {**variables, "after": after or None}), after
    except client.OperationFailed as failure:
        if not after or "BAD_CURSOR" not in failure.codes:
            raise
    return client.run(viewer, OPERATIONS["PastOrders"], variables), ""


def _shown(order: Mapping[str, Any]) -> dict[str, Any]:
    standing, lines = standing_of(order), order["lines"]
    return {
        **{fact: order[fact] for fact in ("id", "number", "placedAt", "total")},
        "brief": standing.brief,
        "kind": standing.kind,
        "is_open": standing.is_open,
        "payment": PAYMENTS[order["payment"]],
        "first": lines["nodes"][0]["name"] if lines["nodes"] else "",
        "has_more": lines["pageInfo"]["hasNextPage"],
    }


def _heading(orders: list[dict[str, Any]], more: Mapping[str, Any], *, search: str, after: str) -> str:
    """What is true of these orders."""
    count, is_open = len(orders), sum(order["is_open"] for order in orders)
    if search:
        found = f"More than {count}" if more["hasNextPage"] or after else str(count) if count else "No"
        return f"{found} order{'' if found == '1' else 's'} found"
    if after:
        return "Earlier orders"
    if not orders:
        return "No orders yet"
    among = " of your newest orders" if more["hasNextPage"] else " of your orders"
    if not is_open:
        return "No open orders" + (" among your newest ones" if more["hasNextPage"] else "")
    if count == is_open == 1:
        return "Your order is open"
    return f"{is_open}{among} {'is' if is_open == 1 else 'are'} open"


def _address(route: str, **given: str) -> str:
    narrowed = {name: value for name, value in given.items() if value}
    return reverse(route) + (f"?{urlencode(narrowed)}" if narrowed else "")
