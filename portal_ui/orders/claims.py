"""A guest who is signed in adds the order to their account."""

from uuid import uuid4

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal_ui.header import sign_in_address
from portal_ui.orders.views import OPERATIONS, closed, page_of
from portal_ui.responses import PageRequest, SeeOther
from schema import client


@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: PageRequest, number: str) -> HttpResponse:
    """Add the order to the account of the contact who is signed in. The order's key says that it may be theirs; the
    mailbox that they proved says that it is.
    """
    order_page = reverse("portal:order", args=[number])
    if request.method != "POST":
        return SeeOther(order_page)  # the address of a refused form, opened again
    contact, guest = client.contact_viewer(request), client.order_viewer(request, number)
    if guest is None:
        return closed(request, number)
    if contact is None:
        return SeeOther(sign_in_address(order_page))
    order_key = client.order_key(request, number)
    if order_key is None:
        return SeeOther(order_page)
    key = request.POST.get("client_mutation_key") or str(uuid4())
    given = {"orderKey": order_key, "clientMutationKey": key}
    result = client.run(contact, OPERATIONS["ClaimOrder"], {"input": given})["result"]
    if "code" in result:
        return page_of(request, guest, number, status=422, claim_error=result["message"])
    return SeeOther(order_page)
