"""Claiming an order: who holds its key, and has proved the mailbox that it was placed with, makes it theirs."""

from django.db import transaction

from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Forbidden, NotFound
from counterfoil.access.text import one_line
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Contact
from counterfoil.events.record import record
from counterfoil.orders.models import Order
from counterfoil.orders.queries import opened_by

ANOTHER_ADDRESS = (
    "This order was placed with another address than the one you signed in with. Sign in with that one to find it "
    "among your orders."
)
NOT_ACTIVE = "The account is not currently active. Please contact the shop."

_LONGEST_KEY = 200  # far more than any has


@transaction.atomic
def claim_order(*, viewer: Viewer, key: str) -> Order:
    """Make the order that a key opens now one of the viewer's own; theirs already is no change. The customer stays.

    Raises `Invalid` for what is no line of text, `NotFound` for a key that opens nothing here, and `Forbidden` for an
    order that was placed with another address, and for an account that is not active.
    """
    require(viewer, Permission.ORDERS_CLAIM)
    opened = opened_by(one_line(key, "orderKey", _LONGEST_KEY), workspace_id=viewer.workspace_id)
    order = None
    if opened is not None:
        # Locked at this version of its key: it may be rotated, or claimed, at this moment. Whose it is is read
        # behind the lock: joined to it, PostgreSQL would look for whose it was, and find no order.
        at_this_key = Order.objects.filter(pk=opened.pk, key_version=opened.key_version)
        order = at_this_key.select_for_update().first()
    if order is None:
        raise NotFound("This link opens no order any more. Ask the shop for a new one.", field="orderKey")
    people = Contact.objects.select_related("customer").filter(workspace_id=viewer.workspace_id)
    claimant = people.filter(pk=viewer.contact_id or 0).first()
    if claimant is None or not claimant.mailbox or claimant.mailbox != order.contact.mailbox:
        raise Forbidden(ANOTHER_ADDRESS)
    if not (claimant.customer.is_active and order.customer.is_active):
        raise Forbidden(NOT_ACTIVE)
    if order.contact_id == claimant.pk:
        return order
    Order.objects.filter(pk=order.pk).update(contact=claimant)
    data = {"from": order.contact_id, "to": claimant.pk}
    record(viewer, "customer.ordered", topic=f"customer_{claimant.customer_id}")
    record(viewer, "order.claimed", topic=order.topic, customer=order.customer_id, data=data)
    return order
