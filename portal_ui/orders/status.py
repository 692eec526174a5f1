"""Where an order stands, in the customer's words (OR-2, OR-6)."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Standing(NamedTuple):
    """What is true of an order now: a heading, what it means for the customer, and how many of `STEPS` are done.
    `brief` says it in a list, where `kind` gives it its look; it `is_open` while something is still to come.
    """

    heading: str
    meaning: str
    steps_done: int
    brief: str
    kind: str = ""
    is_open: bool = False
    cancelled: bool = False


STEPS = ("Received", "Confirmed", "Sent")
_BELOW = "write to us below"
_WRITE = f"If something is missing or not right, {_BELOW}."

_DRAFT = Standing(
    "We have your order and are checking it",
    "There is nothing you need to do. This page tells you as soon as it is confirmed.",
    steps_done=1,
    brief="We are checking it",
    is_open=True,
)
_CONFIRMED = Standing(
    "Your order is confirmed",
    "We are getting it ready. If something should change, write to us below.",
    steps_done=2,
    brief="Confirmed, we are getting it ready",
    is_open=True,
)
_ON_HOLD = Standing(
    "Your order is on hold",
    "We are keeping it for now, and send it as soon as it is released. If that is a surprise, write to us below.",
    steps_done=2,
    brief="On hold",
    kind="warn",
    is_open=True,
)
_PARTLY_SENT = Standing(
    "A part of your order is on its way",
    "What is in each parcel stands below; the rest follows. " + _WRITE,
    steps_done=2,
    brief="A part is on its way",
    kind="ok",
    is_open=True,
)
_SENT = Standing(
    "Your order is on its way",
    "What is in each parcel stands below. " + _WRITE,
    steps_done=3,
    brief="On its way",
    kind="ok",
)
_CAME_BACK = Standing(
    "Your order came back to us",
    "There is nothing left for you to do here. " + _WRITE,
    steps_done=3,
    brief="Came back to us",
)
_CANCELLED = Standing(
    "This order was cancelled",
    "We will not prepare or invoice it. If you did not expect this, write to us below.",
    steps_done=0,
    brief="Cancelled",
    kind="bad",
    cancelled=True,
)
_REST_CANCELLED = Standing(
    "The rest of this order was cancelled",
    "What has left already stands below; nothing more follows. If you did not expect this, write to us below.",
    steps_done=0,
    brief="Sent in part, the rest was cancelled",
    kind="bad",
    cancelled=True,
)

PAYMENTS = {
    "NOT_CHARGED": "Nothing charged yet",
    "PARTIALLY_PAID": "Partially paid",
    "PAID": "Paid",
    "PARTIALLY_REFUNDED": "Partially refunded",
    "REFUNDED": "Refunded",
}


def standing_of(order: Mapping[str, Any], *, may_write: bool = True) -> Standing:
    """What to tell the customer of an order at `status` and `fulfilment`; who may not write has to sign in first."""
    standing = _standing_of(order)
    if may_write:
        return standing
    return standing._replace(meaning=standing.meaning.replace(_BELOW, "sign in and write to us"))


def _standing_of(order: Mapping[str, Any]) -> Standing:
    status, fulfilment = order["status"], order["fulfilment"]
    if status == "CANCELLED":
        return _CANCELLED if fulfilment == "CANCELLED" else _REST_CANCELLED
    if fulfilment == "ON_HOLD":
        return _ON_HOLD
    if status == "DRAFT":
        return _DRAFT
    sent = {"REFUNDED": _CAME_BACK, "FULFILLED": _SENT, "PARTIALLY_FULFILLED": _PARTLY_SENT}
    return sent.get(fulfilment, _CONFIRMED)


def steps(standing: Standing) -> list[tuple[str, bool]]:
    """Each step with whether it is done; none for a cancelled order, which goes nowhere any more."""
    if standing.cancelled:
        return []
    return [(step, number < standing.steps_done) for number, step in enumerate(STEPS)]
