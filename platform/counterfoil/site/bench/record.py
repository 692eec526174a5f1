"""The customer's record: what a long one costs to look at, and how soon a new entry stands at everyone who looks (IN-3,
IN-10, IN-11).

The pages are measured within the process that has the rows; the colleagues look at one web process as `counterfoil
serve` runs it, each with a page of their own that fetches the news as the browser's does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from counterfoil.site.bench.children import Child
from counterfoil.site.bench.live import p99, serving
from counterfoil.site.bench.rounds import medians, rounds_of

FEW, MANY = "few", "many"
_COLLEAGUES = "counterfoil.site.bench.colleagues"


@dataclass(frozen=True)
class RecordSizes:
    """How much is measured: orders and entries of the short and of the long record, who looks, new entries, rounds."""

    few: int = 10
    orders: int = 1_000
    interactions: int = 10_000
    colleagues: int = 50
    entries: int = 25
    rounds: int = 40


def measure_record(environment: Mapping[str, str], sizes: RecordSizes) -> dict[str, Any]:
    """The figures of the record: growth as the larger of the ratios of CPU and of wall time, milliseconds."""
    with Child("counterfoil.site.bench.recording", environment) as rows:
        doors = rows.ask(
            "make",
            few=sizes.few,
            orders=sizes.orders,
            interactions=sizes.interactions,
            colleagues=sizes.colleagues,
        )
        rounds = rounds_of(sizes.rounds, lambda turn: rows.ask("pages", turn=turn))
    cpu, wall = medians(rounds, "cpu_ms"), medians(rounds, "wall_ms")
    figures: dict[str, Any] = {
        name: {"growth": max(times[f"{name}.{MANY}"] / times[f"{name}.{FEW}"] for times in (cpu, wall))}
        for name in sorted({asked.partition(".")[0] for asked in cpu})
    }
    with serving(environment) as server, Child(_COLLEAGUES, environment) as colleagues:
        colleagues.ask("look", port=server.port, **doors)
        began = server.cpu_seconds
        times = sorted(colleagues.ask("log", entries=sizes.entries))
        used = server.cpu_seconds - began
    figures["live"] = {
        "p50_ms": median(times),
        "p99_ms": p99(times),
        "cpu_ms_per_entry_and_page": used * 1000 / len(times),
    }
    return {**figures, "cpu_ms": cpu, "wall_ms": wall}
