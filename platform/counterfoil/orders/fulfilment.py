"""Sending what was ordered: parcels, holds, and where an order stands on the fulfilment axis (OR-2, OR-3).

Whatever changes how much of a line has left first locks its order, so two packers wait for each other; that a line
never sends more than was ordered is also a constraint of the database.
"""

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Max, Sum

from counterfoil.access import clock
from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.text import storable
from counterfoil.access.viewer import Viewer
from counterfoil.events.record import record
from counterfoil.orders.models import (
    Fulfilment,
    FulfilmentLine,
    FulfilmentState,
    FulfilmentStatus,
    Order,
    OrderLine,
    OrderStatus,
)
from counterfoil.orders.queries import visible_to
from counterfoil.workspaces.models import Store

PARCEL_SENT = "order.parcel_sent"
# In its data: that the store tells customers of parcels by mail, as it was set when this one left.
TO_ANNOUNCE = "announce"
_LENGTHS = {"carrier": 80, "tracking_number": 120, "tracking_url": 500}
_FIELDS = {"carrier": "carrier", "tracking_number": "trackingNumber", "tracking_url": "trackingUrl"}
_NEXT = {
    FulfilmentStatus.PENDING: {FulfilmentStatus.SHIPPED, FulfilmentStatus.DELIVERED, FulfilmentStatus.CANCELLED},
    FulfilmentStatus.SHIPPED: {FulfilmentStatus.DELIVERED, FulfilmentStatus.CANCELLED},
    FulfilmentStatus.DELIVERED: set[FulfilmentStatus](),
    FulfilmentStatus.CANCELLED: set[FulfilmentStatus](),
    FulfilmentStatus.RETURNED: set[FulfilmentStatus](),
}


@transaction.atomic
def fulfil(
    *,
    viewer: Viewer,
    order: Order,
    quantities: Mapping[int, int] | None = None,
    carrier: str = "",
    tracking_number: str = "",
    tracking_url: str = "",
    read: Collection[int] = (),
) -> Fulfilment:
    """Send a parcel with `quantities` units of lines (line id -> units), or with everything that is left. `read` are
    the keys of what was logged about it and read before; the event says so.

    Raises `Invalid` for an order that is a draft, cancelled or on hold, for more than is left of a line, for nothing,
    and for a tracking address that is none of http or https.
    """
    require(viewer, Permission.FULFILMENTS_WRITE)
    tracking = _tracking(carrier=carrier, tracking_number=tracking_number, tracking_url=tracking_url)
    found = _locked(viewer, order)
    if found.status in (OrderStatus.DRAFT, OrderStatus.CANCELLED):
        raise Invalid(f"An order that is {found.get_status_display().lower()} can't be sent: confirm it first.")
    if found.on_hold:
        raise Invalid("The order is on hold: release it first.")
    lines = {line.pk: line for line in OrderLine.objects.filter(order=found)}
    if quantities is None:
        quantities = {line.pk: line.quantity - line.fulfilled for line in lines.values()}
        if not any(quantities.values()):
            raise Invalid("Nothing is left to send of this order: everything has left.", field="lines")
    chosen = {pk: quantity for pk, quantity in quantities.items() if quantity != 0}
    if not chosen:
        raise Invalid("There is nothing in this parcel: choose a quantity of at least one line.", field="lines")
    for pk, quantity in chosen.items():
        if pk not in lines:
            raise NotFound("There is no such line in this order.", field="lines")
        left = lines[pk].quantity - lines[pk].fulfilled
        if not 1 <= quantity <= left:
            raise Invalid(_too_much(lines[pk], left), field="lines")
    ordinal = (Fulfilment.objects.filter(order=found).aggregate(last=Max("ordinal"))["last"] or 0) + 1
    fulfilment = Fulfilment.objects.create(
        workspace_id=viewer.workspace_id, order=found, ordinal=ordinal, created_at=clock.now(), **tracking
    )
    FulfilmentLine.objects.bulk_create(
        FulfilmentLine(workspace_id=viewer.workspace_id, fulfilment=fulfilment, line_id=pk, quantity=quantity)
        for pk, quantity in chosen.items()
    )
    for pk, quantity in chosen.items():
        lines[pk].fulfilled += quantity
    OrderLine.objects.bulk_update([lines[pk] for pk in chosen], ["fulfilled"], batch_size=500)
    settle(found)
    sent: dict[str, object] = {"fulfilment": fulfilment.pk}
    if read:
        sent["read"] = sorted(read)
    if Store.objects.filter(pk=found.store_id, announces_parcels=True).exists():
        sent[TO_ANNOUNCE] = True
    record(viewer, PARCEL_SENT, topic=found.topic, customer=found.customer_id, data=sent)
    return fulfilment


def _too_much(line: OrderLine, left: int) -> str:
    if left == 0:
        return f"Nothing is left to send of {line.name}: all {line.quantity:,} have left."
    return f"Of {line.name} {left:,} of {line.quantity:,} are left to send: choose a whole number up to that."


@transaction.atomic
def correct_parcel(
    *, viewer: Viewer, fulfilment: Fulfilment, carrier: str, tracking_number: str, tracking_url: str
) -> None:
    """Say another carrier, number or address for a parcel; the same again is no change."""
    require(viewer, Permission.FULFILMENTS_WRITE)
    tracking = _tracking(carrier=carrier, tracking_number=tracking_number, tracking_url=tracking_url)
    order = _locked(viewer, fulfilment.order)
    parcels = Fulfilment.objects.filter(pk=fulfilment.pk, order=order)
    if parcels.exclude(**tracking).update(**tracking):
        corrected = {"fulfilment": fulfilment.pk}
        record(viewer, "order.parcel_corrected", topic=order.topic, customer=order.customer_id, data=corrected)


@transaction.atomic
def move_parcel(*, viewer: Viewer, fulfilment: Fulfilment, status: FulfilmentStatus) -> None:
    """Move a parcel along its way; cancelled, its units are left to send again.

    Raises `Invalid` for a step that the way does not have.
    """
    require(viewer, Permission.FULFILMENTS_WRITE)
    order = _locked(viewer, fulfilment.order)
    parcel = Fulfilment.objects.filter(pk=fulfilment.pk, order=order).first()
    if parcel is None:
        raise NotFound("There is no such parcel.")
    before = FulfilmentStatus(parcel.status)
    if before == status:
        return
    if status not in _NEXT[before]:
        raise Invalid(f"A parcel that is {before.value} can't become {status.value}.", field="status")
    if status == FulfilmentStatus.CANCELLED:
        packed = dict(parcel.lines.values_list("line_id", "quantity"))
        lines = list(OrderLine.objects.filter(pk__in=packed))
        for line in lines:
            if line.fulfilled - packed[line.pk] < line.returned:
                raise Invalid(f"A part of {line.name} has come back already: this parcel did arrive.", field="status")
            line.fulfilled -= packed[line.pk]
        OrderLine.objects.bulk_update(lines, ["fulfilled"], batch_size=500)
    Fulfilment.objects.filter(pk=parcel.pk).update(status=status)
    settle(order)
    data = {"fulfilment": parcel.pk, "from": before.value, "to": status.value}
    record(viewer, "order.parcel_moved", topic=order.topic, customer=order.customer_id, data=data)


@transaction.atomic
def set_hold(*, viewer: Viewer, order: Order, on_hold: bool) -> None:
    """Hold an order back from being sent, or release it; what it already is is no change."""
    require(viewer, Permission.FULFILMENTS_WRITE)
    found = _locked(viewer, order)
    if found.on_hold == on_hold:
        return
    Order.objects.filter(pk=found.pk).update(on_hold=on_hold)
    found.on_hold = on_hold
    settle(found)
    kind = "order.held" if on_hold else "order.released"
    record(viewer, kind, topic=found.topic, customer=found.customer_id)


def settle(order: Order) -> None:
    """Note where the order stands on the fulfilment axis. For actions that changed its lines, hold or status."""
    sums = OrderLine.objects.filter(order=order).aggregate(
        ordered=Sum("quantity"), fulfilled=Sum("fulfilled"), returned=Sum("returned")
    )
    state = fulfilment_state(OrderStatus(order.status), on_hold=order.on_hold, **sums)
    Order.objects.filter(pk=order.pk).exclude(fulfilment=state).update(fulfilment=state)
    order.fulfilment = state


def fulfilment_state(
    status: OrderStatus, *, on_hold: bool, ordered: int, fulfilled: int, returned: int
) -> FulfilmentState:
    """Where units ordered, sent and given back put an order."""
    if returned >= ordered:
        return FulfilmentState.REFUNDED
    if fulfilled >= ordered:
        return FulfilmentState.FULFILLED
    if status == OrderStatus.CANCELLED:
        return FulfilmentState.PARTIALLY_FULFILLED if fulfilled else FulfilmentState.CANCELLED
    if on_hold:
        return FulfilmentState.ON_HOLD
    return FulfilmentState.PARTIALLY_FULFILLED if fulfilled else FulfilmentState.UNFULFILLED


def _locked(viewer: Viewer, order: Order) -> Order:
    found = visible_to(viewer).select_for_update().filter(pk=order.pk).first()
    if found is None:
        raise NotFound("There is no such order.")
    return found


def _tracking(**given: str) -> dict[str, str]:
    tracking = {field: text.strip() for field, text in given.items()}
    for field, longest in _LENGTHS.items():
        if len(tracking[field]) > longest or not storable(tracking[field]):
            name = field.replace("_", " ").replace("url", "address")
            message = f"The {name} has at most {longest} characters, and no control characters."
            raise Invalid(message, field=_FIELDS[field])
    if tracking["tracking_url"] and not is_web_address(tracking["tracking_url"]):
        raise Invalid(
            "A tracking address begins with https:// or http://. Leave it empty and give the number alone, if "
            "there is none.",
            field=_FIELDS["tracking_url"],
        )
    return tracking


def is_web_address(text: str) -> bool:
    """Whether a text is an address that may become a link: http or https, with a host, without spaces."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text
    except ValueError:
        return False
