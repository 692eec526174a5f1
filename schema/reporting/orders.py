"""Orders, their lines and their parcels in the reporting schema."""

from typing import Any

import graphene
from django.db.models import F, QuerySet

from counterfoil.orders.models import Fulfilment as FulfilmentModel
from counterfoil.orders.models import FulfilmentState as Sent
from counterfoil.orders.models import FulfilmentStatus as ParcelStatus
from counterfoil.orders.models import Order as OrderModel
from counterfoil.orders.models import OrderLine as OrderLineModel
from counterfoil.orders.models import OrderStatus as Status
from counterfoil.orders.queries import fulfilments_visible_to, lines_visible_to, visible_to
from schema.money import Money as Amount
from schema.money import money
from schema.orders.fulfilments import PARCELS
from schema.orders.lines import LINES
from schema.relay import Connection as Cut
from schema.reporting.connections import Row, part, parts, whole
from schema.reporting.customers import Customer
from schema.reporting.order_filters import FulfilmentFilters, OrderFilters, OrderLineFilters
from schema.reporting.values import DateTime, FulfilmentState, FulfilmentStatus, Money, OrderStatus, PaymentState


class Order(Row):
    """What a customer ordered. Needs the scope orders:read."""

    prefix = "order"
    shares = ("customer_id",)

    number = graphene.String(required=True, description="What people call the order; unique in the workspace.")
    status = OrderStatus(required=True, description="Where it stands on the order axis.")
    fulfilment = FulfilmentState(required=True, description="Where it stands on the fulfilment axis.")
    payment = PaymentState(required=True, description="Where it stands on the payment axis.")
    placed_at = DateTime(required=True, description="When it was placed.")
    total = graphene.Field(Money, required=True, description="The sum of its lines.")
    paid = graphene.Field(Money, required=True, description="What was taken for it so far.")
    refunded = graphene.Field(Money, required=True, description="What was given back of it.")
    customer = graphene.Field(
        Customer, description="Who ordered. Needs the scope customers:read; null for everybody else."
    )
    lines = part(lambda: OrderLine, "What was ordered, in the order of its lines. `first` is at most 100.")
    fulfilments = part(lambda: Fulfilment, "The parcels that it left in, the first one first. `first` is at most 100.")

    class Meta:
        model = OrderModel
        filterset_class = OrderFilters

    @classmethod
    def get_queryset(cls, _queryset: object, info: Any) -> QuerySet[OrderModel]:
        """The orders that the viewer sees."""
        return visible_to(info.context.viewer)

    def resolve_status(row: Any, _info: Any) -> Status:  # noqa: N805
        """Where it stands on the order axis."""
        return Status(row.status)

    def resolve_fulfilment(row: Any, _info: Any) -> Sent:  # noqa: N805
        """Where it stands on the fulfilment axis."""
        return Sent(row.fulfilment)

    def resolve_total(row: Any, _info: Any) -> Amount:  # noqa: N805
        """The sum of its lines."""
        return money(row.total, row.currency)

    def resolve_paid(row: Any, _info: Any) -> Amount:  # noqa: N805
        """What was taken."""
        return money(row.paid, row.currency)

    def resolve_refunded(row: Any, _info: Any) -> Amount:  # noqa: N805
        """What was given back."""
        return money(row.refunded, row.currency)

    def resolve_customer(row: Any, info: Any) -> Any:  # noqa: N805
        """Who ordered."""
        return whole(row, Customer, info, by="customer_id")

    def resolve_lines(row: Any, _info: Any, first: int, after: str | None = None) -> Cut[Any] | None:  # noqa: N805
        """A page of its lines."""
        return parts(row, OrderLine, by="order_id", keyset=LINES, first=first, after=after)

    def resolve_fulfilments(row: Any, _info: Any, first: int, after: str | None = None) -> Cut[Any] | None:  # noqa: N805
        """A page of its parcels."""
        return parts(row, Fulfilment, by="order_id", keyset=PARCELS, first=first, after=after)


class OrderLine(Row):
    """A snapshot of what was ordered. Needs the scope orders:read."""

    prefix = "line"
    shares = ("order_id",)

    name = graphene.String(required=True, description="The product's name at the time of ordering.")
    sku = graphene.String(required=True, description="Its stock-keeping unit; empty when it has none.")
    unit = graphene.String(
        required=True, description="The unit of measure that the price is for; empty for a single piece."
    )
    quantity = graphene.Int(required=True, description="How many units.")
    fulfilled = graphene.Int(required=True, description="How many of them have left in parcels.")
    returned = graphene.Int(required=True, description="How many of those came back.")
    unit_price = graphene.Field(Money, required=True, description="The price of one unit; may have parts of a cent.")
    total = graphene.Field(Money, required=True, description="Quantity × unit price, to the currency's smallest coin.")
    order = graphene.Field(Order, required=True, description="The order that it is of.")

    class Meta:
        model = OrderLineModel
        filterset_class = OrderLineFilters

    @classmethod
    def get_queryset(cls, _queryset: object, info: Any) -> QuerySet[Any]:
        """The lines of the orders that the viewer sees."""
        return cls.told(lines_visible_to(info.context.viewer))

    @classmethod
    def told(cls, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Lines with their orders' keys and currencies."""
        told: QuerySet[Any] = rows.annotate(parent=F("order_id"), currency=F("order__currency"))
        return told

    def resolve_unit_price(row: Any, _info: Any) -> Amount:  # noqa: N805
        """The price of one unit."""
        return money(row.unit_price, row.currency)

    def resolve_total(row: Any, _info: Any) -> Amount:  # noqa: N805
        """What all of them cost."""
        return money(row.total, row.currency)

    def resolve_order(row: Any, info: Any) -> Any:  # noqa: N805
        """Its order."""
        return whole(row, Order, info, by="order_id")


class Fulfilment(Row):
    """A parcel: quantities of an order's lines that leave together. Needs the scope orders:read."""

    prefix = "fulfilment"
    shares = ("order_id",)

    number = graphene.Int(required=True, description="Which parcel of its order it is, from 1.")
    status = FulfilmentStatus(required=True, description="Where it is on its way.")
    carrier = graphene.String(required=True, description="Who carries it; empty when that was not said.")
    tracking_number = graphene.String(
        required=True, description="The carrier's number for it; empty when there is none."
    )
    tracking_url = graphene.String(
        description="Where to follow it, an address of http or https; null when there is none."
    )
    created_at = DateTime(required=True, description="When it was made.")
    order = graphene.Field(Order, required=True, description="The order that it is of.")

    class Meta:
        model = FulfilmentModel
        filterset_class = FulfilmentFilters

    @classmethod
    def get_queryset(cls, _queryset: object, info: Any) -> QuerySet[Any]:
        """The parcels of the orders that the viewer sees."""
        return cls.told(fulfilments_visible_to(info.context.viewer))

    @classmethod
    def told(cls, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Parcels with their orders' keys."""
        told: QuerySet[Any] = rows.annotate(parent=F("order_id"))
        return told

    def resolve_number(row: Any, _info: Any) -> int:  # noqa: N805
        """Which parcel it is."""
        ordinal: int = row.ordinal
        return ordinal

    def resolve_status(row: Any, _info: Any) -> ParcelStatus:  # noqa: N805
        """Where it is."""
        return ParcelStatus(row.status)

    def resolve_tracking_url(row: Any, _info: Any) -> str | None:  # noqa: N805
        """Where to follow it."""
        return row.tracking_url or None

    def resolve_order(row: Any, info: Any) -> Any:  # noqa: N805
        """Its order."""
        return whole(row, Order, info, by="order_id")
