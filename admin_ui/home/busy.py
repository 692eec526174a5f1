"""How busy the last days were: a plot for each thing that is counted, and one table of all of them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from admin_ui.plots import Plot, plot
from admin_ui.regions import version_of

MOST_CURRENCIES = 3  # with a plot; the table has all

type Day = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """A plot, what it shows, and the currency that it is in, if in any."""

    name: str
    called: str
    plot: Plot
    currency: str = ""


def busy(days: Sequence[Day] | None) -> dict[str, Any]:
    """What the plots and their table are made of; None for who may not read how busy the days were."""
    if days is None:
        return {"plots": None}
    currencies = _currencies(days)
    shown = [_shown("orders", "Orders placed", days, lambda day: day["orders"])]
    for currency in currencies[:MOST_CURRENCIES]:
        shown.append(_shown(f"ordered-{currency}", "Ordered", days, _in(currency), currency))
    if days[0]["messages"] is not None:
        shown.append(_shown("messages", "Messages from customers", days, lambda day: day["messages"]))
    shown.append(_shown("parcels", "Parcels sent", days, lambda day: day["parcels"]))
    return {
        "plots": shown,
        "is_quiet": not any(one.plot.total for one in shown),
        "currencies": currencies,
        "days": [{**day, "sums": [{"amount": _in(one)(day), "currency": one} for one in currencies]} for day in days],
        "busy_version": version_of(list(days)),
    }


def _currencies(days: Sequence[Day]) -> list[str]:
    """The currencies that orders were placed in, the one of most days first."""
    seen = Counter(money["currency"] for day in days for money in day["ordered"])
    return [currency for currency, _ in sorted(seen.items(), key=lambda one: (-one[1], one[0]))]


def _in(currency: str) -> Callable[[Day], Decimal]:
    def ordered(day: Day) -> Decimal:
        found = (money["amount"] for money in day["ordered"] if money["currency"] == currency)
        return Decimal(next(found, "0"))

    return ordered


def _shown(
    name: str, called: str, days: Sequence[Day], value: Callable[[Day], int | Decimal], currency: str = ""
) -> Shown:
    return Shown(name, called, plot([(day["day"], value(day)) for day in days]), currency)
