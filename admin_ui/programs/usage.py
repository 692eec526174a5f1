"""A program's calls per day as bars, and as words for who can't see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HEIGHT = 100  # of the plot, in its own units
STEP, WIDTH = 10, 8  # from bar to bar, and of a bar
LOWEST = 2  # of a bar that stands for something, so that it is seen


@dataclass(frozen=True, slots=True)
class Bar:
    """A day's bar; `x`, `y` and `height` are in the plot's units."""

    day: str
    calls: int
    x: int
    y: float
    height: float
    is_today: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars from the left to today, and what the tallest one stands for."""

    bars: Sequence[Bar]
    width: int
    calls: int
    most: int


def plot(days: Sequence[Mapping[str, Any]]) -> Plot:
    """The plot of these days, of which the last one is today."""
    most = max(day["calls"] for day in days)
    bars = []
    for number, day in enumerate(days):
        height = round(max(day["calls"] / most * HEIGHT, LOWEST), 1) if day["calls"] else 0
        is_today = number == len(days) - 1
        bars.append(Bar(day["day"], day["calls"], number * STEP, round(HEIGHT - height, 1), height, is_today))
    return Plot(bars, len(days) * STEP - (STEP - WIDTH), sum(day["calls"] for day in days), most)
