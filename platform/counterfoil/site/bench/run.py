"""`counterfoil bench`: what the product costs, side by side with what it is compared to, in one run on the same data.

Rounds are interleaved, so that a busy machine slows down everyone alike, and figures are medians over rounds. What
counts are the ratios; milliseconds are those of this machine.
"""

import contextlib
import json
import resource
import signal
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

from counterfoil.site.bench.children import Child
from counterfoil.site.bench.entry import EntrySizes, measure_entry
from counterfoil.site.bench.live import measure_live, measure_revocation
from counterfoil.site.bench.places import Environment, places, refuse_unless_empty
from counterfoil.site.bench.printing import at, table
from counterfoil.site.bench.record import RecordSizes, measure_record
from counterfoil.site.bench.rounds import Rounds, medians, rounds_of
from counterfoil.site.bench.search import SHOPS, SearchSizes, measure_search
from counterfoil.site.command import Stop

PARTS = ("list", "page", "access", "hostile", "growth", "live", "entry", "record", "search")
_SECTIONS = ("graphql_list", "order_page", "access", "hostile", "live", "entry", "record", "search")
SMALL, LARGE = "small", "large"
COUNTERFOIL, PLAIN, GRAPHENE, CONNECTIONS = "counterfoil", "plain_json", "graphene", "graphene_connections"
_FILES = 8192
DEEP_ORDERS = 20_000  # of which there are a thousand pages of twenty

# Where each figure must lie (FEATURES.md, "Performance").
BOUNDS = {
    "graphql_list.cpu_ratio_to_plain_json": 1.4,
    "graphql_list.cpu_ratio_to_graphene": 0.75,
    "graphql_list.first_100.cpu_ratio_to_plain_json": 1.45,
    "graphql_list.admission.cpu_ms": 0.5,
    "graphql_list.growth_100k_to_1k": 1.3,
    "graphql_list.page_1000_to_page_1": 1.2,
    "order_page.growth_100k_to_1k": 1.3,
    "access.token.cpu_ms": 5,
    "access.policy.check_us": 20,
    "access.revocation.largest_ms": 1000,
    "hostile.largest_cpu_ms": 50,
    "live.p99_ms.1000": 250,
    "live.one_order.p99_ms.1000": 250,
    "live.kb_per_stream": 60,
    "live.share_kept_after_they_left": 0.25,
    "live.subscriptions.p99_ms.1000": 250,
    "live.subscriptions.one_order.p99_ms.1000": 250,
    "live.subscriptions.steadily.ten_an_order.p99_ms": 250,
    "live.subscriptions.steadily.one_order.p99_ms": 250,
    "live.subscriptions.kb_per_stream": 60,
    "live.subscriptions.share_kept_after_they_left": 0.25,
    "entry.known_vs_unknown_ms": 1,
    "entry.guesses.evaluated": 5,
    "entry.guesses.right_contact_waits_s": 30,
    "entry.guesses.without_form.right_contact_waits_s": 1,
    "entry.ended.largest_ms": 1000,
    "entry.ended.pages_shown_afterwards": 0,
    "entry.orders.growth": 1.3,
    "entry.orders.page_100_to_page_1": 1.2,
    "record.profile.growth": 1.3,
    "record.timeline.growth": 1.3,
    "record.live.p99_ms": 1000,
    "search.orders.worst_cpu_ms": 30,
    "search.orders.growth": 1.3,
    "search.customers.worst_cpu_ms": 30,
    "search.customers.growth": 1.3,
    "search.mistyped_cpu_ms": 30,
}


@dataclass(frozen=True)
class Sizes:
    """How much is measured: orders of the two shops, rounds, requests a round, streams, messages."""

    small: int = 1_000
    large: int = 100_000
    rounds: int = 40
    admissions: int = 50  # a round
    requests: int = 4
    streams: tuple[int, ...] = (1, 100, 1000)
    messages: int = 200
    revocations: int = 20
    every_way_to_watch: bool = True  # subscriptions too, and all on one order
    entry: EntrySizes = field(default_factory=EntrySizes)
    record: RecordSizes = field(default_factory=RecordSizes)
    search: SearchSizes = field(default_factory=SearchSizes)


QUICK = Sizes(
    small=120,
    large=240,
    rounds=3,
    requests=1,
    messages=8,
    revocations=2,
    every_way_to_watch=False,
    entry=EntrySizes(addresses=20, guessers=6, guesses=3, endings=2, orders=2_000, rounds=5),
    record=RecordSizes(orders=100, interactions=400, colleagues=5, entries=3, rounds=3),
    search=SearchSizes(orders=1_000, customers=500, beginnings=30),
)


def run_bench(*, as_json: bool, quick: bool, database: str | None, only: str | None) -> int:
    """Measure and print; the status is 0 whatever the figures are.

    Raises `Stop` for a part that does not exist, and for a database that is not empty.
    """
    parts = _parts(only)
    if database:
        refuse_unless_empty(database)
    _allow_files()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    sizes = QUICK if quick else Sizes()
    shops = {SMALL: sizes.small, LARGE: sizes.large} if "growth" in parts else {SMALL: sizes.small}
    named = [*shops, *(SHOPS if "search" in parts else ())]
    with places(named, database) as environments:
        figures = _measure(environments, shops, sizes, parts)
    figures |= {
        "sizes": {"orders": shops, "streams": sizes.streams[-1] if "live" in parts else 0, "quick": quick},
        "machine": {"database": "PostgreSQL" if database else "SQLite", "python": sys.version.split()[0]},
        "bounds": [
            {"figure": name, "bound": bound, "value": found, "holds": found <= bound}
            for name, bound in BOUNDS.items()
            if (found := at(figures, name)) is not None
        ],
    }
    print(json.dumps(figures, indent=2) if as_json else table(figures, _SECTIONS))
    return 0


def _parts(only: str | None) -> list[str]:
    asked = only.split(",") if only else PARTS
    if unknown := set(asked) - set(PARTS):
        raise Stop(f"{', '.join(sorted(unknown))}: the parts are {', '.join(PARTS)}.")
    return [part for part in PARTS if part in asked]


def _exit(*_: object) -> None:
    raise SystemExit(1)


def _allow_files() -> None:
    """Let this process and its children hold a connection for each stream."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _measure(
    environments: Mapping[str, Environment], shops: Mapping[str, int], sizes: Sizes, parts: Collection[str]
) -> dict[str, Any]:
    figures: dict[str, Any] = {section: {} for section in _SECTIONS}
    with contextlib.ExitStack() as stack:
        children = {}
        for name, orders in shops.items():
            _say(f"making a shop of {orders:,} orders")
            children[name] = stack.enter_context(Child("counterfoil.site.bench", environments[name]))
            children[name].ask("make", orders=orders)
            children[name].ask("check")
        if "list" in parts:
            _say("measuring the list of orders")
            figures["graphql_list"] |= _list(children[SMALL], sizes, 20)
            figures["graphql_list"]["first_100"] = _list(children[SMALL], sizes, 100)
            figures["graphql_list"]["admission"] = _admission(children[SMALL], sizes)
        if "page" in parts:
            _say("measuring the order's pages")
            figures["order_page"] |= _page(children[SMALL], sizes)
        if "access" in parts:
            _say("measuring tokens and the policy")
            shop = children[SMALL]
            figures["access"] = _access(shop, sizes)
            figures["access"]["revocation"] = measure_revocation(environments[SMALL], shop, sizes.revocations)
        if "hostile" in parts:
            _say("measuring hostile requests")
            figures["hostile"] = _hostile(children[SMALL], sizes)
        if "growth" in parts:
            _say("measuring how both grow")
            for name, growth in _growth(children, sizes).items():
                figures[name] |= growth
            if sizes.large >= DEEP_ORDERS:
                figures["graphql_list"] |= _deep(children[LARGE], sizes)
        doors = children[SMALL].ask("streams", streams=sizes.streams[-1])
    if "live" in parts:
        _say(f"measuring up to {sizes.streams[-1]:,} streams")
        figures["live"] = measure_live(
            environments[SMALL],
            doors,
            streams=sizes.streams,
            messages=sizes.messages,
            every_way=sizes.every_way_to_watch,
        )
    if "entry" in parts:
        _say("measuring how customers get in")
        figures["entry"] = measure_entry(environments[SMALL], sizes.entry)
    if "record" in parts:
        _say("measuring a customer's record")
        figures["record"] = measure_record(environments[SMALL], sizes.record)
    if "search" in parts:
        _say("measuring searches")
        figures["search"] = measure_search(environments, sizes.search)
    return figures


def _list(shop: Child, sizes: Sizes, first: int) -> dict[str, Any]:
    rounds = rounds_of(sizes.rounds, lambda turn: shop.ask("list", first=first, requests=sizes.requests, turn=turn))
    cpu, wall = medians(rounds, "cpu_ms"), medians(rounds, "wall_ms")
    return {
        "cpu_ratio_to_plain_json": _ratio(cpu, PLAIN),
        "cpu_ratio_to_graphene": _ratio(cpu, GRAPHENE),
        "cpu_ratio_to_graphene_connections": _ratio(cpu, CONNECTIONS),
        "wall_ratio_to_plain_json": _ratio(wall, PLAIN),
        "wall_ratio_to_graphene": _ratio(wall, GRAPHENE),
        "cpu_ratio_quartiles": {
            name: [_ratio_quartile(rounds, name, place) for place in (0, 2)] for name in (PLAIN, GRAPHENE)
        },
        "cpu_ms": cpu,
        "wall_ms": wall,
    }


def _ratio(times: Mapping[str, float], other: str) -> float:
    """Ours to the other's, both without what the look at the token takes."""
    token = times["authentication"]
    return (times[COUNTERFOIL] - token) / (times[other] - token)


def _ratio_quartile(rounds: Rounds, other: str, place: int) -> float:
    ratios = [_ratio({name: cost["cpu_ms"] for name, cost in costs.items()}, other) for costs in rounds]
    return quantiles(ratios, n=4)[place]


def _page(shop: Child, sizes: Sizes) -> dict[str, Any]:
    rounds = rounds_of(sizes.rounds, lambda turn: shop.ask("page", requests=sizes.requests, turn=turn))
    return {"cpu_ms": medians(rounds, "cpu_ms"), "wall_ms": medians(rounds, "wall_ms")}


def _access(shop: Child, sizes: Sizes) -> dict[str, Any]:
    rounds = rounds_of(sizes.rounds, lambda _: shop.ask("access", requests=sizes.requests))
    cpu, wall = medians(rounds, "cpu_ms"), medians(rounds, "wall_ms")
    # A thousand questions in milliseconds are one in microseconds.
    return {"token": {"cpu_ms": cpu["token"], "wall_ms": wall["token"]}, "policy": {"check_us": cpu["policy"]}}


def _admission(shop: Child, sizes: Sizes) -> dict[str, float]:
    rounds = rounds_of(sizes.rounds, lambda turn: shop.ask("admission", requests=sizes.admissions, turn=turn))
    return {"cpu_ms": medians(rounds, "cpu_ms")["admission"], "wall_ms": medians(rounds, "wall_ms")["admission"]}


def _hostile(shop: Child, sizes: Sizes) -> dict[str, Any]:
    cpu = medians(rounds_of(sizes.rounds, lambda _: shop.ask("hostile")), "cpu_ms")
    return {"largest_cpu_ms": max(cpu.values()), "cpu_ms": cpu}


def _deep(shop: Child, sizes: Sizes) -> dict[str, Any]:
    """The thousandth page of a list to the first: the larger of the ratios of CPU and of wall time, of medians."""
    rounds = rounds_of(sizes.rounds, lambda turn: shop.ask("deep", requests=sizes.requests, turn=turn))
    times = {clock: medians(rounds, f"{clock}_ms") for clock in ("cpu", "wall")}
    ratios = {clock: found["thousandth"] / found["first"] for clock, found in times.items()}
    return {"page_1000_to_page_1": max(ratios.values()), "page_ratios": ratios}


def _growth(children: Mapping[str, Child], sizes: Sizes) -> dict[str, dict[str, Any]]:
    """How much more the large shop costs: the larger of the ratios of CPU and of wall time, of medians."""

    def ask(turn: int) -> dict[str, Mapping[str, float]]:
        costs = {}
        for shop in sorted(children, reverse=bool(turn % 2)):
            asked = {"requests": sizes.requests, "turn": turn}
            listed = children[shop].ask("list", first=20, only=COUNTERFOIL, **asked)
            for name, cost in {**listed, **children[shop].ask("page", **asked)}.items():
                costs[f"{name}.{shop}"] = cost
        return costs

    rounds = rounds_of(sizes.rounds, ask)
    times = {clock: medians(rounds, f"{clock}_ms") for clock in ("cpu", "wall")}

    def growth(name: str) -> dict[str, float]:
        return {clock: found[f"{name}.{LARGE}"] / found[f"{name}.{SMALL}"] for clock, found in times.items()}

    listed, pages = growth(COUNTERFOIL), {name: growth(name) for name in ("admin", "portal")}
    return {
        "graphql_list": {"growth_100k_to_1k": max(listed.values()), "growth": listed},
        "order_page": {
            "growth_100k_to_1k": max(ratio for page in pages.values() for ratio in page.values()),
            "growth": pages,
        },
    }


def _say(doing: str) -> None:
    print(f"counterfoil bench: {doing} …", file=sys.stderr, flush=True)
