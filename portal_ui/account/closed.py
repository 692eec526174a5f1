"""What is answered where a contact has to be signed in, and is not."""

from django.http import HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRefresh

from portal_ui.header import sign_in_address
from portal_ui.responses import PageRequest, SeeOther
from schema import client

OPERATIONS = client.operations_beside(__file__)


def not_signed_in(request: PageRequest, then: str) -> HttpResponse:
    """To the sign-in, and on to `then`; who is signed in to an account that is not active is told so (AC-9). A region
    that htmx fetches has the whole page ask again.
    """
    if request.htmx:
        return HttpResponseClientRefresh()
    if not client.accounts.account_is_closed(request):
        return SeeOther(sign_in_address(then))
    viewer = client.anonymous_viewer(request)
    shop = client.run(viewer, OPERATIONS["AccountPage"])["workspace"]["name"] if viewer else ""
    return render(request, "portal_ui/account/closed.html", {"shop": shop}, status=403)
