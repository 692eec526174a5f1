"""What a viewer's search of customers looks through."""

from django.db.models import Q, QuerySet

from counterfoil.access.finding import Finder
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Customer, CustomerWord


def customer_finder(viewer: Viewer, among: QuerySet[Customer] | None = None) -> Finder:
    """For who sees the customers of the workspace; `among` narrows which may be found."""
    return Finder(CustomerWord, "customer", viewer.workspace_id, Q(), among)
