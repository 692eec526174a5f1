"""The customers that a viewer may see."""

from django.db.models import QuerySet

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer, ViewerKind
from counterfoil.customers.models import Contact, Customer


def sees_customers(viewer: Viewer) -> bool:
    """Whether the viewer sees their workspace's customers: the shop does, a guest sees one order alone (AC-2)."""
    return viewer.is_shop and allows(viewer, Permission.CUSTOMERS_READ)


def signed_in(contact: Contact) -> Viewer:
    """The viewer that a contact is once they have proved that they are it."""
    return Viewer(
        kind=ViewerKind.CONTACT,
        workspace_id=contact.workspace_id,
        name=contact.name,
        customer_id=contact.customer_id,
        contact_id=contact.pk,
    )


def customers_visible_to(viewer: Viewer) -> QuerySet[Customer]:
    """The customers that the viewer sees."""
    if sees_customers(viewer):
        return Customer.objects.filter(workspace_id=viewer.workspace_id)
    return Customer.objects.none()


def contacts_visible_to(viewer: Viewer) -> QuerySet[Contact]:
    """The contacts of the customers that the viewer sees."""
    if sees_customers(viewer):
        return Contact.objects.filter(workspace_id=viewer.workspace_id)
    return Contact.objects.none()


def matching(
    customers: QuerySet[Customer], *, is_active: bool | None = None, ordering_blocked: bool | None = None
) -> QuerySet[Customer]:
    """Those with these flags; None narrows nothing."""
    flags = {"is_active": is_active, "ordering_blocked": ordering_blocked}
    return customers.filter(**{flag: wanted for flag, wanted in flags.items() if wanted is not None})
