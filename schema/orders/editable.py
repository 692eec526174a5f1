"""What customers may change of their orders, and what they ask of the shop about them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import strawberry

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.orders.editing import Change, what_may_change
from counterfoil.orders.models import Order


@strawberry.type(description="What the customer may change of their order now.")
class EditableOrder:
    address: bool = strawberry.field(description="Whether its addresses.")
    note: bool = strawberry.field(description="Whether the note.")
    quantities: bool = strawberry.field(description="Whether how much of each line, down to none.")
    cancel: bool = strawberry.field(description="Whether they may cancel it.")
    until: datetime | None = strawberry.field(
        description="When the time for that ends, or ended; null where the shop lets customers change nothing."
    )
    reason: str | None = strawberry.field(
        description="Why nothing may be changed, in words for people; null while something may."
    )


class EditableRow(NamedTuple):
    """What `EditableOrder` is read from."""

    address: bool
    note: bool
    quantities: bool
    cancel: bool
    until: datetime | None
    reason: str | None


def editable_of(viewer: Viewer, orders: Sequence[int]) -> Mapping[int, EditableRow]:
    """What the viewer may change of each of these orders; none for who is not their customer."""
    return {
        pk: EditableRow(
            **{change.value: change in found.changes for change in Change}, until=found.until, reason=found.reason
        )
        for pk, found in what_may_change(viewer, orders).items()
    }


def notes_asked(viewer: Viewer, orders: Sequence[int]) -> Mapping[int, str]:
    """The notes of these orders, which the viewer sees; none for who came by a customer's link, which shows no
    conversation either.
    """
    if not (viewer.is_shop or allows(viewer, Permission.ORDERS_EDIT)):
        return {}
    return dict(Order.objects.filter(workspace_id=viewer.workspace_id, pk__in=orders).values_list("pk", "note"))
