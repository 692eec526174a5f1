"""The customers that a viewer may see."""

from django.db.models import QuerySet

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Contact, Customer


def customers_visible_to(viewer: Viewer) -> QuerySet[Customer]:
    """Staff see every customer of their workspace; nobody else sees any: an order key shows the order alone (AC-2)."""
    if viewer.is_staff and allows(viewer, Permission.CUSTOMERS_READ):
        return Customer.objects.filter(workspace_id=viewer.workspace_id)
    return Customer.objects.none()


def contacts_visible_to(viewer: Viewer) -> QuerySet[Contact]:
    """The contacts of the customers that the viewer sees."""
    if viewer.is_staff and allows(viewer, Permission.CUSTOMERS_READ):
        return Contact.objects.filter(workspace_id=viewer.workspace_id)
    return Contact.objects.none()
