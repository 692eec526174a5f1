"""What the entries of stories are about, loaded at once for all that stand together.

Each of these gives, by their keys, what the viewer may see of it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import Count

from counterfoil.access.viewer import Viewer
from counterfoil.conversations.queries import messages_visible_to, notes_visible_to
from counterfoil.interactions.queries import interactions_visible_to
from counterfoil.orders.models import FulfilmentLine
from counterfoil.orders.queries import fulfilments_visible_to, lines_visible_to, visible_to
from schema.context import Info
from schema.conversations.types import MessageRow, NoteRow, read_messages, read_notes
from schema.interactions.rows import InteractionRow, read_interactions
from schema.orders.fulfilments import FulfilmentRow, read_fulfilments
from schema.orders.types import OrderRow, read_orders

type Load[T] = Callable[[Viewer, Sequence[int]], Mapping[int, T]]


def loaded[T](row: Any, info: Info, key: str, load: Load[T]) -> T | None:
    """What an entry's key names; None where it names nothing, or nothing that the viewer may see."""
    wanted: int = getattr(row, key)
    if not wanted:
        return None
    viewer = info.context.viewer
    found: T | None = row.siblings.load(load, key, wanted, lambda keys: load(viewer, [one for one in keys if one]))
    return found


def orders(viewer: Viewer, keys: Sequence[int]) -> dict[int, OrderRow]:
    """Orders."""
    return {row.pk: row for row in read_orders(visible_to(viewer).filter(pk__in=keys))}


def parcels(viewer: Viewer, keys: Sequence[int]) -> dict[int, FulfilmentRow]:
    """Parcels."""
    return {row.pk: row for row in read_fulfilments(fulfilments_visible_to(viewer).filter(pk__in=keys))}


def lines_packed(viewer: Viewer, keys: Sequence[int]) -> dict[int, int]:
    """How many lines are in parcels of orders that the viewer sees."""
    packed = FulfilmentLine.objects.filter(workspace_id=viewer.workspace_id, fulfilment__in=keys)
    return dict(packed.values("fulfilment_id").annotate(lines=Count("pk")).values_list("fulfilment_id", "lines"))


def lines_ordered(viewer: Viewer, keys: Sequence[int]) -> dict[int, int]:
    """How many lines orders have."""
    ordered = lines_visible_to(viewer).filter(order__in=keys)
    return dict(ordered.values("order_id").annotate(lines=Count("pk")).values_list("order_id", "lines"))


def messages(viewer: Viewer, keys: Sequence[int]) -> dict[int, MessageRow]:
    """Messages between shop and customer."""
    return {row.pk: row for row in read_messages(viewer, messages_visible_to(viewer).filter(pk__in=keys))}


def notes(viewer: Viewer, keys: Sequence[int]) -> dict[int, NoteRow]:
    """Internal notes."""
    return {row.pk: row for row in read_notes(notes_visible_to(viewer).filter(pk__in=keys))}


def interactions(viewer: Viewer, keys: Sequence[int]) -> dict[int, InteractionRow]:
    """Entries of the log."""
    return {row.pk: row for row in read_interactions(interactions_visible_to(viewer).filter(pk__in=keys))}
