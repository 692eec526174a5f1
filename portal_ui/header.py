"""The head of the portal's pages: whose portal it is, and who is in it by which credential."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from portal_ui.responses import PageRequest, SeeOther
from schema import client


@dataclass(frozen=True, slots=True)
class Header:
    """What it is made of. `name` is that of the contact who is signed in, `orders` where the past orders are, and
    `previewed` the customer as whom a member of the staff looks; each is empty for nobody.
    """

    orders: str
    name: str = ""
    is_signed_in: bool = False
    previewed: str = ""


def header(request: HttpRequest) -> dict[str, Callable[[], Header]]:
    """For every template: `portal_header`, which asks the database where a page has it alone."""
    return {"portal_header": lambda: _header_of(request)}


@require_POST
def end_preview(request: PageRequest) -> HttpResponse:
    """Look no longer as a customer does; a customer's own link is left alone."""
    response = SeeOther("/admin/")
    greeting = client.welcome.greeting(request)
    if greeting is None or greeting.is_preview:
        client.welcome.forget_link(response)
    return response


def sign_in_address(then: str) -> str:
    """Where one signs in, and goes on to `then`."""
    return f"{reverse('portal:sign_in')}?{urlencode({'next': then})}"


def _header_of(request: HttpRequest) -> Header:
    contact, greeting = client.contact_viewer(request), client.welcome.greeting(request)
    is_signed_in = contact is not None or client.accounts.account_is_closed(request)
    is_preview = greeting is not None and greeting.is_preview
    by_link = greeting is not None and greeting.is_customer and (is_preview or not is_signed_in)
    account = reverse("portal:account_orders")
    return Header(
        orders=reverse("portal:orders") if by_link else account if is_signed_in else sign_in_address(account),
        name=contact.name if contact else "",
        is_signed_in=is_signed_in,
        previewed=greeting.name if greeting and is_preview else "",
    )
