"""The entries of the log that a viewer may see, and the types of which there are new ones."""

from django.db.models import Q, QuerySet

from counterfoil.access.policy import Permission, allows
from counterfoil.access.text import folded, words_of
from counterfoil.access.viewer import Viewer
from counterfoil.interactions.models import Interaction, InteractionType, SwitchedOffType
from counterfoil.orders.models import Order

WAITING = Q(needs_acknowledgement=True, acknowledged_at=None)


def reads_interactions(viewer: Viewer) -> bool:
    """Whether the viewer sees what was logged about customers: who reads both, on the shop's side."""
    return viewer.is_shop and allows(viewer, Permission.INTERACTIONS_READ) and allows(viewer, Permission.CUSTOMERS_READ)


def interactions_visible_to(viewer: Viewer) -> QuerySet[Interaction]:
    """The entries that the viewer sees."""
    if not reads_interactions(viewer):
        return Interaction.objects.none()
    return Interaction.objects.filter(workspace_id=viewer.workspace_id)


def matching(
    interactions: QuerySet[Interaction], *, type: InteractionType | None = None, search: str = ""
) -> QuerySet[Interaction]:
    """Those of a type, with each word of `search` in their text, whatever its case and accents."""
    words = words_of(search)
    if words is None:
        return interactions.none()
    for word in words:
        interactions = interactions.filter(folded__contains=folded(word))
    return interactions if type is None else interactions.filter(type=type)


def about_to_leave(order: Order) -> QuerySet[Interaction]:
    """What whoever packs this order reads before it leaves (IN-8): all that points at it, and what is not acknowledged
    of its customer's; the newest first.
    """
    mine = Interaction.objects.filter(workspace_id=order.workspace_id, customer_id=order.customer_id)
    return mine.filter(Q(order_id=order.pk) | WAITING).order_by("-logged_at", "-pk")


def open_types(workspace_id: int) -> list[InteractionType]:
    """The types of which the workspace takes new entries (IN-6)."""
    closed = set(SwitchedOffType.objects.filter(workspace_id=workspace_id).values_list("type", flat=True))
    return [one for one in InteractionType if one.value not in closed]
