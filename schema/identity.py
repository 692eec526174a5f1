"""From a request to a viewer: who acts, by which credential, and whether it still holds.

Staff by their session, guests by the orders that their browser was granted, programs by a bearer token. One
credential never stands in for another (AC-1).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.db.models import Q
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.http.response import HttpResponseBase

from counterfoil.access import clock
from counterfoil.access.models import AccessToken, PartnerClient, StaffMember
from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer, anonymous
from counterfoil.orders.models import Order
from counterfoil.orders.queries import guest, numbered, opened_by
from counterfoil.workspaces.models import Store
from counterfoil.workspaces.queries import store_for_host
from schema.context import Context
from schema.relay import pk_of

_GRANTS_SALT = "counterfoil.granted-orders"
_GRANTS_KEPT = 40
_GRANTS_AGE = 180 * 24 * 3600


class BadToken(Exception):
    """A bearer token that opens nothing."""


def store_of(host: str) -> Store | None:
    """The store that a `Host` header finds."""
    return store_for_host(split_domain_port(host)[0])


def store_of_request(request: HttpRequest) -> Store | None:
    """The store that a request is for; the site's middleware may have found it already."""
    found: Store | None = getattr(request, "store", None)
    return found or store_of(request.get_host())


# Staff, by session.


def staff_viewer(user: AbstractBaseUser | AnonymousUser, workspace_id: int) -> Viewer | None:
    """The staff member that a signed-in user is in this workspace."""
    if not user.is_authenticated or not user.is_active:
        return None
    members = StaffMember.objects.select_related("custom_role").filter(is_active=True)
    member = members.filter(user_id=user.pk, workspace_id=workspace_id).first()
    return member.viewer if member else None


# Guests, by the order keys that this browser followed. The cookie says which order and which version of its key, and
# is signed; following a link writes no row (AC-8).


def granted_orders(request: HttpRequest) -> dict[int, int]:
    """The key version of each order that this browser was granted, newest grant last."""
    cookie = request.COOKIES.get(_grants_cookie(), "")
    try:
        return {
            int(order): int(version) for order, version in signing.loads(cookie, salt=_GRANTS_SALT, max_age=_GRANTS_AGE)
        }
    except (signing.BadSignature, ValueError, TypeError):
        return {}


def grant(request: HttpRequest, response: HttpResponseBase, order: Order) -> None:
    """Let this browser see an order until the order's key is rotated."""
    grants = granted_orders(request)
    grants.pop(order.pk, None)
    grants[order.pk] = order.key_version
    response.set_cookie(
        _grants_cookie(),
        signing.dumps(list(grants.items())[-_GRANTS_KEPT:], salt=_GRANTS_SALT),
        max_age=_GRANTS_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _grants_cookie() -> str:
    return "__Host-orders" if settings.SESSION_COOKIE_SECURE else "orders"


def order_for_key(number: str, key: str, workspace_id: int) -> Order | None:
    """The order of this number, if the key opens it."""
    order = opened_by(key, workspace_id=workspace_id)
    return order if order is not None and order.number == number else None


def guest_viewer(request: HttpRequest, number: str, workspace_id: int) -> Viewer | None:
    """The guest that this browser is on the order of this number; None without a grant that still holds."""
    orders = Order.objects.select_related("contact").filter(workspace_id=workspace_id)
    order = numbered(orders, number).first()
    if order is None or granted_orders(request).get(order.pk) != order.key_version:
        return None
    return guest(order)


# Programs, by bearer token.


def bearer_context(authorization: str, workspace_id: int) -> Context:
    """The context of an `Authorization` header: an access token of staff or of a partner, an order key, or nothing
    (anonymous).

    Raises `BadToken` when a token is given and opens nothing.
    """
    if not authorization:
        return Context(viewer=anonymous(workspace_id))
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
    )


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
    order = opened_by(token, workspace_id=workspace_id)
    return guest(order) if order else None


# What a page may watch.


@dataclass(frozen=True, slots=True)
class Watch:
    """The topics that a page may watch now, and how to ask which of them it still may."""

    workspace_id: int
    topics: frozenset[str]
    internal: bool
    still_allowed: Callable[[], frozenset[str]]


def staff_watch(request: Any, topics: Collection[str], workspace_id: int) -> Watch | None:
    """What a staff member's pages may watch: every order of their workspace, for as long as they are signed in and
    may read orders.
    """
    asked = frozenset(topics)
    session_key = request.session.session_key

    def still_allowed() -> frozenset[str]:
        # Both read anew: the session may have ended, the user may be deactivated or have another password.
        request.session = type(request.session)(session_key)
        return asked if _reads_orders(staff_viewer(get_user(request), workspace_id)) else frozenset()

    if not _reads_orders(staff_viewer(request.user, workspace_id)):
        return None
    return Watch(workspace_id, asked, internal=True, still_allowed=still_allowed)


def _reads_orders(viewer: Viewer | None) -> bool:
    return viewer is not None and allows(viewer, Permission.ORDERS_READ)


def guest_watch(request: HttpRequest, topics: Collection[str], workspace_id: int) -> Watch | None:
    """What a guest's pages may watch: the orders that this browser was granted, while their keys stand."""
    still_allowed = partial(_visible_topics, granted_orders(request), frozenset(topics), workspace_id)
    allowed = still_allowed()
    if not allowed:
        return None
    return Watch(workspace_id, allowed, internal=False, still_allowed=still_allowed)


def _visible_topics(grants: Mapping[int, int], topics: frozenset[str], workspace_id: int) -> frozenset[str]:
    asked = {pk for topic in topics if (pk := pk_of(topic, "order")) is not None and pk in grants}
    versions = Order.objects.filter(workspace_id=workspace_id, pk__in=asked).values_list("pk", "key_version")
    return frozenset(f"order_{pk}" for pk, version in versions if grants[pk] == version)
