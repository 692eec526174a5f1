"""Credit notes, and the order lines whose units they give back."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from django.db.models import F

from counterfoil.access import money
from counterfoil.customers.models import Contact
from counterfoil.imports.groups import Group
from counterfoil.imports.orders import settle
from counterfoil.imports.rows import Row
from counterfoil.imports.target import Outcome, Target, external_id
from counterfoil.orders.models import Order, OrderLine, Return, ReturnLine

type Lines = Mapping[tuple[int, str], Sequence[OrderLine]]


def write_returns(
    target: Target, groups: Sequence[Group[Return]], contacts: Mapping[str, Contact], outcome: Outcome
) -> None:
    """Make the credit notes, or append to them, and note what came back on the lines and orders that they match.

    Units are taken from the customer's most recent earlier lines of the SKU that have some left; those that match
    nothing were bought before the history begins. An order gives back at most what was paid for it.
    """
    made = [_note(target, group, contacts) for group in groups if group.found is None]
    outcome.made["returns"] += len(made)
    notes = {note.number: note for note in Return.objects.bulk_create(made)}
    notes |= {group.found.number: _lengthened(group.found, group) for group in groups if group.found is not None}
    Return.objects.bulk_update([group.found for group in groups if group.found is not None], ["total"])
    rows = [row for group in groups for row in group.rows]
    lines = _lines_with_units_left(target, rows, contacts)
    changed: dict[int, OrderLine] = {}
    back = defaultdict[int, Decimal](Decimal)
    parts: list[ReturnLine] = []
    for row in rows:
        candidates = lines.get((contacts[row.customer].customer_id, row.sku), ())
        for line, units, amount in _split(target, row, candidates):
            parts.append(_part(notes[row.order], row, line, units, amount))
            if line is None:
                outcome.unmatched += units
                continue
            outcome.matched += units
            line.returned += units
            changed[line.pk] = line
            back[line.order_id] += amount
    ReturnLine.objects.bulk_create(parts)
    OrderLine.objects.bulk_update(changed.values(), ["returned"])
    orders = list(Order.objects.filter(pk__in=back))
    for order in orders:
        order.refunded = min(order.refunded + back[order.pk], order.paid)
    Order.objects.bulk_update(orders, ["refunded"])
    settle(orders)


def _note(target: Target, group: Group[Return], contacts: Mapping[str, Contact]) -> Return:
    row = group.rows[0]
    return Return(
        workspace_id=target.workspace_id,
        customer_id=contacts[row.customer].customer_id,
        number=row.order,
        external_id=external_id(row.order),
        currency=target.currency,
        total=group.total,
        returned_at=min(row.at for row in group.rows),
    )


def _lengthened(note: Return, group: Group[Return]) -> Return:
    note.total += group.total
    return note


def _lines_with_units_left(target: Target, rows: Sequence[Row], contacts: Mapping[str, Contact]) -> Lines:
    """Lines by customer and SKU, the most recent first; their orders are locked until the transaction ends."""
    customers = {contacts[row.customer].customer_id for row in rows}
    lines = OrderLine.objects.filter(
        workspace_id=target.workspace_id,
        order__customer__in=customers,
        order__currency=target.currency,
        sku__in={row.sku for row in rows},
        returned__lt=F("fulfilled"),
    )
    orders = sorted(set(lines.values_list("order_id", flat=True)))
    list(Order.objects.select_for_update(no_key=True).filter(pk__in=orders).order_by("pk").values_list("pk"))
    found = defaultdict[tuple[int, str], list[OrderLine]](list)
    for line in lines.filter(order__in=orders).select_related("order").order_by("-order__placed_at", "-pk"):
        found[line.order.customer_id, line.sku].append(line)
    return found


def _split(
    target: Target, row: Row, candidates: Sequence[OrderLine]
) -> Iterator[tuple[OrderLine | None, int, Decimal]]:
    """The lines that a row gives back units of, how many, and their value; None for what was bought before.

    A charge is given back only of one of the same price: `Manual` means something else each time.
    """
    units, amount = row.quantity, row.total
    for line in candidates:
        left = min(line.fulfilled - line.returned, units)
        if left <= 0 or line.order.placed_at > row.at or (row.charge and line.unit_price != row.price):
            continue
        value = amount if left == units else min(money.line_total(left, row.price, target.currency), amount)
        yield line, left, value
        units, amount = units - left, amount - value
        if units == 0:
            return
    yield None, units, amount


def _part(note: Return, row: Row, line: OrderLine | None, units: int, amount: Decimal) -> ReturnLine:
    return ReturnLine(
        workspace_id=note.workspace_id,
        returned=note,
        line=line,
        name=row.name or (line.name if line else row.sku),
        sku=row.sku,
        quantity=units,
        unit_price=row.price,
        total=amount,
        external_id=row.identity,
    )
