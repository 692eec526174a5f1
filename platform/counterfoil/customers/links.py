"""The links to the portal: each customer's own, and the workspace's for everybody (AC-6, CP-1)."""

from counterfoil.access.links import customer_links, public_links
from counterfoil.access.viewer import Viewer, ViewerKind
from counterfoil.customers.models import Contact, Customer
from counterfoil.workspaces.models import Workspace

_MOST_ON_FILE = 20


def customer_url(base_url: str, customer_id: int, link_version: int) -> str:
    """A customer's link at a version."""
    return f"{base_url}/c/{customer_links.derive(customer_id, link_version)}"


def public_url(base_url: str, workspace_id: int, link_version: int) -> str:
    """The workspace's public link at a version."""
    return f"{base_url}/start/{public_links.derive(workspace_id, link_version)}"


def customer_opened_by(key: str, *, workspace_id: int) -> Customer | None:
    """The customer of this workspace whose link this is now, in whatever state their account is."""
    customer = Customer.objects.filter(workspace_id=workspace_id, pk=customer_links.subject_of(key) or 0).first()
    if customer is None or not customer_links.opens(key, customer.pk, customer.link_version):
        return None
    return customer


def workspace_opened_by(key: str, *, workspace_id: int) -> Workspace | None:
    """This workspace, if the key is that of its public link now."""
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is None or not public_links.opens(key, workspace.pk, workspace.public_link_version):
        return None
    return workspace


def by_link(customer: Customer) -> Viewer:
    """The viewer that a customer's present link makes. What the account's state refuses, the caller refuses."""
    return Viewer(
        kind=ViewerKind.CUSTOMER,
        workspace_id=customer.workspace_id,
        name=customer.name,
        customer_id=customer.pk,
        link_version=customer.link_version,
    )


def visitor(workspace: Workspace) -> Viewer:
    """The viewer that the workspace's present public link makes."""
    return Viewer(kind=ViewerKind.VISITOR, workspace_id=workspace.pk, link_version=workspace.public_link_version)


def addresses_on_file(customer: Customer) -> list[Contact]:
    """The contacts whose mailbox may be proved for a customer, the first one first; of several with one, the first."""
    contacts = Contact.objects.filter(customer=customer).exclude(mailbox="").order_by("created_at", "pk")
    return list({contact.mailbox: contact for contact in reversed(contacts[:_MOST_ON_FILE])}.values())[::-1]
