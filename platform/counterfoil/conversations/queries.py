"""The messages and notes that a viewer may see. Internal notes have a door of their own (CN-2)."""

from django.db.models import QuerySet

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.conversations.models import Conversation, Message, Side, Visibility
from counterfoil.orders.queries import visible_to as orders_visible_to


def messages_visible_to(viewer: Viewer) -> QuerySet[Message]:
    """The messages between shop and customer, on the orders that the viewer sees; never an internal note."""
    if not allows(viewer, Permission.MESSAGES_READ):
        return Message.objects.none()
    return _on_visible_orders(viewer).filter(visibility=Visibility.CUSTOMER)


def notes_visible_to(viewer: Viewer) -> QuerySet[Message]:
    """The internal notes, for who may read them on the shop's side; nobody else has any."""
    if not (viewer.is_shop and allows(viewer, Permission.NOTES_READ)):
        return Message.objects.none()
    return _on_visible_orders(viewer).filter(visibility=Visibility.INTERNAL)


def waiting_visible_to(viewer: Viewer) -> QuerySet[Conversation]:
    """The conversations in which a customer waits for an answer, for who reads them on the shop's side."""
    if not (viewer.is_shop and allows(viewer, Permission.ORDERS_READ) and allows(viewer, Permission.MESSAGES_READ)):
        return Conversation.objects.none()
    return Conversation.objects.filter(workspace_id=viewer.workspace_id, waiting_since__isnull=False)


def _on_visible_orders(viewer: Viewer) -> QuerySet[Message]:
    return Message.objects.filter(
        workspace_id=viewer.workspace_id, conversation__order__in=orders_visible_to(viewer).values("pk")
    )


def side_of(viewer: Viewer) -> Side:
    """The side of the conversation on which the viewer writes."""
    return Side.STAFF if viewer.is_shop else Side.CUSTOMER
