"""The reader of the event log that counts what happened on each day, each event once."""

from datetime import datetime
from decimal import Decimal

from counterfoil.activity.counting import Counted, Days
from counterfoil.activity.models import NO_CURRENCY
from counterfoil.events.models import Event
from counterfoil.orders.actions import ORDERED

_OF_THE_SHOP = ("staff:", "partner:")


def read(event: Event) -> None:
    """Count an order that was placed, or whose lines changed; a customer's message; a parcel that left.

    An event of before orders told what they come to is not counted: the sums began with what was there then.
    """
    match event.kind:
        case "order.placed" | "order.revised" if ordered := event.data.get(ORDERED):
            orders = 1 if event.kind == "order.placed" else 0
            counted = Counted(orders=orders, ordered=Decimal(ordered["amount"]))
            _add(event, counted, datetime.fromisoformat(ordered["at"]), ordered["currency"])
        case "message.sent" if not event.actor.startswith(_OF_THE_SHOP):
            _add(event, Counted(messages=1), event.created_at)
        case "order.parcel_sent":
            _add(event, Counted(parcels=1), event.created_at)


def _add(event: Event, counted: Counted, at: datetime, currency: str = NO_CURRENCY) -> None:
    days = Days(event.workspace_id)
    days.add(counted, at, currency)
    days.write()
