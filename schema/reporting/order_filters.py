"""What orders, their lines and their parcels can be narrowed by."""

from typing import Any

import graphene
from django.db.models import Q
from django_filters import FilterSet

from counterfoil.customers.queries import sees_customers
from counterfoil.orders.models import Fulfilment as FulfilmentModel
from counterfoil.orders.models import Order as OrderModel
from counterfoil.orders.models import OrderLine as OrderLineModel
from counterfoil.orders.queries import in_payment
from schema.reporting.filters import Before, From, OneOf, OneOfIds, To
from schema.reporting.values import DateTime, Decimal, FulfilmentState, FulfilmentStatus, OrderStatus, PaymentState


class OneOfPayments(OneOf):
    """The order stands in one of these states on the payment axis."""

    def condition(self, value: list[Any]) -> Q:
        """What an order has to be."""
        return in_payment(value)


class OrderFilters(FilterSet):
    """What orders can be narrowed by."""

    id = OneOfIds("pk", "order", "Their global ids.")
    number = OneOf("number", graphene.String, "Their numbers.")
    status = OneOf("status", OrderStatus, "Where they stand on the order axis.")
    fulfilment = OneOf("fulfilment", FulfilmentState, "Where they stand on the fulfilment axis.")
    payment = OneOfPayments("paid", PaymentState, "Where they stand on the payment axis.")
    placed_at_from = From("placed_at", DateTime, "Placed at this moment or later.")
    placed_at_before = Before("placed_at", DateTime, "Placed before this moment.")
    total_from = From("total", Decimal, "Of this total or more, in whatever currency.")
    total_to = To("total", Decimal, "Of this total or less.")
    total_currency = OneOf("currency", graphene.String, "In these currencies.")
    paid_from = From("paid", Decimal, "For which this much or more was taken.")
    paid_to = To("paid", Decimal, "For which this much or less was taken.")
    refunded_from = From("refunded", Decimal, "Of which this much or more was given back.")
    refunded_to = To("refunded", Decimal, "Of which this much or less was given back.")
    customer_id = OneOfIds(
        "customer_id",
        "customer",
        "Their customers' global ids. Needs the scope customers:read; without it this narrows nothing.",
        allowed=lambda context: sees_customers(context.viewer),
    )

    class Meta:
        model = OrderModel
        fields: tuple[str, ...] = ()


class OrderLineFilters(FilterSet):
    """What lines can be narrowed by."""

    id = OneOfIds("pk", "line", "Their global ids.")
    order_id = OneOfIds("order_id", "order", "Their orders' global ids.")
    name = OneOf("name", graphene.String, "The products' whole names at the time of ordering.")
    sku = OneOf("sku", graphene.String, "Their SKUs, as they were written; empty for none.")
    unit = OneOf("unit", graphene.String, "Their units of measure; empty for a single piece.")
    quantity_from = From("quantity", graphene.Int, "Of this many units or more.")
    quantity_to = To("quantity", graphene.Int, "Of this many units or less.")
    fulfilled_from = From("fulfilled", graphene.Int, "Of which this many units or more have left.")
    fulfilled_to = To("fulfilled", graphene.Int, "Of which this many units or less have left.")
    returned_from = From("returned", graphene.Int, "Of which this many units or more came back.")
    returned_to = To("returned", graphene.Int, "Of which this many units or less came back.")
    unit_price_from = From("unit_price", Decimal, "Of this price of one unit or more, in whatever currency.")
    unit_price_to = To("unit_price", Decimal, "Of this price of one unit or less.")
    total_from = From("total", Decimal, "Of this total or more, in whatever currency.")
    total_to = To("total", Decimal, "Of this total or less.")
    total_currency = OneOf("order__currency", graphene.String, "In these currencies.")

    class Meta:
        model = OrderLineModel
        fields: tuple[str, ...] = ()


class FulfilmentFilters(FilterSet):
    """What parcels can be narrowed by."""

    id = OneOfIds("pk", "fulfilment", "Their global ids.")
    order_id = OneOfIds("order_id", "order", "Their orders' global ids.")
    number = OneOf("ordinal", graphene.Int, "Which parcels of their orders they are, from 1.")
    status = OneOf("status", FulfilmentStatus, "Where they are on their way.")
    carrier = OneOf("carrier", graphene.String, "Who carries them; empty for not said.")
    tracking_number = OneOf("tracking_number", graphene.String, "The carrier's numbers; empty for none.")
    tracking_url = OneOf("tracking_url", graphene.String, "Where to follow them; empty for none.")
    created_at_from = From("created_at", DateTime, "Made at this moment or later.")
    created_at_before = Before("created_at", DateTime, "Made before this moment.")

    class Meta:
        model = FulfilmentModel
        fields: tuple[str, ...] = ()
