"""Numbers of days as small bars, drawn by the server. What they say stands beside them in words and in a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

HEIGHT = 100  # of the plot, in its own units
STEP, WIDTH = 10, 8  # from bar to bar, and of a bar
LOWEST = 2  # of a bar that stands for something, so that it is seen

type Value = int | Decimal


@dataclass(frozen=True, slots=True)
class Bar:
    """A day's bar; `x`, `y` and `height` are in the plot's units."""

    day: str
    value: Value
    x: int
    y: float
    height: float
    is_today: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars from the left to today, what they come to, and the first of the tallest ones."""

    bars: Sequence[Bar]
    width: int
    total: Value
    tallest: Bar


def plot(days: Sequence[tuple[str, Value]]) -> Plot:
    """The plot of these days and their values, none of them below zero; the last one is today."""
    most = max(value for _, value in days)
    bars = []
    for number, (day, value) in enumerate(days):
        height = round(max(float(value / most) * HEIGHT, LOWEST), 1) if value > 0 else 0
        is_today = number == len(days) - 1
        bars.append(Bar(day, value, number * STEP, round(HEIGHT - height, 1), height, is_today))
    total = sum((value for _, value in days), start=type(most)(0))
    return Plot(bars, len(days) * STEP - (STEP - WIDTH), total, max(bars, key=lambda bar: bar.value))
