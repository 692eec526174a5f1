"""The customers that a viewer may see."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from counterfoil.access.policy import Permission, allows
from counterfoil.access.text import words_of
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


def matching(customers: QuerySet[Customer], *, search: str = "") -> QuerySet[Customer]:
    """Those where each word of `search` begins a word of the name, or is a part of a contact's name or mail address."""
    words = words_of(search)
    if words is None:
        return customers.none()
    for word in words:
        people = Contact.objects.filter(Q(name__icontains=word) | Q(email__icontains=word), customer=OuterRef("pk"))
        begins = Q(name__istartswith=word) | Q(name__icontains=f" {word}") | Q(name__icontains=f"-{word}")
        customers = customers.filter(begins | Q(Exists(people)))
    return customers
