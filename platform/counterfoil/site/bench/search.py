"""Searching: what the dearest beginning of a word costs, how that grows from a tenth of the shop, and a mistyped name.

Every beginning of up to three letters is asked for once in the large shop; the dearest ones of each list are then asked
for again, in both shops by turns.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from counterfoil.site.bench.children import Child

_AGAIN = 5  # of the dearest beginnings, by the first look at each
_TIMES = 7
SHOPS = ("search_tenth", "search_whole")


@dataclass(frozen=True)
class SearchSizes:
    """Orders and customers of the whole shop; the other one has a tenth."""

    orders: int = 100_000
    customers: int = 50_000
    beginnings: int = 10_000


def measure_search(environments: Mapping[str, Mapping[str, str]], sizes: SearchSizes) -> dict[str, Any]:
    """The figures: milliseconds of CPU of a whole request, and the ratio to a tenth of the shop."""
    with contextlib.ExitStack() as stack:
        shops = [stack.enter_context(Child("counterfoil.site.bench.searching", environments[name])) for name in SHOPS]
        for shop, part in zip(shops, (10, 1), strict=True):
            shop.ask("make", orders=sizes.orders // part, customers=sizes.customers // part)
        tenth, whole = shops
        figures: dict[str, Any] = {}
        known = tenth.ask("prefixes")
        for listed, beginnings in whole.ask("prefixes").items():
            both = [words for words in beginnings if words in set(known[listed])]
            step = max(1, len(both) // sizes.beginnings)
            costs = {words: _cpu(whole, listed, words) for words in both[::step]}
            dearest = sorted(costs, key=lambda words: costs[words])[-_AGAIN:]
            again = {words: _both(tenth, whole, listed, words) for words in dearest}
            figures[listed] = {
                "worst_cpu_ms": max(large for _, large in again.values()),
                "growth": median(large / small for small, large in again.values()),
                "median_cpu_ms": median(costs.values()),
                "beginnings": float(len(costs)),
            }
        figures["mistyped_cpu_ms"] = median(whole.ask("mistyped")["cpu_ms"] for _ in range(_TIMES))
    return figures


def _cpu(shop: Child, listed: str, words: str) -> float:
    return float(shop.ask("search", listed=listed, words=words)["cpu_ms"])


def _both(tenth: Child, whole: Child, listed: str, words: str) -> tuple[float, float]:
    found = [(_cpu(tenth, listed, words), _cpu(whole, listed, words)) for _ in range(_TIMES)]
    return median(small for small, _ in found), median(large for _, large in found)
