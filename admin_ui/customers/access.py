"""What staff do on a customer's page about how they get in: the link, the account, the browsers, a look as they see it
(AC-6, AC-7, AC-9).
"""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from admin_ui.customers.profile import OPERATIONS, customer_page
from admin_ui.forms import key_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from schema import client

NO_PREVIEW = "The portal can’t be shown as this customer sees it."
# What a flag of the form is called in the schema.
FLAGS = {"active": "isActive", "blocked": "orderingBlocked"}


@require_POST
@staff_required
@needs("customers:read", "customer_links:read")
def link(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """End the customer's link, everywhere and at once, and make a new one."""
    return _done(request, viewer, gid, operation="RotateCustomerLink", part="link", given={"customerId": gid})


@require_POST
@staff_required
@needs("customers:read")
def flags(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """Set one of the customer's flags, or both: `active` and `blocked`, each yes or no."""
    chosen = {ours: request.POST[name] == "yes" for name, ours in FLAGS.items() if name in request.POST}
    given = {"customerId": gid, **chosen}
    return _done(request, viewer, gid, operation="SetCustomerFlags", part="account", given=given)


@require_POST
@staff_required
@needs("customers:read")
def sign_out(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """Sign one of the customer's contacts out of every browser."""
    contact = request.POST.get("contact", "")
    return _done(request, viewer, gid, operation="EndAccountSessions", part=contact, given={"contactId": contact})


@require_POST
@staff_required
@needs("customers:read", "customer_links:read")
def preview(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """Off to the portal, as this customer sees it."""
    response = HttpResponseRedirect(reverse("portal:orders"), status=303)
    if not client.begin_preview(request, response, gid):
        return customer_page(request, viewer, gid, problem=NO_PREVIEW)
    return response


def _done(
    request: HtmxRequest, viewer: client.Viewer, gid: str, *, operation: str, part: str, given: dict[str, Any]
) -> HttpResponse:
    """Do it, and show the part of the page that it concerns; or the page with the reason why it was not done."""
    given = {"clientMutationKey": key_of(request), **given}
    result = client.run(viewer, OPERATIONS[operation], {"input": given})["result"]
    if result["__typename"] == "Problem":
        return customer_page(request, viewer, gid, problem=result["message"])
    return HttpResponseRedirect(f"{reverse('admin:customer', args=[gid])}?done={part}#{part}", status=303)
