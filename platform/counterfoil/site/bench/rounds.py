"""Rounds of measuring, and what the middle one found."""

from collections.abc import Callable, Mapping
from statistics import median

type Rounds = list[Mapping[str, Mapping[str, float]]]


def rounds_of(count: int, ask: Callable[[int], Mapping[str, Mapping[str, float]]]) -> Rounds:
    """What so many rounds found, after some that only warm up; `ask` is told which round it is."""
    for turn in range(2):
        ask(turn)
    return [ask(turn) for turn in range(count)]


def medians(rounds: Rounds, clock: str) -> dict[str, float]:
    """The median over the rounds of each thing that was measured."""
    return {name: median(costs[name][clock] for costs in rounds) for name in sorted(rounds[0])}
