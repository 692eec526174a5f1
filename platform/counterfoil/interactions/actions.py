"""What can be done in the log of a customer: writing an entry, acknowledging one, switching a type on and off."""

from django.db import transaction

from counterfoil.access import clock
from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.text import folded, storable
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import customers_visible_to
from counterfoil.events.record import record
from counterfoil.interactions.models import Interaction, InteractionType, SwitchedOffType
from counterfoil.interactions.queries import interactions_visible_to, open_types
from counterfoil.orders.models import Order
from counterfoil.orders.queries import visible_to

LONGEST_TEXT = 10_000
LOGGED, ACKNOWLEDGED, TYPES_CHANGED = "interaction.logged", "interaction.acknowledged", "interaction_types.changed"
TYPES = "interaction_types"  # a topic


@transaction.atomic
def log_interaction(
    *,
    viewer: Viewer,
    customer: Customer,
    type: InteractionType,
    text: str,
    order: Order | None = None,
    needs_acknowledgement: bool = False,
) -> Interaction:
    """An entry on a customer, which may point at an order of theirs. Its text is kept exactly as given.

    Raises `Invalid` for a text that is empty, longer than 10,000 characters or impossible to store, for a type that is
    switched off, and for an order of somebody else.
    """
    require(viewer, Permission.INTERACTIONS_WRITE)
    if not customers_visible_to(viewer).filter(pk=customer.pk).exists():
        raise NotFound("There is no such customer.")
    _check(text)
    if type not in open_types(viewer.workspace_id):
        raise Invalid(
            f"“{type.label}” has been switched off in the settings: choose another type. What you wrote still stands "
            "here.",
            field="type",
        )
    if order is not None:
        if not visible_to(viewer).filter(pk=order.pk).exists():
            raise NotFound("There is no such order.", field="orderId")
        if order.customer_id != customer.pk:
            raise Invalid(f"Order {order.number} is another customer’s: choose one of this customer.", field="orderId")
    entry = Interaction.objects.create(
        workspace_id=viewer.workspace_id,
        customer=customer,
        order=order,
        type=type,
        text=text,
        folded=folded(text),
        staff_id=viewer.staff_id,
        client_id=viewer.client_id,
        author_name=viewer.name,
        logged_at=clock.now(),
        needs_acknowledgement=needs_acknowledgement,
    )
    _tell(viewer, LOGGED, entry)
    return entry


def _check(text: str) -> None:
    if not text.strip():
        raise Invalid("Write what happened first: the entry is empty.", field="text")
    if len(text) > LONGEST_TEXT:
        raise Invalid(
            f"The entry has {len(text):,} characters; {LONGEST_TEXT:,} is the most. Shorten it, or log it in parts.",
            field="text",
        )
    if not storable(text):
        raise Invalid(
            "The entry holds a character that no text can have (NUL or half a pair). Remove it.", field="text"
        )


@transaction.atomic
def acknowledge_interaction(*, viewer: Viewer, interaction: Interaction) -> None:
    """Note that the viewer has taken note of an entry, and when, once (IN-4); what they acknowledged already is no
    change.

    Raises `Invalid` for an entry that asks for none, and for one that somebody else acknowledged before.
    """
    require(viewer, Permission.INTERACTIONS_ACKNOWLEDGE)
    mine = interactions_visible_to(viewer).filter(pk=interaction.pk)
    changed = mine.filter(needs_acknowledgement=True, acknowledged_at=None).update(
        acknowledged_at=clock.now(),
        acknowledged_staff_id=viewer.staff_id,
        acknowledged_client_id=viewer.client_id,
        acknowledged_name=viewer.name,
    )
    entry = mine.first()
    if entry is None:
        raise NotFound("There is no such entry.", field="interactionId")
    if changed:
        _tell(viewer, ACKNOWLEDGED, entry)
    elif not entry.needs_acknowledgement:
        raise Invalid("This entry asks for no acknowledgement: nothing is left to do.", field="interactionId")
    elif (entry.acknowledged_staff_id, entry.acknowledged_client_id) != (viewer.staff_id, viewer.client_id):
        raise Invalid(
            f"{entry.acknowledged_name} has acknowledged this already: nothing is left to do.", field="interactionId"
        )


@transaction.atomic
def switch_type(*, viewer: Viewer, type: InteractionType, on: bool) -> None:
    """Take new entries of a type, or no more; those that are there stay (IN-6). What it already is is no change."""
    require(viewer, Permission.SETTINGS_WRITE)
    mine = SwitchedOffType.objects.filter(workspace_id=viewer.workspace_id)
    if on:
        changed = bool(mine.filter(type=type).delete()[0])
    else:
        _, changed = mine.get_or_create(workspace_id=viewer.workspace_id, type=type)
    if changed:
        record(viewer, TYPES_CHANGED, topic=TYPES, internal=True, data={"type": type.value, "on": on})


def _tell(viewer: Viewer, kind: str, entry: Interaction) -> None:
    record(
        viewer,
        kind,
        topic=f"customer_{entry.customer_id}",
        customer=entry.customer_id,
        internal=True,
        data={"interaction": entry.pk} | ({"order": entry.order_id} if entry.order_id else {}),
    )
