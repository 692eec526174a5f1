"""Sending a parcel once what was logged about it has been read (IN-8)."""

from collections.abc import Collection, Mapping, Sequence

from django.db import transaction

from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import NotFound, Problem, ProblemCode
from counterfoil.access.viewer import Viewer
from counterfoil.interactions.models import Interaction, InteractionType
from counterfoil.interactions.queries import about_to_leave
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import Fulfilment, Order
from counterfoil.orders.queries import visible_to

_NAMED = 3


@transaction.atomic
def fulfil_noted(
    *,
    viewer: Viewer,
    order: Order,
    quantities: Mapping[int, int] | None = None,
    read: Collection[int] = (),
    carrier: str = "",
    tracking_number: str = "",
    tracking_url: str = "",
) -> Fulfilment:
    """Send a parcel as `orders.fulfilment.fulfil` does. A member of the staff has to have `read` (the keys of entries)
    all that was logged about it, also what a colleague logged a moment ago; the event keeps which they were. Programs
    of partners read by themselves and are not held up.

    Raises `NotFound` for a key that is of no entry on the order's customer, `Problem` (NOTICES_UNREAD) that names what
    is to be read first, and what `fulfil` raises.
    """
    require(viewer, Permission.FULFILMENTS_WRITE)
    # Locked before the log is looked at: two parcels of an order follow one another, each with what was logged by then.
    found = visible_to(viewer).select_for_update().filter(pk=order.pk).first()
    if found is None:
        raise NotFound("There is no such order.")
    logged = Interaction.objects.filter(workspace_id=found.workspace_id, customer_id=found.customer_id)
    if read and logged.filter(pk__in=read).count() != len(set(read)):
        raise NotFound("There is no such entry on this order’s customer.", field="readNotices")
    noticed = about_to_leave(found).values_list("pk", "type", "author_name") if viewer.is_staff or read else ()
    unread = [(kind, author) for pk, kind, author in noticed if pk not in read]
    if unread and viewer.is_staff:
        raise Problem(_to_read(unread), field="readNotices", code=ProblemCode.NOTICES_UNREAD)
    return fulfil(
        viewer=viewer,
        order=found,
        quantities=quantities,
        carrier=carrier,
        tracking_number=tracking_number,
        tracking_url=tracking_url,
        read=[pk for pk, *_ in noticed if pk in read],
    )


def _to_read(unread: Sequence[tuple[str, str]]) -> str:
    """What is to be read, the newest first, by type and author: its text is too long for a message."""
    named = ", ".join(f"{InteractionType(kind).label.lower()} by {author}" for kind, author in unread[:_NAMED])
    more = f" and {len(unread) - _NAMED:,} more" if len(unread) > _NAMED else ""
    many, them = ("1 entry was", "it") if len(unread) == 1 else (f"{len(unread):,} entries were", "them")
    return f"Nothing was sent: {many} logged about this parcel. Read {them} first: {named}{more}."
