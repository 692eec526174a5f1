"""The three axes that an order stands on: order, fulfilment and payment."""

from counterfoil.orders.models import FulfilmentState, OrderStatus, PaymentState
from schema.enums import describe

__all__ = ["FulfilmentState", "OrderStatus", "PaymentState"]

describe(
    FulfilmentState,
    "The fulfilment axis: how much of the order has left.",
    {
        FulfilmentState.UNFULFILLED: "Nothing has left yet.",
        FulfilmentState.PARTIALLY_FULFILLED: "A part has left.",
        FulfilmentState.FULFILLED: "Everything has left.",
        FulfilmentState.ON_HOLD: "What is left is held back.",
        FulfilmentState.CANCELLED: "The order was cancelled; what has not left won't.",
        FulfilmentState.REFUNDED: "Everything came back.",
    },
)
describe(
    PaymentState,
    "The payment axis: how much was taken, and given back.",
    {
        PaymentState.NOT_CHARGED: "Nothing was taken yet.",
        PaymentState.PARTIALLY_PAID: "A part was taken.",
        PaymentState.PAID: "The total was taken.",
        PaymentState.PARTIALLY_REFUNDED: "A part of what was taken was given back.",
        PaymentState.REFUNDED: "All that was taken was given back.",
    },
)
describe(
    OrderStatus,
    "The order axis: draft → confirmed → invoiced; confirmed → draft; draft or confirmed → cancelled.",
    {
        OrderStatus.DRAFT: "Placed; the shop has not confirmed it yet.",
        OrderStatus.CONFIRMED: "The shop will deliver it.",
        OrderStatus.INVOICED: "The invoice is written; nothing follows on this axis.",
        OrderStatus.CANCELLED: "It will not be delivered; nothing follows on this axis.",
    },
)
