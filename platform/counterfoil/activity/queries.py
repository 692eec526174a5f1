"""How busy the last days were."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from counterfoil.access import clock
from counterfoil.activity.counting import calendar_of
from counterfoil.activity.models import NO_CURRENCY, DayOfActivity


class BusyDay(NamedTuple):
    """What happened on a day: `ordered` is what its orders come to, by currency."""

    day: date
    orders: int
    ordered: Mapping[str, Decimal]
    messages: int
    parcels: int


def last_days(workspace_id: int, days: int) -> list[BusyDay]:
    """The last so many days of the workspace's calendar, the oldest first and today last, quiet ones too."""
    today = clock.now().astimezone(calendar_of(workspace_id)).date()
    first = today - timedelta(days=days - 1)
    found = DayOfActivity.objects.filter(workspace_id=workspace_id, day__range=(first, today))
    sums: dict[date, list[tuple[str, int, Decimal, int, int]]] = defaultdict(list)
    for day, *facts in found.order_by("day", "currency").values_list(
        "day", "currency", "orders", "ordered", "messages", "parcels"
    ):
        sums[day].append(tuple(facts))  # type: ignore[arg-type]
    return [_busy(day, sums[day]) for day in (first + timedelta(days=number) for number in range(days))]


def _busy(day: date, rows: list[tuple[str, int, Decimal, int, int]]) -> BusyDay:
    return BusyDay(
        day,
        sum(orders for _, orders, *_ in rows),
        {currency: ordered for currency, _, ordered, *_ in rows if currency != NO_CURRENCY},
        sum(messages for *_, messages, _ in rows),
        sum(parcels for *_, parcels in rows),
    )
