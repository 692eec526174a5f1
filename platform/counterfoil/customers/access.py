"""What staff do about how a customer gets in: their link, their account, the browsers where they are signed in."""

from django.db import transaction
from django.db.models import F

from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Contact, Customer
from counterfoil.customers.queries import contacts_visible_to, customers_visible_to
from counterfoil.customers.sessions import end_all
from counterfoil.events.credentials import CUSTOMER_LINK_ROTATED, FLAGS_CHANGED
from counterfoil.events.record import record


@transaction.atomic
def rotate_customer_link(*, viewer: Viewer, customer: Customer) -> None:
    """End every link to this customer's portal that was given out before, and every browser's way in by one (AC-6)."""
    require(viewer, Permission.CUSTOMER_LINKS_ROTATE)
    if not customers_visible_to(viewer).filter(pk=customer.pk).update(link_version=F("link_version") + 1):
        raise NotFound("There is no such customer.")
    record(viewer, CUSTOMER_LINK_ROTATED, topic=f"customer_{customer.pk}", customer=customer.pk)


@transaction.atomic
def set_customer_flags(
    *, viewer: Viewer, customer: Customer, is_active: bool | None = None, ordering_blocked: bool | None = None
) -> None:
    """Say whether the account is active and whether ordering is blocked, each by itself (AC-9); None leaves a flag."""
    require(viewer, Permission.CUSTOMERS_WRITE)
    found = customers_visible_to(viewer).select_for_update().filter(pk=customer.pk).first()
    if found is None:
        raise NotFound("There is no such customer.")
    flags = {
        "is_active": found.is_active if is_active is None else is_active,
        "ordering_blocked": found.ordering_blocked if ordering_blocked is None else ordering_blocked,
    }
    if Customer.objects.filter(pk=found.pk).exclude(**flags).update(**flags):
        record(viewer, FLAGS_CHANGED, topic=f"customer_{found.pk}", customer=found.pk, data=flags)


@transaction.atomic
def end_account_sessions(*, viewer: Viewer, contact: Contact) -> int:
    """Sign a contact out of every browser; gives of how many."""
    require(viewer, Permission.CUSTOMER_LINKS_ROTATE)
    found = contacts_visible_to(viewer).filter(pk=contact.pk).first()
    if found is None:
        raise NotFound("There is no such contact.")
    return end_all(viewer=viewer, contact=found)
