"""What staff do with many orders of the list at once, and what became of each."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST

from admin_ui.forms import fresh_key, key_of
from admin_ui.lists import address_of
from admin_ui.orders.listing import AT_ONCE, DONE, ROUTE
from admin_ui.orders.narrowing import narrowing_of
from admin_ui.orders.views import OPERATIONS, STEPS
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from schema import client

TEMPLATE = "admin_ui/orders/at_once.html"
MOST = 100


@require_POST
@staff_required
@needs("orders:read")
def at_once(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Do `to` with each `order`, and show what became of each; cancelling is asked about first."""
    to, chosen = request.POST.get("to", ""), list(dict.fromkeys(request.POST.getlist("order")))[:MOST]
    narrowing = narrowing_of(request.POST)
    back_to = address_of(ROUTE, **narrowing.now)
    page: dict[str, Any] = {
        "viewer": viewer,
        "to": to,
        "chosen": chosen,
        "narrowing": narrowing.now,
        "back_to": back_to,
        "key": fresh_key(),
        "at_once": {name: label for name, (label, needed) in AT_ONCE.items() if needed in client.allowed(viewer)},
    }
    if not chosen or to not in AT_ONCE:
        problem = "Choose at least one order." if to in AT_ONCE else "Choose what to do with them."
        return render(request, TEMPLATE, {**page, "problem": problem, "to": ""}, status=422)
    if to == "cancel" and request.POST.get("sure") != "yes":
        return render(request, TEMPLATE, {**page, "asks": True, "key": key_of(request)})
    change = STEPS[to].change
    mutation = "SetOrdersHold" if "onHold" in change else "ChangeOrders"
    given = {"clientMutationKey": key_of(request), "orderIds": chosen, **change}
    result = client.run(viewer, OPERATIONS[mutation], {"input": given})["result"]
    if "outcomes" not in result:
        return render(request, TEMPLATE, {**page, "problem": result["message"]}, status=422)
    outcomes = result["outcomes"]
    failed = [outcome for outcome in outcomes if outcome["problem"]]
    if not failed:
        done = address_of(ROUTE, **narrowing.now, done=to, many=str(len(outcomes)))
        return HttpResponseRedirect(done, status=303)
    shown = {**page, "outcomes": outcomes, "failed": failed, "done": DONE[to], "many": len(outcomes) - len(failed)}
    return render(request, TEMPLATE, shown, status=422)
