"""Orders as they were: invoiced, delivered in one parcel, and paid; the newest may still be open."""

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Max, Sum

from counterfoil.activity.counting import Counted, Days
from counterfoil.customers.models import Contact, Customer
from counterfoil.imports.catalog import UNIT, Catalog
from counterfoil.imports.groups import Group
from counterfoil.imports.target import Outcome, Target, external_id
from counterfoil.orders.fulfilment import fulfilment_state
from counterfoil.orders.models import (
    Fulfilment,
    FulfilmentLine,
    FulfilmentState,
    FulfilmentStatus,
    Order,
    OrderLine,
    OrderStatus,
)
from counterfoil.orders.words import keep_words, write_words


def write_orders(
    target: Target, catalog: Catalog, groups: Sequence[Group[Order]], contacts: Mapping[str, Contact], outcome: Outcome
) -> None:
    """Make the orders, or append to them; `contacts` are by the file's name for their customers."""
    made = [_order(target, group, contacts) for group in groups if group.found is None]
    outcome.made["orders"] += len(made)
    by_number = {order.number: order for order in Order.objects.bulk_create(made)}
    write_words(made)
    lengthened = _lengthened(groups)
    keep_words([order.pk for order in lengthened])
    by_number |= {order.number: order for order in lengthened}
    lines = OrderLine.objects.bulk_create(_lines(target, catalog, groups, by_number, outcome))
    parcels = _parcels(target, [order for order in by_number.values() if not _is_open(order)])
    FulfilmentLine.objects.bulk_create(
        FulfilmentLine(
            workspace_id=target.workspace_id,
            fulfilment_id=parcels[line.order_id],
            line_id=line.pk,
            quantity=line.quantity,
        )
        for line in lines
        if line.fulfilled
    )
    settle(lengthened)
    _count(target, made, lengthened, groups)


def _count(target: Target, made: Sequence[Order], lengthened: Sequence[Order], groups: Sequence[Group[Order]]) -> None:
    """Add what was ordered to the sums of its days: no event tells of what was imported."""
    added = {group.found.pk: group.total for group in groups if group.found is not None}
    days = Days(target.workspace_id)
    for order in made:
        days.add(Counted(orders=1, ordered=order.total), order.placed_at, order.currency)
    for order in lengthened:
        days.add(Counted(ordered=added[order.pk]), order.placed_at, order.currency)
    days.write()


def _is_open(order: Order) -> bool:
    """Whether its lines are left to send."""
    return order.status != OrderStatus.INVOICED


def _order(target: Target, group: Group[Order], contacts: Mapping[str, Contact]) -> Order:
    row = group.rows[0]
    contact = contacts[row.customer]
    placed_at = min(row.at for row in group.rows)
    is_open = target.open_from is not None and placed_at >= target.open_from
    return Order(
        workspace_id=target.workspace_id,
        store=target.store,
        customer_id=contact.customer_id,
        contact=contact,
        number=row.order,
        external_id=external_id(row.order),
        status=OrderStatus.CONFIRMED if is_open else OrderStatus.INVOICED,
        fulfilment=FulfilmentState.UNFULFILLED if is_open else FulfilmentState.FULFILLED,
        paid=0 if is_open else group.total,
        currency=target.currency,
        total=group.total,
        placed_at=placed_at,
    )


def _lengthened(groups: Sequence[Group[Order]]) -> list[Order]:
    """The orders that were there, locked behind their customers, with the new rows in their sums."""
    added = {group.found.pk: group.total for group in groups if group.found is not None}
    whose = {group.found.customer_id for group in groups if group.found is not None}
    list(Customer.objects.select_for_update(no_key=True).filter(pk__in=whose).order_by("pk").values_list("pk"))
    orders = list(Order.objects.select_for_update(no_key=True).filter(pk__in=added).order_by("pk"))
    for order in orders:
        order.total += added[order.pk]
        order.paid += 0 if _is_open(order) else added[order.pk]
    Order.objects.bulk_update(orders, ["total", "paid"])
    return orders


def _lines(
    target: Target,
    catalog: Catalog,
    groups: Sequence[Group[Order]],
    orders: Mapping[str, Order],
    outcome: Outcome,
) -> Iterable[OrderLine]:
    products = catalog.products_of([row for group in groups for row in group.rows], outcome)
    there = [group.found for group in groups if group.found is not None]
    last = dict(OrderLine.objects.filter(order__in=there).order_by().values_list("order").annotate(last=Max("ordinal")))
    for group in groups:
        order = orders[group.rows[0].order]
        for ordinal, row in enumerate(group.rows, start=last.get(order.pk, 0) + 1):
            product = products.get(row.sku)
            yield OrderLine(
                workspace_id=target.workspace_id,
                order=order,
                product=product,
                ordinal=ordinal,
                name=row.name or (product.name if product else row.sku),
                sku=row.sku,
                unit="" if row.charge else UNIT,
                quantity=row.quantity,
                unit_price=row.price,
                total=row.total,
                fulfilled=0 if _is_open(order) else row.quantity,
                external_id=row.identity,
            )


def _parcels(target: Target, orders: Iterable[Order]) -> dict[int, int]:
    """The delivered parcel of each order: order id -> parcel id."""
    by_id = {order.pk: order for order in orders}
    delivered = Fulfilment.objects.filter(order__in=by_id, status=FulfilmentStatus.DELIVERED)
    parcels = dict(delivered.order_by("-ordinal").values_list("order", "pk"))
    last = dict(Fulfilment.objects.filter(order__in=by_id).order_by().values_list("order").annotate(Max("ordinal")))
    made = Fulfilment.objects.bulk_create(
        Fulfilment(
            workspace_id=target.workspace_id,
            order=order,
            ordinal=last.get(pk, 0) + 1,
            status=FulfilmentStatus.DELIVERED,
            created_at=order.placed_at,
        )
        for pk, order in by_id.items()
        if pk not in parcels
    )
    return parcels | {parcel.order_id: parcel.pk for parcel in made}


def settle(orders: Sequence[Order]) -> None:
    """Note where orders stand on the fulfilment axis, after their lines changed."""
    lines = OrderLine.objects.filter(order__in=orders).order_by().values_list("order")
    sums = {order: units for order, *units in lines.annotate(Sum("quantity"), Sum("fulfilled"), Sum("returned"))}
    for order in orders:
        ordered, fulfilled, returned = sums[order.pk]
        order.fulfilment = fulfilment_state(
            OrderStatus(order.status), on_hold=order.on_hold, ordered=ordered, fulfilled=fulfilled, returned=returned
        )
    Order.objects.bulk_update(orders, ["fulfilment"])
