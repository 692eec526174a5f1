"""From a message to the event in every open stream, and what a stream costs the server in memory.

One web process as `counterfoil serve` runs it, the clients in a process of their own. Each kind of stream gets a
fresh server, so that the memory of one does not hide in what another left.
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from counterfoil.site.bench.children import Child
from counterfoil.site.bench.streams import HOST, PAGES, SUBSCRIPTIONS
from counterfoil.site.command import Stop

_ANSWER_WITHIN = 30.0  # seconds
_FEW = 100  # streams
STEADY_STREAMS, STEADY_RATE, STEADY_SECONDS = 500, 20, 15
STEADY_ORDERS = {"ten_an_order": 50, "one_order": 1}
_TIDY_SECONDS = 12  # longer than the web process takes to tidy up when many have left
_CLIENTS = "counterfoil.site.bench.streams"


def measure_live(
    environment: Mapping[str, str], doors: Mapping[str, Any], *, streams: Sequence[int], messages: int, every_way: bool
) -> dict[str, Any]:
    """The figures of the pages' streams, and under `subscriptions` and `one_order` those of the other ways to watch,
    if `every_way` is asked for.

    `doors` is a token, and of each order its id and a guest's cookie.
    """
    figures: dict[str, dict[str, Any]] = {}
    for kind in (PAGES, SUBSCRIPTIONS) if every_way else (PAGES,):
        with serving(environment) as server, Child(_CLIENTS, environment) as clients:
            watching = _Watching(server, clients, doors, kind)
            figures[kind] = watching.on_many_orders(streams, messages)
            if every_way:
                figures[kind]["one_order"] = watching.on_one_order(streams, max(2, messages // 10))
            if kind == SUBSCRIPTIONS:
                figures[kind]["steadily"] = {
                    name: watching.steadily(STEADY_STREAMS, STEADY_SECONDS, orders)
                    for name, orders in STEADY_ORDERS.items()
                }
    pages = figures.pop(PAGES)
    return {**pages, **figures}


def measure_revocation(environment: Mapping[str, str], shop: Child, times: int) -> dict[str, float]:
    """From the end of a program's token, in another process, to the end of its stream: milliseconds."""
    order = shop.ask("streams", streams=1)["orders"][0]["id"]
    took = []
    with serving(environment) as server, Child(_CLIENTS, environment) as clients:
        for _ in range(times):
            token = shop.ask("issue")
            clients.ask("watch_end", port=server.port, token=token, order=order)
            began = time.perf_counter()
            shop.ask("revoke", token=token)
            took.append((clients.ask("ended_at") - began) * 1000)
    return {"p50_ms": median(took), "largest_ms": max(took)}


class Server:
    """The web process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    @property
    def memory_kb(self) -> float:
        """What it holds in memory (RSS)."""
        status = Path(f"/proc/{self.process.pid}/status")
        if status.exists():
            return float(re.findall(r"VmRSS:\s+(\d+) kB", status.read_text())[0])
        command = ["ps", "-o", "rss=", "-p", str(self.process.pid)]
        return float(subprocess.run(command, capture_output=True, check=True).stdout)  # noqa: S603

    @property
    def cpu_seconds(self) -> float:
        """The CPU time that it has used; 0 where the system does not tell."""
        try:
            return time.clock_gettime(~self.process.pid << 3 | 2)  # as Linux names the clock of a process
        except OSError:
            return 0.0


@contextlib.contextmanager
def serving(environment: Mapping[str, str]) -> Iterator[Server]:
    """`counterfoil serve` on a free port, stopped afterwards."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
        [sys.executable, "-m", "counterfoil.site.command", "serve", "--port", str(port)],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
    )
    try:
        _wait_for(process, port)
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _ANSWER_WITHIN
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=5):
            return
        time.sleep(0.05)
    raise Stop("the web process did not start; what it said stands above.")


class _Watching:
    """One kind of stream on one server."""

    def __init__(self, server: Server, clients: Child, doors: Mapping[str, Any], kind: str) -> None:
        self._server, self._clients, self._kind = server, clients, kind
        self._token, self._orders = doors["token"], doors["orders"]

    def on_many_orders(self, streams: Sequence[int], messages: int) -> dict[str, Any]:
        """Latencies by number of streams, each on another order; memory of the largest number."""
        most = streams[-1]
        for first in range(0, len(self._orders), _FEW):  # what is loaded and cached once is no stream's
            few = self._orders[first : first + _FEW]
            self._watch(few, [order["id"] for order in few[: messages // 8 + 2]])
        time.sleep(_TIDY_SECONDS)
        before = self._server.memory_kb
        found = {str(count): self._spread(count, messages) for count in streams}
        time.sleep(_TIDY_SECONDS)
        left = self._server.memory_kb
        again, largest = self._spread(most, messages // 4 + 2), found[str(most)]
        return {
            **_by_number(found),
            "kb_per_stream": (largest["memory_kb"] - before) / most,
            "share_kept_after_they_left": (left - before) / (largest["memory_kb"] - before),
            "kb_more_per_stream_the_second_time": (again["memory_kb"] - largest["memory_kb"]) / most,
            "opening_cpu_ms_per_stream": largest["opening_cpu_ms"],
        }

    def on_one_order(self, streams: Sequence[int], messages: int) -> dict[str, Any]:
        """The same with all streams on one order: each message goes to all of them."""
        order = self._orders[0]
        found = {str(count): self._watch([order] * count, [order["id"]] * (messages + 1)) for count in streams}
        return _by_number(found)

    def steadily(self, count: int, seconds: int, orders: int) -> dict[str, Any]:
        """So many streams on so many orders, while twenty messages a second are sent whether those before were heard of
        or not. What each stream hears first is not counted.
        """
        watched = self._orders[:orders]
        doors = [watched[place % orders] for place in range(count)]
        self._clients.ask("open", port=self._server.port, token=self._token, kind=self._kind, orders=doors)
        self._clients.ask("send", orders=[order["id"] for order in watched], pause=0.02)
        began = self._server.cpu_seconds
        sent = [watched[place % orders]["id"] for place in range(seconds * STEADY_RATE)]
        times = sorted(self._clients.ask("send_steadily", orders=sent, every=1 / STEADY_RATE))
        busy = (self._server.cpu_seconds - began) / seconds
        self._clients.ask("close")
        return {"p50_ms": median(times), "p99_ms": p99(times), "heard_a_second": len(times) / seconds, "cpus": busy}

    def _spread(self, count: int, messages: int) -> dict[str, float]:
        orders = [self._orders[place % len(self._orders)] for place in range(count)]
        return self._watch(orders, [orders[place * 37 % count]["id"] for place in range(messages + 1)])

    def _watch(self, orders: list[dict[str, str]], messages: list[str]) -> dict[str, float]:
        """Open, send, close; the first message is not counted."""
        began = self._server.cpu_seconds
        self._clients.ask("open", port=self._server.port, token=self._token, kind=self._kind, orders=orders)
        opened = self._server.cpu_seconds
        times = sorted(self._clients.ask("send", orders=messages, pause=0.02))
        figures = {
            "p50_ms": median(times),
            "p99_ms": p99(times),
            "opening_cpu_ms": (opened - began) * 1000 / len(orders),
            "cpu_ms_per_message": (self._server.cpu_seconds - opened) * 1000 / len(messages),
            "memory_kb": self._server.memory_kb,
        }
        self._clients.ask("close")
        return figures


def p99(times: Sequence[float]) -> float:
    """That of these sorted times within which 99 of 100 lie."""
    return times[max(0, -(-len(times) * 99 // 100) - 1)]


def _by_number(found: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    names = ("p50_ms", "p99_ms", "cpu_ms_per_message")
    return {name: {count: times[name] for count, times in found.items()} for name in names}
