"""Links to the portal: followed, confirmed, let go of; and a look at it by the staff (AC-6, AC-7). For pages, through
`client.welcome`. Nothing of it writes a row: what was followed lies in the browser's cookie.
"""

from dataclasses import dataclass, replace

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from counterfoil.access.policy import Permission, allows
from counterfoil.customers.links import addresses_on_file
from counterfoil.customers.models import Customer
from schema import buyers
from schema.accounts import masked
from schema.identity import staff_viewer, store_of_request, workspace_of_request


@dataclass(frozen=True, slots=True)
class Greeting:
    """What whoever followed a link is told: a customer's `name`, or without one that of the shop. `on_file` are the
    mailboxes that may be proved, by the contact's id, where one has to be (`to_be_proved`).
    """

    name: str
    is_customer: bool
    is_active: bool = True
    ordering_blocked: bool = False
    confirmed: bool = False
    is_preview: bool = False
    to_be_proved: bool = False
    on_file: tuple[tuple[int, str], ...] = ()


def follow_customer_link(request: HttpRequest, response: HttpResponseBase, key: str) -> bool:
    """Let this browser hold a customer's link; False, and nothing done, for one that opens nothing."""
    link = buyers.followed(request, key, workspace_of_request(request))
    if link is not None:
        link.hand(response)
    return link is not None


def follow_public_link(request: HttpRequest, response: HttpResponseBase, key: str) -> bool:
    """Let this browser hold the workspace's public link; False, and nothing done, for one that opens nothing."""
    link = buyers.followed_public(key, workspace_of_request(request))
    if link is not None:
        link.hand(response)
    return link is not None


def greeting(request: HttpRequest) -> Greeting | None:
    """What to tell this browser of the link that it followed; None without one that holds."""
    link, store = buyers.Link.held(request), store_of_request(request)
    if link is None or store is None:
        return None
    if buyers.is_public(link, store.workspace_id):
        return Greeting(store.workspace.name, is_customer=False)
    customer = buyers.customer_of(request, link, store.workspace_id)
    if customer is None:
        return None
    proof = customer.is_active and buyers.to_be_proved(request, link, customer)
    return Greeting(
        name=customer.name,
        is_customer=True,
        is_active=customer.is_active,
        ordering_blocked=customer.ordering_blocked,
        confirmed=link.confirmed,
        is_preview=link.staff_id is not None,
        to_be_proved=proof,
        on_file=tuple((contact.pk, masked(contact.email)) for contact in addresses_on_file(customer)) if proof else (),
    )


def confirm_link(request: HttpRequest, response: HttpResponseBase) -> None:
    """Note that somebody said that the customer of the link is they."""
    if link := buyers.Link.held(request):
        replace(link, confirmed=True).hand(response)


def forget_link(response: HttpResponseBase) -> None:
    """Hold no link any longer: the customer is somebody else, or the preview is over."""
    buyers.forget_link(response)


def begin_preview(request: HttpRequest, response: HttpResponseBase, customer_id: int) -> bool:
    """Let the member of the staff who asks look at the portal as a customer sees it; False for who may not."""
    viewer = staff_viewer(request.user, workspace_of_request(request), request.session)
    if viewer is None or not allows(viewer, Permission.CUSTOMER_LINKS_READ):
        return False
    customer = Customer.objects.filter(workspace_id=viewer.workspace_id, pk=customer_id).first()
    if customer is None:
        return False
    buyers.Link(customer.link_version, customer.pk, confirmed=True, staff_id=viewer.staff_id).hand(response)
    return True
