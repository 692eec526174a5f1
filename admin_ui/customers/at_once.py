"""What staff do with many customers of the list at once, and what became of each."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST

from admin_ui.customers.listing import AT_ONCE, ROUTE, narrowing_of
from admin_ui.customers.views import OPERATIONS
from admin_ui.forms import fresh_key, key_of
from admin_ui.lists import address_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from schema import client

TEMPLATE = "admin_ui/customers/at_once.html"
MOST = 100


@require_POST
@staff_required
@needs("customers:read", "customers:write")
def at_once(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Do `to` with each `customer`, and show what became of each."""
    to, chosen = request.POST.get("to", ""), list(dict.fromkeys(request.POST.getlist("customer")))[:MOST]
    narrowing = narrowing_of(request.POST)
    page: dict[str, Any] = {
        "viewer": viewer,
        "to": to,
        "chosen": chosen,
        "narrowing": narrowing.now,
        "back_to": address_of(ROUTE, **narrowing.now),
        "key": fresh_key(),
        "at_once": {name: label for name, (label, *_) in AT_ONCE.items()},
    }
    if not chosen or to not in AT_ONCE:
        problem = "Choose at least one customer." if to in AT_ONCE else "Choose what to do with them."
        return render(request, TEMPLATE, {**page, "problem": problem, "to": ""}, status=422)
    _, change, done = AT_ONCE[to]
    given = {"clientMutationKey": key_of(request), "customerIds": chosen, **change}
    result = client.run(viewer, OPERATIONS["ChangeCustomers"], {"input": given})["result"]
    if "outcomes" not in result:
        return render(request, TEMPLATE, {**page, "problem": result["message"]}, status=422)
    outcomes = result["outcomes"]
    failed = [outcome for outcome in outcomes if outcome["problem"]]
    if not failed:
        address = address_of(ROUTE, **narrowing.now, done=to, many=str(len(outcomes)))
        return HttpResponseRedirect(address, status=303)
    shown = {**page, "outcomes": outcomes, "failed": failed, "done": done, "many": len(outcomes) - len(failed)}
    return render(request, TEMPLATE, shown, status=422)
