"""From a request to a viewer: who acts, by which credential, and whether it still holds.

Staff by their session, programs by a bearer token; `schema.buyers` knows who acts in the portal. One credential never
stands in for another (AC-1).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import F, OuterRef, Q, Subquery
from django.http import HttpRequest
from django.http.request import split_domain_port
from django_otp.plugins.otp_totp.models import TOTPDevice

from counterfoil.access import clock
from counterfoil.access.models import AccessToken, PartnerClient, StaffMember
from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer, anonymous
from counterfoil.customers.links import by_link, customer_opened_by, visitor, workspace_opened_by
from counterfoil.customers.models import Customer
from counterfoil.orders.queries import guest, opened_by
from counterfoil.partners.budgets import Payer
from counterfoil.workspaces.models import Store, Workspace
from counterfoil.workspaces.queries import store_for_host
from schema.context import Context


class BadToken(Exception):
    """A bearer token that opens nothing."""


def store_of(host: str) -> Store | None:
    """The store that a `Host` header finds."""
    return store_for_host(split_domain_port(host)[0])


def store_of_request(request: HttpRequest) -> Store | None:
    """The store that a request is for; the site's middleware may have found it already."""
    found: Store | None = getattr(request, "store", None)
    return found or store_of(request.get_host())


def workspace_of_request(request: HttpRequest) -> int:
    """The workspace of the request's host; 0, which is nobody's, where no store answers to it."""
    store = store_of_request(request)
    return store.workspace_id if store else 0


# Staff, by session.


type Visitor = AbstractBaseUser | AnonymousUser

# Where a session notes the device whose code it was opened with.
SECOND_FACTOR = "second_factor"


def staff_viewer(user: Visitor, workspace_id: int, session: SessionBase | None = None) -> Viewer | None:
    """The staff member that a signed-in user is in this workspace; nobody while a second factor is due that their
    session was not opened with.
    """
    member = _member(user, workspace_id)
    if member is None:
        return None
    device, required = member.device, member.required  # type: ignore[attr-defined]
    if device is None:
        return None if required else member.viewer
    return member.viewer if session is not None and session.get(SECOND_FACTOR) == device else None


def to_be_secured(user: Visitor, workspace_id: int) -> Viewer | None:
    """The staff member that a signed-in user will be here, once they have set up the second factor that their
    workspace requires.
    """
    member = _member(user, workspace_id)
    if member is None or member.device is not None or not member.required:  # type: ignore[attr-defined]
        return None
    return member.viewer


def is_staff(user: Visitor, workspace_id: int) -> bool:
    """Whether the user is a staff member here, with whatever they have proved that they are."""
    return _member(user, workspace_id) is not None


# Built once: each page asks this, and most of its cost was the building.
_DEVICES = TOTPDevice.objects.filter(user_id=OuterRef("user_id"), confirmed=True).order_by("pk").values("pk")
_MEMBERS = (
    StaffMember.objects.select_related("custom_role")
    .annotate(device=Subquery(_DEVICES[:1]), required=F("workspace__second_factor_required"))
    .filter(is_active=True)
)


def _member(user: Visitor, workspace_id: int) -> StaffMember | None:
    if not user.is_authenticated or not user.is_active:
        return None
    return next(iter(_MEMBERS.filter(user_id=user.pk, workspace_id=workspace_id)), None)  # there is one at most


# Programs, by bearer token.


def bearer_context(authorization: str, workspace_id: int, *, network: str = "") -> Context:
    """The context of an `Authorization` header: an access token of staff or of a partner, an order key, the key of a
    customer's or the public link, or nothing (anonymous). `network` is where the request comes from, as `network_of`
    says it.

    Raises `BadToken` when a token is given and opens nothing.
    """
    if not authorization:
        nobody = anonymous(workspace_id)
        return Context(viewer=nobody, payer=payer_of(nobody, network))
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or not token.isascii():
        raise BadToken
    viewer = _token_viewer(token, workspace_id)
    if viewer is None:
        raise BadToken
    return Context(
        viewer=viewer,
        still_valid=lambda: _token_viewer(token, workspace_id) == viewer,
        credential=(viewer, AccessToken.digest_of(token)),
        payer=payer_of(viewer, network),
    )


def payer_of(viewer: Viewer, network: str) -> Payer:
    """Whose bucket an operation from outside is paid from: a program's own, else that of the network it comes from."""
    if viewer.client_id is not None:
        return Payer(f"client:{viewer.client_id}", settings.COST_A_MINUTE)
    return Payer(f"network:{network}", settings.COST_A_MINUTE_AND_NETWORK)


def _bearer(token: AccessToken) -> Viewer:
    if token.staff is not None:
        return token.staff.viewer
    return cast(PartnerClient, token.client).acting(token.scopes)


def _token_viewer(token: str, workspace_id: int) -> Viewer | None:
    if token.startswith("cft_"):
        found = AccessToken.objects.select_related("staff__custom_role", "client").filter(
            Q(staff__is_active=True, staff__user__is_active=True) | Q(client__isnull=False, client__revoked_at=None),
            digest=AccessToken.digest_of(token),
            workspace_id=workspace_id,
            revoked_at=None,
            expires_at__gt=clock.now(),
        )
        return next((_bearer(row) for row in found), None)
    if order := opened_by(token, workspace_id=workspace_id):
        return guest(order)
    if customer := customer_opened_by(token, workspace_id=workspace_id):
        return _customer_viewer(customer)
    workspace = workspace_opened_by(token, workspace_id=workspace_id)
    return visitor(workspace) if workspace else None


def _customer_viewer(customer: Customer) -> Viewer | None:
    """Who holds this customer's link; nobody while the account is not active, or a mailbox is to be proved first."""
    if not customer.is_active or Workspace.objects.get(pk=customer.workspace_id).strict_security:
        return None
    return by_link(customer)


# What a page may watch.


@dataclass(frozen=True, slots=True)
class Watch:
    """The topics that a page may watch now, and how to ask which of them it still may. On those that it `heeds` it is
    told nothing: what happens there may end its right.
    """

    workspace_id: int
    topics: frozenset[str]
    internal: bool
    still_allowed: Callable[[], frozenset[str]]
    heeds: frozenset[str] = frozenset()


# What a customer's page follows: what is about them, and all that is a part of their story.
_OF_CUSTOMERS = ("customer_", "story_")


def staff_watch(request: Any, topics: Collection[str], workspace_id: int) -> Watch | None:
    """What a staff member's pages may watch, for as long as they are signed in: everything in their workspace for who
    reads orders, and for who reads customers alone what is told of customers.
    """
    asked = frozenset(topics)
    session_key = request.session.session_key

    def still_allowed() -> frozenset[str]:
        # Both read anew: the session may have ended, the user may be deactivated or have another password.
        request.session = type(request.session)(session_key)
        return _watchable(staff_viewer(get_user(request), workspace_id, request.session), asked)

    viewer = staff_viewer(request.user, workspace_id, request.session)
    allowed = _watchable(viewer, asked)
    if not allowed and not _reads_orders(viewer):
        return None
    return Watch(workspace_id, allowed, internal=True, still_allowed=still_allowed)


def _watchable(viewer: Viewer | None, asked: frozenset[str]) -> frozenset[str]:
    if _reads_orders(viewer):
        return asked
    if viewer is None or not allows(viewer, Permission.CUSTOMERS_READ):
        return frozenset()
    return frozenset(topic for topic in asked if topic.startswith(_OF_CUSTOMERS))


def _reads_orders(viewer: Viewer | None) -> bool:
    return viewer is not None and allows(viewer, Permission.ORDERS_READ)


# From where.


def address_of(request: HttpRequest) -> str:
    """Where the request comes from; nothing for what is no address, such as a socket."""
    return _address(request.META.get("REMOTE_ADDR", ""))


def _address(given: str) -> str:
    try:
        address = ip_address(given.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def network_of(request: HttpRequest) -> str:
    """The network that a request comes from."""
    return network_of_address(request.META.get("REMOTE_ADDR", ""))


def network_of_address(given: str) -> str:
    """The network of an address: itself, of IPv6 the /64: whoever has one address there has all of them."""
    address = _address(given)
    return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address
