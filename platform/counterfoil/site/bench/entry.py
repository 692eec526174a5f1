"""How customers get in: what a stranger learns from the time that an address takes, guesses at a code, what it costs
to see one's past orders, and how soon what was ended is refused (AC-1 to AC-7, OR-4).

Against one web process as `counterfoil serve` runs it. No worker runs: what it would send lies in the broker's folder.
"""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from operator import sub
from statistics import fmean, median, stdev
from typing import Any

from counterfoil.site.bench.browsers import SIGN_IN, Browser
from counterfoil.site.bench.children import Child
from counterfoil.site.bench.endings import measure_endings
from counterfoil.site.bench.guesses import measure_guesses
from counterfoil.site.bench.live import Server, serving
from counterfoil.site.bench.rounds import medians, rounds_of

_SEED = 4137
_FROM_A_NETWORK = 20  # of each kind; with those that warm up fewer than an hour allows
_WARMING_UP = 10
_PAUSE = 0.005  # seconds, in which the web process does what a request left to do
_QUIETLY = {"COUNTERFOIL_LOG_LEVEL": "ERROR"}  # a thousand guesses are refused, as they must be
KNOWN, UNKNOWN = "known", "unknown"


@dataclass(frozen=True)
class EntrySizes:
    """How much is measured: addresses of each kind, who guesses and how often, endings, a contact's orders, rounds."""

    addresses: int = 400
    guessers: int = 50
    guesses: int = 20
    endings: int = 20
    orders: int = 10_000  # of which there are at least a hundred pages of twenty
    rounds: int = 60


def measure_entry(environment: Mapping[str, str], sizes: EntrySizes) -> dict[str, Any]:
    """The figures of getting in."""
    with Child("counterfoil.site.bench.entering", environment) as rows:
        made = rows.ask("make", addresses=sizes.addresses + _WARMING_UP, orders=sizes.orders)
        figures: dict[str, Any] = {"orders": _past_orders(rows, sizes)}
        with serving({**environment, **_QUIETLY}) as server:
            figures |= _addresses(server, made[KNOWN], made[UNKNOWN])
            figures["guesses"] = measure_guesses(server.port, rows, sizes.guessers, sizes.guesses)
            figures["ended"] = measure_endings(environment, server.port, rows, sizes.endings)
    return figures


def _addresses(server: Server, known: Sequence[str], unknown: Sequence[str]) -> dict[str, Any]:
    """What asking for a code takes for addresses of contacts and for ones that nobody has, in pairs, either first."""
    chance = random.Random(_SEED)  # noqa: S311  (the same order each time, no secret)
    wall: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    cpu: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    for place, pair in enumerate(zip(known, unknown, strict=True)):
        if place % _FROM_A_NETWORK == 0:
            browser = Browser(server.port, f"127.0.1.{place // _FROM_A_NETWORK + 1}")
            token = browser.get(SIGN_IN).hidden("csrfmiddlewaretoken")
            cookies = dict(browser.cookies)
        asked = list(zip((KNOWN, UNKNOWN), pair, strict=True))
        chance.shuffle(asked)
        for kind, address in asked:
            browser.cookies = dict(cookies)  # it waits for no code yet
            used, began = server.cpu_seconds, time.perf_counter()
            answer = browser.post(SIGN_IN, csrfmiddlewaretoken=token, next="", email=address)
            took = (time.perf_counter() - began) * 1000
            if answer.status != 303:
                raise ValueError(f"A code was refused: {answer}")
            time.sleep(_PAUSE)
            if place >= _WARMING_UP:
                wall[kind].append(took)
                cpu[kind].append((server.cpu_seconds - used) * 1000)
    differences, in_cpu = (list(map(sub, times[KNOWN], times[UNKNOWN])) for times in (wall, cpu))
    return {
        "known_vs_unknown_ms": abs(fmean(differences)),
        "asking": {
            "difference_ms": fmean(differences),
            "standard_error_ms": _standard_error(differences),
            "median_difference_ms": median(differences),
            "mean_ms": {kind: fmean(times) for kind, times in wall.items()},
            "p50_ms": {kind: median(times) for kind, times in wall.items()},
            "mean_cpu_ms": {kind: fmean(times) for kind, times in cpu.items()},
            "cpu_difference_ms": fmean(in_cpu),
            "cpu_standard_error_ms": _standard_error(in_cpu),
        },
    }


def _standard_error(sample: Sequence[float]) -> float:
    return stdev(sample) / sqrt(len(sample))


def _past_orders(rows: Child, sizes: EntrySizes) -> dict[str, Any]:
    """What a contact's list costs with twenty orders and with many: ratios are the larger of CPU and of wall time."""
    rounds = rounds_of(sizes.rounds, lambda turn: rows.ask("past_orders", turn=turn))
    cpu, wall = medians(rounds, "cpu_ms"), medians(rounds, "wall_ms")

    def ratio(name: str, to: str) -> float:
        return max(times[name] / times[to] for times in (cpu, wall))

    searches = [name for name in cpu if name.startswith("search_")]
    return {
        "growth": ratio("many", "few"),
        "page_100_to_page_1": ratio("page_100", "many"),
        "search_largest_cpu_ms": max(cpu[name] for name in searches),
        "search_largest_wall_ms": max(wall[name] for name in searches),
        "cpu_ms": cpu,
        "wall_ms": wall,
    }
