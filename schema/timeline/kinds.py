"""What stands in a story: which kinds of events, in which group, and who reads them (IN-11).

A kind that has no row here is in nobody's story: it is chosen by name, in the query, so that what a viewer may not
read is never looked at.
"""

from collections.abc import Collection, Mapping
from enum import Enum
from typing import NamedTuple

import strawberry

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer


@strawberry.enum(description="What an entry of a story is about, to narrow it by.")
class TimelineGroup(Enum):
    ORDERS = strawberry.enum_value("orders", description="Orders: placed, changed, held, on their way to an invoice.")
    PARCELS = strawberry.enum_value("parcels", description="Parcels that left, and goods that came back.")
    MESSAGES = strawberry.enum_value("messages", description="Messages, and the shop's own notes on orders.")
    MAILS = strawberry.enum_value("mails", description="Mails to the customer, and whether they want any.")
    PAYMENTS = strawberry.enum_value("payments", description="Money that was taken or given back.")
    INTERACTIONS = strawberry.enum_value("interactions", description="What the shop logged about the customer.")
    ACCESS = strawberry.enum_value("access", description="Links that were made anew, devices signed out, claims.")
    CUSTOMER = strawberry.enum_value("customer", description="The customer's own facts.")


@strawberry.input(description="Which entries of a story to give; what is left out does not narrow it.")
class TimelineFilter:
    groups: list[TimelineGroup] | None = strawberry.field(
        default=None, description="Only what is about one of these; an empty list gives everything."
    )


class Kind(NamedTuple):
    """A kind of event: its group, and what a viewer needs to read it."""

    group: TimelineGroup
    needs: frozenset[Permission]


def _kinds(group: TimelineGroup, needs: Collection[Permission], names: str) -> dict[str, Kind]:
    return {name: Kind(group, frozenset(needs)) for name in names.split()}


_ORDERS, _CUSTOMERS = {Permission.ORDERS_READ}, {Permission.CUSTOMERS_READ}
_MESSAGES, _NOTES = _ORDERS | {Permission.MESSAGES_READ}, _ORDERS | {Permission.NOTES_READ}
_LINKS = {Permission.CUSTOMERS_READ, Permission.CUSTOMER_LINKS_READ}

PLACED, CREDITED, LOGGED = "order.placed", "goods.credited", "interaction.logged"
# What is read from the rows themselves: what was imported has no event.
OF_ROWS: Mapping[str, Kind] = {
    PLACED: Kind(TimelineGroup.ORDERS, frozenset(_ORDERS)),
    CREDITED: Kind(TimelineGroup.PARCELS, frozenset(_ORDERS)),
    LOGGED: Kind(TimelineGroup.INTERACTIONS, frozenset({Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ})),
}
OF_EVENTS: Mapping[str, Kind] = {
    **_kinds(
        TimelineGroup.ORDERS,
        _ORDERS,
        "order.revised order.addressed order.note_changed order.status_changed order.held order.released",
    ),
    **_kinds(TimelineGroup.PARCELS, _ORDERS, "order.parcel_sent order.parcel_corrected order.parcel_moved"),
    **_kinds(TimelineGroup.PAYMENTS, _ORDERS, "order.payment_taken order.payment_returned"),
    **_kinds(TimelineGroup.ACCESS, _ORDERS, "order.claimed"),
    **_kinds(TimelineGroup.ACCESS, _ORDERS | {Permission.ORDER_KEYS_READ}, "order_key.rotated"),
    **_kinds(TimelineGroup.ACCESS, _LINKS, "customer_link.rotated account_session.ended"),
    **_kinds(TimelineGroup.MESSAGES, _MESSAGES, "message.sent"),
    **_kinds(TimelineGroup.MESSAGES, _NOTES, "note.written"),
    **_kinds(TimelineGroup.MAILS, _MESSAGES, "mail.sent mail.failed mail.suppressed mail.retried"),
    **_kinds(TimelineGroup.MAILS, _ORDERS, "mail_preference.changed"),
    **_kinds(
        TimelineGroup.INTERACTIONS,
        {Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ},
        f"{LOGGED} interaction.acknowledged",
    ),
    **_kinds(
        TimelineGroup.CUSTOMER,
        _CUSTOMERS,
        "customer.created customer.changed customer.flags_changed customer.linked customer.unlinked",
    ),
}
# What is recorded and stands in no story, since it is told in another way, or is no customer's.
UNTOLD = frozenset(
    {
        PLACED,  # told from the order's row
        "customer.ordered",  # what the customer's pages hear when an order is placed or claimed
        *("receipt.delivered", "receipt.read"),  # stand beside their message
        "mail.dismissed",  # somebody has cleared their desk; the customer has nothing of it
        "order_keys.rotated",  # of all customers at once
    }
)


def groups_of(filter: TimelineFilter | None) -> tuple[TimelineGroup, ...] | None:
    """The groups that a filter asks for, each once; None for all."""
    return tuple(dict.fromkeys(filter.groups)) or None if filter and filter.groups else None


def told_to(viewer: Viewer, kinds: Mapping[str, Kind], groups: Collection[TimelineGroup] | None) -> list[str]:
    """The kinds among these that the viewer reads, of these groups; of all groups for None."""
    return [
        name
        for name, kind in kinds.items()
        if (groups is None or kind.group in groups) and all(allows(viewer, needed) for needed in kind.needs)
    ]
