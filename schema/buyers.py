"""Who acts in the portal, and by which credential: an order's key, a customer's link, a contact's account (AC-1).

Each lies in a signed cookie of its own, which says what was opened and at which version; following a link writes no
row (AC-8). What a cookie says is held against the database at each request, and while streams run: rotated, ended or
switched off, it opens nothing at once.
"""

from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Self, cast

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from counterfoil.access import clock
from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.customers import sessions
from counterfoil.customers.codes import proven
from counterfoil.customers.links import by_link, customer_opened_by, workspace_opened_by
from counterfoil.customers.models import AccountSession, Contact, Customer
from counterfoil.customers.queries import signed_in
from counterfoil.events.credentials import PORTAL_SETTINGS
from counterfoil.orders.models import Order
from counterfoil.orders.queries import guest, numbered, opened_by, visible_to
from counterfoil.workspaces.models import Workspace
from schema import cookies
from schema.identity import Watch, staff_viewer
from schema.relay import pk_of

_ORDERS, _ACCOUNT, _LINK = "orders", "account", "link"
_KEPT = "_account_sessions"
_GRANTS_KEPT = 40
_GRANTS_AGE = 180 * 24 * 3600


# Guests, by the order keys that this browser followed.


def granted_orders(request: HttpRequest) -> dict[int, int]:
    """The key version of each order that this browser was granted, newest grant last."""
    try:
        return {int(order): int(version) for order, version in cookies.read(request, _ORDERS, max_age=_GRANTS_AGE)}
    except (ValueError, TypeError):
        return {}


def grant(request: HttpRequest, response: HttpResponseBase, order: Order) -> None:
    """Let this browser see an order until the order's key is rotated."""
    grants = granted_orders(request)
    grants.pop(order.pk, None)
    grants[order.pk] = order.key_version
    cookies.hand(response, _ORDERS, list(grants.items())[-_GRANTS_KEPT:], max_age=_GRANTS_AGE)


def order_for_key(number: str, key: str, workspace_id: int) -> Order | None:
    """The order of this number, if the key opens it."""
    order = opened_by(key, workspace_id=workspace_id)
    return order if order is not None and order.number == number else None


def guest_viewer(request: HttpRequest, number: str, workspace_id: int) -> Viewer | None:
    """The guest that this browser is on the order of this number; None without a grant that still holds."""
    order = granted_order(request, number, workspace_id)
    return guest(order) if order else None


def granted_order(request: HttpRequest, number: str, workspace_id: int) -> Order | None:
    """The order of this number, if this browser holds a grant for it that still holds; none during a preview."""
    if previews(request, workspace_id):
        return None
    orders = Order.objects.select_related("contact").filter(workspace_id=workspace_id)
    order = numbered(orders, number).first()
    return order if order is not None and granted_orders(request).get(order.pk) == order.key_version else None


# Contacts, by their account. The cookie slides: it is handed out anew as it is used, and each day it is good for the
# whole time again, without a row being written.


def account_lasts() -> timedelta:
    """How long a contact stays signed in who does not come back."""
    return timedelta(days=settings.ACCOUNT_DAYS)


def hand_account(response: HttpResponseBase, secret: str) -> None:
    """Keep this browser signed in by a session's secret."""
    content = [secret, int(clock.now().timestamp())]
    cookies.hand(response, _ACCOUNT, content, max_age=account_lasts().total_seconds())


def is_handed(response: HttpResponseBase) -> bool:
    """Whether this answer signs its browser in or out."""
    return cookies.name_of(_ACCOUNT) in response.cookies


def forget_everything(response: HttpResponseBase) -> None:
    """Keep this browser signed in no longer, and let it hold no link."""
    for cookie in (_ACCOUNT, _ORDERS, _LINK):
        cookies.take_back(response, cookie)


def account_secret(request: HttpRequest) -> tuple[str, timedelta] | None:
    """The secret of the session that this browser holds, and how long ago its cookie was handed out."""
    try:
        secret, handed = cookies.read(request, _ACCOUNT)
        age = timedelta(seconds=clock.now().timestamp() - float(handed))
    except (ValueError, TypeError, OverflowError):
        return None
    return (str(secret), age) if age <= account_lasts() else None


def account_session(request: HttpRequest, workspace_id: int) -> AccountSession | None:
    """The session of the contact who is signed in here, in whatever state their account is; read once a request."""
    kept: dict[int, AccountSession | None] = request.__dict__.setdefault(_KEPT, {})
    if workspace_id not in kept:
        held = account_secret(request)
        kept[workspace_id] = sessions.found(held[0], workspace_id=workspace_id) if held else None
    return kept[workspace_id]


def contact_viewer(request: HttpRequest, workspace_id: int) -> Viewer | None:
    """The contact who is signed in here, while their customer's account is active; nobody during a preview."""
    if previews(request, workspace_id):
        return None
    session = account_session(request, workspace_id)
    return signed_in(session.contact) if session and session.contact.customer.is_active else None


# Customers and visitors, by the link that this browser followed last.


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was followed: of the customer `customer_id`, or the public link of `workspace_id`; at which version.

    `confirmed`: somebody said that they are this customer. `proved`: the mailbox that was proved for it, as
    `codes.proven` calls it, and when (AC-7). `staff_id`: the member of the staff who only looks.
    """

    version: int
    customer_id: int | None = None
    confirmed: bool = False
    proved: tuple[str, float] | None = None
    staff_id: int | None = None
    workspace_id: int | None = None

    @classmethod
    def held(cls, request: HttpRequest) -> Self | None:
        """The one that this browser followed last, unverified."""
        try:
            held = cookies.read(request, _LINK, max_age=_GRANTS_AGE)
            version, customer_id, confirmed, proved, staff_id, workspace_id = held
        except (ValueError, TypeError):
            return None
        return cls(version, customer_id, confirmed, tuple(proved) if proved else None, staff_id, workspace_id)

    def hand(self, response: HttpResponseBase) -> None:
        """Let this browser hold it."""
        content = [self.version, self.customer_id, self.confirmed, self.proved, self.staff_id, self.workspace_id]
        cookies.hand(response, _LINK, content, max_age=_GRANTS_AGE)


def followed(request: HttpRequest, key: str, workspace_id: int) -> Link | None:
    """What following a customer's link makes of what this browser held; None for a key that opens nothing."""
    customer = customer_opened_by(key, workspace_id=workspace_id)
    if customer is None:
        return None
    before = Link.held(request)
    if before and (before.customer_id, before.version, before.staff_id) == (customer.pk, customer.link_version, None):
        return before
    return Link(customer.link_version, customer.pk)


def followed_public(key: str, workspace_id: int) -> Link | None:
    """What following the public link makes; None for a key that opens nothing."""
    workspace = workspace_opened_by(key, workspace_id=workspace_id)
    return Link(workspace.public_link_version, workspace_id=workspace.pk) if workspace else None


def forget_link(response: HttpResponseBase) -> None:
    """Hold no link any longer."""
    cookies.take_back(response, _LINK)


def customer_of(request: HttpRequest, link: Link, workspace_id: int) -> Customer | None:
    """Whose link this is, if it still holds, in whatever state their account is."""
    if link.customer_id is None or (link.staff_id is not None and not _may_preview(request, link, workspace_id)):
        return None
    return Customer.objects.filter(workspace_id=workspace_id, pk=link.customer_id, link_version=link.version).first()


def previews(request: HttpRequest, workspace_id: int) -> bool:
    """Whether a member of the staff looks as a customer does: what else the browser holds opens nothing meanwhile."""
    link = Link.held(request)
    return link is not None and link.staff_id is not None and customer_of(request, link, workspace_id) is not None


def is_public(link: Link, workspace_id: int) -> bool:
    """Whether this is the workspace's public link, and still holds."""
    return (
        link.workspace_id == workspace_id
        and Workspace.objects.filter(pk=workspace_id, public_link_version=link.version).exists()
    )


def customer_viewer(request: HttpRequest, workspace_id: int) -> Viewer | None:
    """The customer whose link this browser followed and who said that it is theirs; None while a mailbox is to be
    proved first, and for an account that is not active.
    """
    link = Link.held(request)
    customer = customer_of(request, link, workspace_id) if link and link.confirmed else None
    if link is None or customer is None or not customer.is_active or to_be_proved(request, link, customer):
        return None
    return by_link(customer)


def to_be_proved(request: HttpRequest, link: Link, customer: Customer) -> bool:
    """Whether strict security asks for the proof of a mailbox before this link opens the portal (AC-7)."""
    if link.staff_id is not None or not Workspace.objects.get(pk=customer.workspace_id).strict_security:
        return False
    session = account_session(request, customer.workspace_id)
    if session is not None and session.contact.customer_id == customer.pk:
        return False
    if link.proved is None or clock.now().timestamp() - link.proved[1] > settings.STRICT_HOURS * 3600:
        return True
    # It is a proof for as long as the address is one of this customer's.
    mailboxes = Contact.objects.filter(customer=customer).exclude(mailbox="").values_list("mailbox", flat=True)
    return link.proved[0] not in {proven(customer.workspace_id, mailbox) for mailbox in mailboxes[:1000]}


def _may_preview(request: HttpRequest, link: Link, workspace_id: int) -> bool:
    """Whether the member of the staff who began to look still may. Read anew: their session may have ended."""
    session: Any = getattr(request, "session", None)
    if session is None or session.session_key is None:
        return False
    request.session = type(session)(session.session_key)
    viewer = staff_viewer(get_user(request), workspace_id, request.session)
    return viewer is not None and viewer.staff_id == link.staff_id and allows(viewer, Permission.CUSTOMER_LINKS_READ)


# On an order.


def order_viewer(request: HttpRequest, number: str, workspace_id: int) -> Viewer | None:
    """Who sees the order of this number here: its contact before its guest, before its customer."""
    contact = contact_viewer(request, workspace_id)
    if contact is not None and numbered(visible_to(contact), number).exists():
        return contact
    if as_guest := guest_viewer(request, number, workspace_id):
        return as_guest
    customer = customer_viewer(request, workspace_id)
    return customer if customer is not None and numbered(visible_to(customer), number).exists() else None


# What a page may watch.


def buyers_watch(request: HttpRequest, topics: Collection[str], workspace_id: int) -> Watch | None:
    """What the portal's pages may watch: orders that this browser sees by any credential, and the customer and the
    contact that it is.
    """
    still_allowed = partial(_visible_topics, request, frozenset(topics), workspace_id)
    allowed = still_allowed()
    if not allowed:
        return None
    heeds = {PORTAL_SETTINGS}
    session = account_session(request, workspace_id)
    if session is not None:
        heeds |= {f"contact_{session.contact_id}", f"customer_{session.contact.customer_id}"}
    if (link := Link.held(request)) and link.customer_id is not None:
        heeds.add(f"customer_{link.customer_id}")
    return Watch(workspace_id, allowed, internal=False, still_allowed=still_allowed, heeds=frozenset(heeds))


def _visible_topics(request: HttpRequest, topics: frozenset[str], workspace_id: int) -> frozenset[str]:
    asked = {pk for topic in topics if (pk := pk_of(topic, "order")) is not None}
    request = copy(request)
    request.__dict__.pop(_KEPT, None)  # a stream outlives what was read when it began
    allowed = _granted(granted_orders(request), asked, workspace_id)
    for viewer in (contact_viewer(request, workspace_id), customer_viewer(request, workspace_id)):
        if viewer is not None:
            seen = visible_to(viewer).filter(pk__in=asked).values_list("pk", flat=True)
            allowed |= {f"order_{pk}" for pk in seen}
            allowed |= {f"customer_{viewer.customer_id}", f"contact_{viewer.contact_id}"}
    return topics & allowed


def _granted(grants: Mapping[int, int], asked: Iterable[int], workspace_id: int) -> frozenset[str]:
    orders = Order.objects.filter(workspace_id=workspace_id, pk__in=[pk for pk in asked if pk in grants])
    versions = cast("Iterable[tuple[int, int]]", orders.values_list("pk", "key_version"))
    return frozenset(f"order_{pk}" for pk, version in versions if grants[pk] == version)
