"""Searching: what the dearest beginning of a word costs, how that grows from a tenth of the shop, and a mistyped name.

Every beginning of up to three letters that there is in a shop is asked for once; each shop's dearest ones of each list
are then asked for again, the shops by turns. Growth is the dearest of the whole shop to the dearest of the tenth.
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
        for listed in whole.ask("prefixes"):
            in_tenth, costs = (_looked_at(shop, listed, sizes.beginnings) for shop in shops)
            worst = _worst({"tenth": (tenth, in_tenth), "whole": (whole, costs)}, listed)
            figures[listed] = {
                "worst_cpu_ms": worst["whole"],
                "growth": worst["whole"] / worst["tenth"],
                "median_cpu_ms": median(costs.values()),
                "beginnings": float(len(costs)),
            }
        figures["mistyped_cpu_ms"] = median(whole.ask("mistyped")["cpu_ms"] for _ in range(_TIMES))
    return figures


def _cpu(shop: Child, listed: str, words: str) -> float:
    return float(shop.ask("search", listed=listed, words=words)["cpu_ms"])


def _looked_at(shop: Child, listed: str, most: int) -> dict[str, float]:
    """What each beginning costs that there is in a shop, each looked at once; of very many every so manieth."""
    beginnings = shop.ask("prefixes")[listed]
    return {words: _cpu(shop, listed, words) for words in beginnings[:: max(1, len(beginnings) // most)]}


def _worst(shops: Mapping[str, tuple[Child, Mapping[str, float]]], listed: str) -> dict[str, float]:
    """What the dearest beginning costs in each shop: of those that were dearest at the first look the largest median.
    The shops are asked by turns, so that a busy machine slows down both.
    """
    dearest = {name: sorted(costs, key=lambda words: costs[words])[-_AGAIN:] for name, (_, costs) in shops.items()}
    found: dict[str, dict[str, list[float]]] = {name: {words: [] for words in some} for name, some in dearest.items()}
    for _ in range(_TIMES):
        for place in range(_AGAIN):
            for name, (shop, _costs) in shops.items():
                if place < len(dearest[name]):
                    words = dearest[name][place]
                    found[name][words].append(_cpu(shop, listed, words))
    return {name: max(median(times) for times in some.values()) for name, some in found.items()}
