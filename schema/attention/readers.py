"""Who is told what waits."""

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer


def reads_orders(viewer: Viewer) -> bool:
    """Whether all orders of the workspace are the viewer's to look after."""
    return viewer.is_shop and allows(viewer, Permission.ORDERS_READ)


def reads_conversations(viewer: Viewer) -> bool:
    """Whether what customers and shop write to each other on all of them is, too."""
    return reads_orders(viewer) and allows(viewer, Permission.MESSAGES_READ)
