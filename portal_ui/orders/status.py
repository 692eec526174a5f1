"""Where an order stands, in the customer's words (OR-6)."""

from typing import NamedTuple


class Standing(NamedTuple):
    """What is true of an order now: a heading, what it means for the customer, and how many of `STEPS` are done."""

    heading: str
    meaning: str
    steps_done: int
    cancelled: bool = False


STEPS = ("Received", "Confirmed", "Invoiced")

STANDINGS = {
    "DRAFT": Standing(
        "We have your order and are checking it",
        "There is nothing you need to do. This page tells you as soon as it is confirmed.",
        steps_done=1,
    ),
    "CONFIRMED": Standing(
        "Your order is confirmed",
        "We are getting it ready. If something should change, write to us below.",
        steps_done=2,
    ),
    "INVOICED": Standing(
        "Your order is complete and invoiced",
        "There is nothing left for you to do here. If something is missing or not right, write to us below.",
        steps_done=3,
    ),
    "CANCELLED": Standing(
        "This order was cancelled",
        "We will not prepare or invoice it. If you did not expect this, write to us below.",
        steps_done=0,
        cancelled=True,
    ),
}


def steps(standing: Standing) -> list[tuple[str, bool]]:
    """Each step with whether it is done; none for a cancelled order, which goes nowhere any more."""
    if standing.cancelled:
        return []
    return [(step, number < standing.steps_done) for number, step in enumerate(STEPS)]
