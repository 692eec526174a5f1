"""The orders that a viewer may see."""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from counterfoil.access.links import order_keys
from counterfoil.access.policy import Permission, allows
from counterfoil.access.text import storable, words_of
from counterfoil.access.viewer import Viewer, ViewerKind
from counterfoil.orders.models import Fulfilment, FulfilmentState, Order, OrderLine, OrderStatus, PaymentState


def visible_to(viewer: Viewer) -> QuerySet[Order]:
    """The shop: every order of its workspace. A guest: the order of their key, while the key is the current one.
    Whoever holds a customer's link: that customer's. A contact: those that they placed.
    """
    if not allows(viewer, Permission.ORDERS_READ):
        return Order.objects.none()
    return Order.objects.filter(_seen_by(viewer), workspace_id=viewer.workspace_id)


def _seen_by(viewer: Viewer, to_order: str = "") -> Q:
    """Which orders of its workspace a viewer who reads orders sees; `to_order` leads from a row to its order."""
    if viewer.kind is ViewerKind.GUEST:
        key = viewer.order_id or 0, viewer.key_version or 0
        return Q((f"{to_order}pk", key[0]), (f"{to_order}key_version", key[1]))
    if viewer.kind is ViewerKind.CUSTOMER:
        return Q((f"{to_order}customer_id", viewer.customer_id or 0))
    if viewer.kind is ViewerKind.CONTACT:
        return Q((f"{to_order}contact_id", viewer.contact_id or 0))
    return Q()


def lines_visible_to(viewer: Viewer) -> QuerySet[OrderLine]:
    """The lines of the orders that the viewer sees; a line lies in its order's workspace."""
    if not allows(viewer, Permission.ORDERS_READ):
        return OrderLine.objects.none()
    return OrderLine.objects.filter(_seen_by(viewer, "order__"), workspace_id=viewer.workspace_id)


def fulfilments_visible_to(viewer: Viewer) -> QuerySet[Fulfilment]:
    """The parcels of the orders that the viewer sees; a parcel lies in its order's workspace."""
    if not allows(viewer, Permission.ORDERS_READ):
        return Fulfilment.objects.none()
    return Fulfilment.objects.filter(_seen_by(viewer, "order__"), workspace_id=viewer.workspace_id)


def numbered(orders: QuerySet[Order], number: str) -> QuerySet[Order]:
    """The one of this number, if there is one."""
    return orders.filter(number=number) if storable(number) else orders.none()


def matching(
    orders: QuerySet[Order],
    *,
    status: OrderStatus | None = None,
    fulfilment: FulfilmentState | None = None,
    payment: PaymentState | None = None,
    store_id: int | None = None,
    placed_from: datetime | None = None,
    customer_id: int | None = None,
) -> QuerySet[Order]:
    """Those in these states, of this store and customer, placed at this moment or later; None narrows nothing."""
    facts: dict[str, object] = {
        "status": status,
        "fulfilment": fulfilment,
        "store_id": store_id,
        "customer_id": customer_id,
    }
    facts["placed_at__gte"] = placed_from
    orders = orders.filter(**{fact: wanted for fact, wanted in facts.items() if wanted is not None})
    return orders if payment is None else orders.filter(in_payment([payment]))


def mentioning(orders: QuerySet[Order], search: str) -> QuerySet[Order]:
    """Those where each word of `search` begins the number, is a part of a line's name or begins a line's SKU."""
    words = words_of(search)
    if words is None:
        return orders.none()
    for word in words:
        ordered = OrderLine.objects.filter(Q(name__icontains=word) | Q(sku__istartswith=word), order=OuterRef("pk"))
        # For EXISTS beside an OR, PostgreSQL would look through the lines of everybody's orders first.
        orders = orders.filter(Q(number__istartswith=word) | Q(pk=Subquery(ordered.values("order_id")[:1])))
    return orders


def in_payment(states: Iterable[PaymentState | str]) -> Q:
    """What an order's amounts are in one of these states of payment, as `payment_state` derives them."""
    back, whole, some = Q(refunded__gt=0), Q(paid__gte=F("total")), Q(paid__gt=0)
    conditions = {
        PaymentState.REFUNDED: back & Q(refunded__gte=F("paid")),
        PaymentState.PARTIALLY_REFUNDED: back & Q(refunded__lt=F("paid")),
        PaymentState.PAID: ~back & whole,
        PaymentState.PARTIALLY_PAID: ~back & ~whole & some,
        PaymentState.NOT_CHARGED: ~back & ~whole & ~some,
    }
    return reduce(or_, (conditions[PaymentState(state)] for state in states), Q(pk__in=[]))


def opened_by(key: str, *, workspace_id: int) -> Order | None:
    """The order of this workspace that a key opens now; None for a key that never was, was rotated or is foreign."""
    order_id = order_keys.subject_of(key)
    if order_id is None:
        return None
    order = Order.objects.select_related("contact").filter(workspace_id=workspace_id, pk=order_id).first()
    if order is None or not order_keys.opens(key, order.pk, order.key_version):
        return None
    return order


def guest(order: Order) -> Viewer:
    """The viewer that a valid key of this order makes."""
    return Viewer(
        kind=ViewerKind.GUEST,
        workspace_id=order.workspace_id,
        name=order.contact.name,
        order_id=order.pk,
        key_version=order.key_version,
    )
