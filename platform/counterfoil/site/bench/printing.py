"""The figures as text."""

from collections.abc import Mapping, Sequence
from typing import Any


def at(figures: Mapping[str, Any], name: str) -> float | None:
    """The figure of this name, with dots between its parts; None for one that was not measured."""
    found: Any = figures
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return None if found is None else float(found)


def table(figures: Mapping[str, Any], parts: Sequence[str]) -> str:
    """The figures as lines to read: the bounds first, then everything."""
    judged = [
        f"  {bound['figure']:<44}{bound['value']:>9.2f}  {'≤' if bound['holds'] else 'more than'} {bound['bound']}"
        for bound in figures["bounds"]
    ]
    rest = [f"  {name:<64}{value}" for part in parts for name, value in _lines(figures[part], part)]
    return "\n".join(["Bounds", *judged, "", "All figures", *rest])


def _lines(found: Any, name: str) -> Sequence[tuple[str, str]]:
    if isinstance(found, Mapping):
        return [line for key, value in found.items() for line in _lines(value, f"{name}.{key}")]
    if isinstance(found, list):
        return [(name, " to ".join(f"{value:.2f}" for value in found))]
    return [(name, f"{found:.2f}")]
