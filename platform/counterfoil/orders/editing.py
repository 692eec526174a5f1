"""What customers change of an order themselves: its addresses, its note, quantities, and whether it stands (OR-7).

Staff allow each of them for the whole workspace, for a time after the order was placed. Besides that the order has to
be at a point where nobody has acted on what would change: quantities until the shop confirms it, the rest until
something left or it was invoiced. Who is blocked from ordering changes no quantities, which would be ordering; to
cancel, and to say something, orders nothing and stays possible (AC-9).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from django.db import transaction
from django.db.models import Exists, OuterRef

from counterfoil.access import clock, money
from counterfoil.access.policy import Permission, allows, require
from counterfoil.access.problems import Forbidden, Invalid, NotFound, Problem
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Customer
from counterfoil.events.record import record
from counterfoil.orders import addresses as order_addresses
from counterfoil.orders import notes
from counterfoil.orders.actions import LARGEST_QUANTITY, take_step, what_was_ordered
from counterfoil.orders.addresses import Addresses
from counterfoil.orders.claims import NOT_ACTIVE
from counterfoil.orders.fulfilment import settle
from counterfoil.orders.models import Order, OrderLine, OrderStatus
from counterfoil.orders.queries import visible_to
from counterfoil.orders.words import keep_words


class Change(StrEnum):
    """What a customer may be allowed to do with an order, each on its own."""

    ADDRESS = "address"
    NOTE = "note"
    QUANTITIES = "quantities"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Editable:
    """The changes that are open to a viewer now. `until` is when the time for them ends, or ended: None where the shop
    lets customers change nothing. `reason` says why nothing is open; None while something is.
    """

    changes: frozenset[Change]
    until: datetime | None
    reason: str | None


class _Facts(NamedTuple):
    """What decides, as it stands in the database."""

    pk: int
    status: str
    placed_at: datetime
    is_active: bool
    ordering_blocked: bool
    address: bool
    note: bool
    quantities: bool
    cancel: bool
    minutes: int
    language: str
    time_zone: str
    has_left: bool

    @property
    def until(self) -> datetime:
        """When the time to change the order ends."""
        return self.placed_at + timedelta(minutes=self.minutes)


_COLUMNS = (
    *("pk", "status", "placed_at", "customer__is_active", "customer__ordering_blocked"),
    *("workspace__customers_edit_address", "workspace__customers_edit_note"),
    *("workspace__customers_edit_quantities", "workspace__customers_cancel", "workspace__edit_minutes"),
    *("store__language", "store__time_zone"),
)
_SUBJECTS = {
    Change.ADDRESS: "addresses",
    Change.NOTE: "the note",
    Change.QUANTITIES: "quantities",
    Change.CANCEL: "whether the order stands",
}
# What an input calls what is refused.
_FIELDS = {Change.ADDRESS: "deliveryAddress", Change.NOTE: "note", Change.QUANTITIES: "lines", Change.CANCEL: None}
_WRITE = "Write to the shop if something should be different."


def what_may_change(viewer: Viewer, orders: Sequence[int]) -> dict[int, Editable]:
    """What the viewer may change of each of these orders now, by its key; none for who may not change any."""
    if not allows(viewer, Permission.ORDERS_EDIT):
        return {}
    return {facts.pk: _editable(viewer, facts) for facts in _facts(viewer, orders)}


@transaction.atomic
def edit_order(
    *,
    viewer: Viewer,
    order: Order,
    addresses: Addresses | None = None,
    note: str | None = None,
    quantities: Mapping[int, int] | None = None,
) -> None:
    """Change one's own order: the addresses that are given, the note, and `quantities` of lines (line id -> units; 0
    takes the line out). What is left out, or stands so already, is no change and asks for nothing.

    Raises `Forbidden` for what this shop lets this viewer not change, `Invalid` where it is too late for it, for an
    order that would have no line left, and for what `place_order` takes neither; then nothing of it is done.
    """
    require(viewer, Permission.ORDERS_EDIT)
    if addresses and not allows(viewer, Permission.ADDRESSES_READ):
        # Also for the same addresses again: by trying, a link alone would tell them.
        raise Forbidden("Sign in to change addresses: the link alone does not show them.", field="deliveryAddress")
    addresses = order_addresses.checked(addresses or {})
    found, facts = _locked(viewer, order)
    if addresses and not order_addresses.stand(found, addresses):
        _check(viewer, facts, Change.ADDRESS)
        order_addresses.write(found, addresses)
        _note_down(viewer, found, "order.addressed", {"uses": sorted(addresses)})
    if note is not None and (text := notes.checked(note)) != found.note:
        _check(viewer, facts, Change.NOTE)
        Order.objects.filter(pk=found.pk).update(note=text)
        _note_down(viewer, found, "order.note_changed")
    if quantities and _others(found, quantities):
        _check(viewer, facts, Change.QUANTITIES)
        ordered = _set_quantities(found, quantities)
        _note_down(viewer, found, "order.revised", what_was_ordered(found, ordered))


@transaction.atomic
def cancel_own_order(*, viewer: Viewer, order: Order) -> None:
    """Cancel one's own order; cancelled already is no change. Raises as `edit_order` does."""
    require(viewer, Permission.ORDERS_EDIT)
    found, facts = _locked(viewer, order)
    if found.status != OrderStatus.CANCELLED:
        _check(viewer, facts, Change.CANCEL)
        take_step(viewer=viewer, order=found, status=OrderStatus.CANCELLED)


def _locked(viewer: Viewer, order: Order) -> tuple[Order, _Facts]:
    """The order and what decides about it, which nobody changes until the transaction ends: customer before order, as
    whoever places one does.
    """
    customers = Customer.objects.filter(workspace_id=viewer.workspace_id, pk=order.customer_id)
    customers.select_for_update(no_key=True).first()
    found = visible_to(viewer).select_for_update().filter(pk=order.pk).first()
    if found is None:
        raise NotFound("There is no such order.", field="orderId")
    [facts] = _facts(viewer, [found.pk])
    return found, facts


def _facts(viewer: Viewer, orders: Sequence[int]) -> Iterable[_Facts]:
    sent = OrderLine.objects.filter(order=OuterRef("pk"), fulfilled__gt=0)
    rows = visible_to(viewer).filter(pk__in=orders).annotate(has_left=Exists(sent))
    return (_Facts(*row) for row in rows.values_list(*_COLUMNS, "has_left"))


def _editable(viewer: Viewer, facts: _Facts) -> Editable:
    refusals = {change: _refusal(viewer, facts, change) for change in Change}
    opened = frozenset(change for change, refusal in refusals.items() if refusal is None)
    allowed = [change for change in Change if getattr(facts, change)]
    reasons = [refusal for change in allowed or Change if (refusal := refusals[change])]
    # That it is too late tells more than what the shop or the link never allows.
    told = None if opened else min(reasons, key=lambda refusal: isinstance(refusal, Forbidden)).message
    return Editable(opened, facts.until if allowed else None, told)


def _check(viewer: Viewer, facts: _Facts, change: Change) -> None:
    refusal = _refusal(viewer, facts, change)
    if refusal is not None:
        raise refusal


def _refusal(viewer: Viewer, facts: _Facts, change: Change) -> Problem | None:
    """Why the viewer may not make this change now, if so."""
    field = _FIELDS[change]
    if (why := _forbidden(viewer, facts, change)) is not None:
        return Forbidden(why, field=field)
    if (why := _too_late(facts, change)) is not None:
        return Invalid(why, field=field)
    return None


def _forbidden(viewer: Viewer, facts: _Facts, change: Change) -> str | None:
    if not facts.is_active:
        return NOT_ACTIVE
    if not getattr(facts, change):
        return f"The shop decides about {_SUBJECTS[change]} itself. {_WRITE}"
    if change is Change.ADDRESS and not allows(viewer, Permission.ADDRESSES_READ):
        return "Sign in to change addresses: the link alone does not show them."
    if change is Change.QUANTITIES and facts.ordering_blocked:
        return f"Ordering is temporarily unavailable, so quantities can’t be changed. {_WRITE}"
    return None


def _too_late(facts: _Facts, change: Change) -> str | None:
    if facts.status == OrderStatus.CANCELLED:
        return "The order is cancelled, so nothing of it can be changed any more."
    if facts.has_left:
        return f"A part of the order has left already, so it can’t be changed any more. {_WRITE}"
    if facts.status == OrderStatus.INVOICED:
        return f"The order is invoiced already, so it can’t be changed any more. {_WRITE}"
    if change is Change.QUANTITIES and facts.status != OrderStatus.DRAFT:
        return f"The shop has confirmed the order, so quantities can’t be changed any more. {_WRITE}"
    if clock.now() > facts.until:
        return f"The time to change this order ended on {_written(facts)}. {_WRITE}"
    return None


def _written(facts: _Facts) -> str:
    """The end of the time, on the store's clock and in its language."""
    zone, locale = ZoneInfo(facts.time_zone), money.locale_of(facts.language)
    return format_datetime(facts.until, "d MMMM y, HH:mm", tzinfo=zone, locale=locale)


def _others(order: Order, quantities: Mapping[int, int]) -> bool:
    """Whether these are other quantities than the order has. Raises for lines that it does not have, and for numbers
    that no line can have.
    """
    before = dict(order.lines.values_list("pk", "quantity"))
    if not before.keys() >= quantities.keys():
        raise NotFound("There is no such line in this order any more: look at the order again.", field="lines")
    if not all(0 <= quantity <= LARGEST_QUANTITY for quantity in quantities.values()):
        raise Invalid(
            f"A quantity is a whole number up to {LARGEST_QUANTITY:,}; 0 takes the line out of the order.",
            field="lines",
        )
    return any(before[pk] != quantity for pk, quantity in quantities.items())


def _set_quantities(order: Order, quantities: Mapping[int, int]) -> Decimal:
    """Prices stay as they were when it was ordered. Gives by how much the order comes to more."""
    lines = list(order.lines.all())
    stay = [line for line in lines if quantities.get(line.pk, line.quantity)]
    if not stay:
        raise Invalid("At least one line stays in an order. If you want none of it, cancel the order.", field="lines")
    changed = [line for line in stay if quantities.get(line.pk, line.quantity) != line.quantity]
    for line in changed:
        line.quantity = quantities[line.pk]
        line.total = money.line_total(line.quantity, line.unit_price, order.currency)
    total = money.order_total(line.total for line in stay)
    order.lines.filter(pk__in=[pk for pk, quantity in quantities.items() if quantity == 0]).delete()
    OrderLine.objects.bulk_update(changed, ["quantity", "total"], batch_size=500)
    ordered, order.total = total - order.total, total
    Order.objects.filter(pk=order.pk).update(total=total)
    keep_words([order.pk])
    settle(order)
    return ordered


def _note_down(viewer: Viewer, order: Order, kind: str, data: Mapping[str, object] | None = None) -> None:
    record(viewer, kind, topic=order.topic, customer=order.customer_id, data=data)
