"""What can be done with orders. Each authorises, checks, changes and records its event, in one transaction."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from django.db import IntegrityError, transaction
from django.db.models import F

from counterfoil.access import clock, money
from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.text import one_line, storable
from counterfoil.access.viewer import Viewer
from counterfoil.customers.browsers import contact_of_browser
from counterfoil.customers.models import Contact, Customer
from counterfoil.customers.ordering import check_may_order
from counterfoil.events.credentials import ORDER_KEYS, ORDER_KEYS_ROTATED
from counterfoil.events.record import record
from counterfoil.orders import addresses as order_addresses
from counterfoil.orders import notes
from counterfoil.orders.addresses import Addresses
from counterfoil.orders.fulfilment import settle
from counterfoil.orders.models import Order, OrderLine, OrderStatus
from counterfoil.orders.queries import visible_to
from counterfoil.orders.words import keep_words, write_words
from counterfoil.workspaces.models import Store, Workspace

_NEXT = {
    OrderStatus.DRAFT: {OrderStatus.CONFIRMED, OrderStatus.CANCELLED},
    OrderStatus.CONFIRMED: {OrderStatus.DRAFT, OrderStatus.INVOICED, OrderStatus.CANCELLED},
    OrderStatus.INVOICED: set[OrderStatus](),
    OrderStatus.CANCELLED: set[OrderStatus](),
}
LARGEST_QUANTITY = 2**31 - 1
_YEARS = range(1900, 2200)  # every clock of the world can show them, and somebody may have so old a book
# In the data of an order.placed: the store confirmed orders by mail when this one was placed (OR-1).
TO_CONFIRM = "to_confirm"
# In that of an order.placed, and of an order.revised: what the order comes to, or to how much more than before.
ORDERED = "ordered"
_NO_ADDRESSES: Addresses = MappingProxyType({})
_NUMBER = re.compile(r"[^\s/?#%\\]{1,40}")


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to order: `quantity` units at `unit_price` each, in the order's currency."""

    name: str
    quantity: int
    unit_price: Decimal
    sku: str = ""
    unit: str = ""
    product_id: int | None = None


@transaction.atomic
def place_order(
    *,
    viewer: Viewer,
    store: Store,
    contact: Contact,
    currency: str,
    lines: Sequence[NewLine],
    number: str | None = None,
    external_id: str | None = None,
    placed_at: datetime | None = None,
    addresses: Addresses = _NO_ADDRESSES,
    note: str | None = None,
    browser: str = "",
) -> Order:
    """A draft order of `lines`; without a number it takes the workspace's next one. `note` is what the customer asks
    of the shop about it.

    An `external_id` that came before names the order of then: as long as it is a draft, it gets these lines and
    addresses, and the note if one is given. `browser` is what the shop calls the buyer's browser, for a store with the
    sticky contact (AC-5).

    Raises `Invalid` for no lines, a quantity below 1 or above 2,147,483,647, a price that can't be kept exactly, a
    number that is taken or can't stand in an address, a moment that is not of these centuries, an address that is
    none, a note that is too long, and a customer who may not order now (AC-9).
    """
    require(viewer, Permission.ORDERS_WRITE)
    money.smallest_coin(currency, "currency")
    totals = _totals(lines, currency)
    addresses = order_addresses.checked(addresses)
    note = None if note is None else notes.checked(note)
    if placed_at is not None and placed_at.year not in _YEARS:
        raise Invalid(f"Orders are placed in the years {_YEARS[0]} to {_YEARS[-1]}.", field="placedAt")
    if number is not None and not (_NUMBER.fullmatch(number) and storable(number)):
        raise Invalid(
            "An order number has 1 to 40 characters, none of them a space or one of / ? # % \\.", field="number"
        )
    if external_id is not None:
        external_id = one_line(external_id, "externalId", 200)
        known = visible_to(viewer).filter(external_id=external_id).first()
        if known is not None:
            return _ordered_again(viewer, known, lines, addresses, note)
    check_may_order(contact.customer_id)
    store.refresh_from_db(fields=("confirms_orders", "sticky_contact"))
    joined = contact_of_browser(store=store, browser=browser, contact=contact)
    try:
        with transaction.atomic():
            order = Order.objects.create(
                workspace_id=viewer.workspace_id,
                store=store,
                customer_id=contact.customer_id,
                contact=contact,
                number=number or _next_number(viewer.workspace_id),
                external_id=external_id,
                currency=currency,
                total=money.order_total(totals),
                placed_at=placed_at or clock.now(),
                note=note or "",
                browser_contact_id=joined,
            )
    except IntegrityError as error:
        if (
            external_id is not None
            and not Order.objects.filter(workspace_id=viewer.workspace_id, number=number).exists()
        ):
            raise Invalid(
                "This external id has just come in another request: send again.", field="externalId"
            ) from error
        raise Invalid(f"There is an order {number} already.", field="number") from error
    _write_lines(order, lines, totals)
    write_words([order])
    order_addresses.write(order, addresses)
    record(viewer, "customer.ordered", topic=f"customer_{order.customer_id}")
    placed = what_was_ordered(order, order.total) | ({TO_CONFIRM: True} if store.confirms_orders else {})
    record(viewer, "order.placed", topic=order.topic, customer=order.customer_id, data=placed)
    return order


def _ordered_again(
    viewer: Viewer, order: Order, lines: Sequence[NewLine], addresses: Addresses, note: str | None
) -> Order:
    """The order as it is asked for now. Who may not order any more changes none, and is told of the one that stands."""
    if not (_has_lines(order, lines) and order_addresses.stand(order, addresses) and note in (None, order.note)):
        check_may_order(order.customer_id)
        revise_order(viewer=viewer, order=order, lines=lines, addresses=addresses, note=note)
    return visible_to(viewer).get(pk=order.pk)


@transaction.atomic
def revise_order(
    *,
    viewer: Viewer,
    order: Order,
    lines: Sequence[NewLine],
    addresses: Addresses = _NO_ADDRESSES,
    note: str | None = None,
) -> None:
    """Give a draft order other lines, and these addresses and this note in the place of its own; the same again is no
    change.

    Raises `Invalid` for an order that is no draft any more, and whatever `place_order` raises for lines and addresses.
    """
    require(viewer, Permission.ORDERS_WRITE)
    # Customer before order, as whoever places one does: their words are written with the order's.
    customers = Customer.objects.filter(workspace_id=viewer.workspace_id, pk=order.customer_id)
    customers.select_for_update(no_key=True).first()
    found = visible_to(viewer).select_for_update().filter(pk=order.pk).first()
    if found is None:
        raise NotFound("There is no such order.")
    totals = _totals(lines, found.currency)
    addresses = order_addresses.checked(addresses)
    note = found.note if note is None else notes.checked(note)
    other_lines, other_addresses = not _has_lines(found, lines), not order_addresses.stand(found, addresses)
    if not (other_lines or other_addresses or note != found.note):
        return
    if found.status != OrderStatus.DRAFT:
        others = "lines" if other_lines else "addresses" if other_addresses else "notes"
        raise Invalid(f"An order that is {found.status} can't get other {others}: take it back to draft first.")
    if other_lines:
        found.lines.all().delete()
        _write_lines(found, lines, totals)
        total = money.order_total(totals)
        ordered, found.total = total - found.total, total
        Order.objects.filter(pk=found.pk).update(total=total)
        keep_words([found.pk])
        settle(found)
    Order.objects.filter(pk=found.pk).exclude(note=note).update(note=note)
    order_addresses.write(found, addresses)
    revised = what_was_ordered(found, ordered) if other_lines else {}
    record(viewer, "order.revised", topic=found.topic, customer=found.customer_id, data=revised)


def what_was_ordered(order: Order, amount: Decimal) -> dict[str, object]:
    """What the log says of an amount that was ordered: whoever counts needs nothing else."""
    return {ORDERED: {"at": order.placed_at.isoformat(), "currency": order.currency, "amount": str(amount)}}


def _has_lines(order: Order, lines: Sequence[NewLine]) -> bool:
    facts = ("name", "quantity", "unit_price", "sku", "unit", "product_id")
    before = list(order.lines.order_by("ordinal").values_list(*facts))
    return before == [tuple(getattr(line, fact) for fact in facts) for line in lines]


def _totals(lines: Sequence[NewLine], currency: str) -> list[Decimal]:
    """What each line comes to. Raises `Invalid` for lines that no order can have."""
    if not lines:
        raise Invalid("An order needs at least one line.", field="lines")
    if not all(1 <= line.quantity <= LARGEST_QUANTITY for line in lines):
        raise Invalid(f"A line's quantity is a whole number from 1 to {LARGEST_QUANTITY:,}.", field="lines")
    for line in lines:
        for text, longest in ((line.name, 300), (line.sku, 80), (line.unit, 60)):
            one_line(text, "lines", longest, required=text is line.name)
    return [money.line_total(line.quantity, line.unit_price, currency) for line in lines]


def _write_lines(order: Order, lines: Sequence[NewLine], totals: Sequence[Decimal]) -> None:
    OrderLine.objects.bulk_create(
        OrderLine(
            workspace_id=order.workspace_id,
            order=order,
            product_id=line.product_id,
            ordinal=ordinal,
            name=line.name,
            sku=line.sku,
            unit=line.unit,
            quantity=line.quantity,
            unit_price=line.unit_price,
            total=total,
        )
        for ordinal, (line, total) in enumerate(zip(lines, totals, strict=True), start=1)
    )


def _next_number(workspace_id: int) -> str:
    """The next of the workspace's own numbers that was not given by hand to an order before."""
    workspaces = Workspace.objects.filter(pk=workspace_id)
    while True:
        workspaces.update(last_order_number=F("last_order_number") + 1)
        number = str(workspaces.values_list("last_order_number", flat=True).get())
        if not Order.objects.filter(workspace_id=workspace_id, number=number).exists():
            return number


@transaction.atomic
def change_status(*, viewer: Viewer, order: Order, status: OrderStatus) -> None:
    """Move an order along its axis (OR-6); to the status it already has is no change.

    Raises `Invalid` for a step that the axis does not have, also when a colleague was faster.
    """
    require(viewer, Permission.ORDERS_WRITE)
    found = visible_to(viewer).select_for_update().filter(pk=order.pk).first()
    if found is None:
        raise NotFound("There is no such order.")
    before = OrderStatus(found.status)
    if before == status:
        return
    if status not in _NEXT[before]:
        raise Invalid(f"An order that is {before.value} can't become {status.value}.", field="status")
    if status == OrderStatus.DRAFT and OrderLine.objects.filter(order=found, fulfilled__gt=0).exists():
        raise Invalid("A part of this order has left already: it can't become a draft again.", field="status")
    take_step(viewer=viewer, order=found, status=status)


def take_step(*, viewer: Viewer, order: Order, status: OrderStatus) -> None:
    """Move an order that is locked to a status that its axis has next. For actions that looked whether they may."""
    step = {"from": order.status, "to": status.value}
    Order.objects.filter(pk=order.pk).update(status=status)
    order.status = status
    settle(order)
    record(viewer, "order.status_changed", topic=order.topic, customer=order.customer_id, data=step)


@transaction.atomic
def rotate_order_key(*, viewer: Viewer, order: Order) -> None:
    """End every link to this order that was given out before, and every session that came from one (CN-8)."""
    require(viewer, Permission.ORDER_KEYS_ROTATE)
    if not visible_to(viewer).filter(pk=order.pk).update(key_version=F("key_version") + 1):
        raise NotFound("There is no such order.")
    record(viewer, "order_key.rotated", topic=order.topic, customer=order.customer_id)


def links_of(viewer: Viewer) -> int:
    """How many links to orders `rotate_all_order_keys` would end."""
    require(viewer, Permission.ORDER_KEYS_ROTATE)
    return Order.objects.filter(workspace_id=viewer.workspace_id).count()


@transaction.atomic
def rotate_all_order_keys(*, viewer: Viewer) -> int:
    """End every link to any order of the workspace that was given out before, and every session that came from one;
    gives how many orders that were.
    """
    require(viewer, Permission.ORDER_KEYS_ROTATE)
    rotated = Order.objects.filter(workspace_id=viewer.workspace_id).update(key_version=F("key_version") + 1)
    if rotated:
        record(viewer, ORDER_KEYS_ROTATED, topic=ORDER_KEYS, data={"orders": rotated})
    return rotated


@transaction.atomic
def set_mail_preference(*, viewer: Viewer, order: Order, enabled: bool) -> None:
    """Whether new messages on this order are mailed: the contact's choice if they have an account, else the order's."""
    require(viewer, Permission.MAIL_PREFERENCE_WRITE)
    found = visible_to(viewer).select_related("contact").filter(pk=order.pk).first()
    if found is None:
        raise NotFound("There is no such order.")
    if found.contact.has_account:
        changed = Contact.objects.filter(pk=found.contact_id).exclude(wants_mail=enabled).update(wants_mail=enabled)
    else:
        changed = Order.objects.filter(pk=found.pk).exclude(wants_mail=enabled).update(wants_mail=enabled)
    if changed:
        choice = {"enabled": enabled}
        record(viewer, "mail_preference.changed", topic=found.topic, customer=found.customer_id, data=choice)
