"""What a viewer's search of orders looks through."""

from django.db.models import Q, QuerySet

from counterfoil.access.finding import Finder
from counterfoil.access.viewer import Viewer
from counterfoil.customers.queries import sees_customers
from counterfoil.orders.models import Order, OrderWord


def order_finder(viewer: Viewer, among: QuerySet[Order] | None = None) -> Finder:
    """For the shop, which sees all of its orders: by the words on them, and for who sees customers by those of their
    customer. `among` narrows what may be found.
    """
    counting = Q() if sees_customers(viewer) else Q(of_customer=False)
    return Finder(OrderWord, "order", viewer.workspace_id, counting, among)
