"""The rows of each order or credit note, beside what stands of it already."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from counterfoil.access.money import LARGEST
from counterfoil.imports.rows import Row
from counterfoil.imports.target import Outcome, Target, external_id
from counterfoil.orders.models import Order, OrderLine, Return, ReturnLine


@dataclass(slots=True)
class Group[Found: (Order, Return)]:
    """New rows of one order or credit note, at least one; `found` is it where it exists."""

    found: Found | None
    rows: list[Row] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        """What the rows come to."""
        return sum((row.total for row in self.rows), Decimal(0))


def order_groups(target: Target, rows: Sequence[Row], outcome: Outcome) -> list[Group[Order]]:
    """The orders that `rows` belong to; rows that stand already, or can't, go to the outcome."""
    numbers = {row.order for row in rows}
    found = Order.objects.filter(workspace_id=target.workspace_id, number__in=numbers).select_related("customer")
    known = OrderLine.objects.filter(order__in=found).values_list("order__number", "external_id")
    return _sorted_out(target, rows, {order.number: order for order in found}, set(known), outcome)


def return_groups(target: Target, rows: Sequence[Row], outcome: Outcome) -> list[Group[Return]]:
    """The credit notes that `rows` belong to; rows that stand already, or can't, go to the outcome."""
    numbers = {row.order for row in rows}
    found = Return.objects.filter(workspace_id=target.workspace_id, number__in=numbers).select_related("customer")
    known = ReturnLine.objects.filter(returned__in=found).values_list("returned__number", "external_id")
    return _sorted_out(target, rows, {note.number: note for note in found}, set(known), outcome)


def _sorted_out[Found: (Order, Return)](
    target: Target,
    rows: Sequence[Row],
    found: dict[str, Found],
    known: set[tuple[str, str | None]],
    outcome: Outcome,
) -> list[Group[Found]]:
    groups: dict[str, Group[Found]] = {}
    totals: dict[str, Decimal] = {}
    for row in rows:
        there = found.get(row.order)
        first = groups[row.order].rows[0] if row.order in groups else None
        total = totals.get(row.order, there.total if there else Decimal(0)) + row.total
        if refusal := _refusal(target, row, there, first):
            outcome.rejected.append((row, refusal))
        elif (row.order, row.identity) in known:
            outcome.unchanged += 1
        elif total > LARGEST:
            outcome.rejected.append(
                (row, f"{row.order} comes to more than {LARGEST:,} with it: split it into several.")
            )
        else:
            groups.setdefault(row.order, Group(there)).rows.append(row)
            totals[row.order] = total
    return list(groups.values())


def _refusal(target: Target, row: Row, there: Order | Return | None, first: Row | None) -> str:
    """Why a row can't stand in its order, or nothing."""
    if there is not None and there.external_id != external_id(row.order):
        return f"There is a {row.order} already that no CSV file brought: give another number."
    if there is not None and there.currency != target.currency:
        return f"{row.order} is in {there.currency}: import the row with --currency {there.currency}."
    owner = there.customer.external_id if there else external_id(first.customer) if first else None
    if owner is not None and owner != external_id(row.customer):
        name = str(owner).removeprefix("csv:")
        return f"{row.order} belongs to customer {name}: give that customer, or another number."
    return ""
