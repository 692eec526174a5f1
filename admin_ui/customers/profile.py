"""The profile of a customer: who they are, what they were promised, what they ordered, what was logged about them, whom
they have to do with, who speaks for them, and how they get in.

The parts are always in this order, so that whoever looks for something knows where it stands.
"""

from collections.abc import Collection, Mapping

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from admin_ui.customers.candidates import linking_of
from admin_ui.forms import fresh_key
from admin_ui.interactions.card import NEWEST_ORDERS, card_of, form_of, narrowed_by
from admin_ui.paging import run_page
from admin_ui.regions import version_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page
from schema import client

OPERATIONS = client.operations_beside(__file__)

CONTACTS = 100
LINKED = 50


@require_safe
@staff_required
@needs("customers:read")
def customer(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """One customer."""
    return customer_page(request, viewer, gid)


def customer_page(
    request: HtmxRequest,
    viewer: client.Viewer,
    gid: str,
    *,
    problem: str = "",
    log: Mapping[str, str] | None = None,
    linking: Mapping[str, str] | None = None,
    on_top: Collection[str] = (),
) -> HttpResponse:
    """The profile; `problem` says why what was asked for there was not done. `log` and `linking` are what was typed
    into these forms and not taken; `on_top` are entries of the log that stay on top though they wait no more.
    """
    narrowed = narrowed_by(request)
    variables = {
        "id": gid,
        "contacts": CONTACTS,
        "orders": NEWEST_ORDERS,
        "linked": LINKED,
        **narrowed.variables,
    }
    data, lost = run_page(viewer, OPERATIONS["CustomerPage"], variables, "after")
    found = data["customer"]
    if not found:
        return no_such_page(request, viewer)
    on_top = on_top or request.GET.get("on_top", "").split()
    page = {
        "viewer": viewer,
        "key": fresh_key(),
        "done": request.GET.get("done", ""),
        "problem": problem,
        "in_part": bool(request.htmx),  # then only the part that was acted in is shown
        **card_of(viewer, found, narrowed._replace(before="") if lost else narrowed, on_top=on_top),
        **form_of(data, log),
        **linking_of(viewer, found, linking or {"link": request.GET.get("link", "")}),
        "linked_version": version_of(found["linkedAccounts"]),
        **data,
    }
    return render(request, "admin_ui/customers/customer.html", page, status=422 if problem or log or linking else 200)
