"""Making customers."""

from django.db import transaction

from counterfoil.access import clock
from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Contact, Customer
from counterfoil.events.record import record


@transaction.atomic
def create_customer(*, viewer: Viewer, name: str, contact_name: str, email: str) -> Contact:
    """A customer with its first contact; gives the contact."""
    require(viewer, Permission.CUSTOMERS_WRITE)
    if not name.strip():
        raise Invalid("Give the customer a name.", field="name")
    customer = Customer.objects.create(workspace_id=viewer.workspace_id, name=name.strip(), created_at=clock.now())
    contact = Contact.objects.create(
        workspace_id=viewer.workspace_id,
        customer=customer,
        name=contact_name.strip(),
        email=email.strip().lower(),
        created_at=clock.now(),
    )
    record(viewer, "customer.created", topic=f"customer_{customer.pk}", internal=True)
    return contact
