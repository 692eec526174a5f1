"""The customers that a viewer may see."""

from django.db.models import QuerySet

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Contact, Customer


def sees_customers(viewer: Viewer) -> bool:
    """Whether the viewer sees the customers of their workspace: staff do; an order key shows the order alone (AC-2)."""
    return viewer.is_staff and allows(viewer, Permission.CUSTOMERS_READ)


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
