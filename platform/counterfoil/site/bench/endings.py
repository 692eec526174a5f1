"""From the moment when staff end what lets a customer in, in another process, to where that is felt (AC-6).

That is the `ended` frame of an open page's stream, the end of a subscription, and the refusal of the next request. The
action's own time counts along.
"""

import time
from collections.abc import Mapping
from statistics import median
from typing import Any

from counterfoil.site.bench.browsers import Browser
from counterfoil.site.bench.children import Child

_CLIENTS = "counterfoil.site.bench.streams"
_SUBSCRIBE = "subscription Changed($order: ID!) { orderChanged(orderId: $order) { position } }"
_PAGE, _SUBSCRIPTION, _REQUEST = "page_stream", "subscription", "next_request"


def measure_endings(environment: Mapping[str, str], port: int, rows: Child, times: int) -> dict[str, Any]:
    """Milliseconds for each credential, and how many pages were still shown afterwards."""
    took: dict[str, dict[str, list[float]]] = {}
    shown = 0
    with Child(_CLIENTS, environment) as clients:
        for _ in range(times):
            doors = rows.ask("doors")
            clients.ask("watch_ends", port=port, doors=[stream for door in doors for stream in _streams(door)])
            for door in doors:
                browser = Browser(port, cookies=door["cookies"])
                if browser.get(door["page"]).status != 200:
                    raise ValueError(f"{door['page']} is closed before {door['name']} ends.")
                began = time.perf_counter()
                rows.ask("end", name=door["name"])
                while browser.get(door["page"]).status == 200:
                    shown += 1
                felt = {_REQUEST: time.perf_counter()}
                names = [stream["name"] for stream in _streams(door)]
                felt |= {name.partition(".")[2]: at for name, at in clients.ask("ends", names=names).items()}
                if min(felt.values()) < began:
                    raise ValueError(f"What {door['name']} opened ended before it did: {felt}, {began}")
                for where, at in felt.items():
                    took.setdefault(door["name"], {}).setdefault(where, []).append((at - began) * 1000)
            clients.ask("close")
            rows.ask("restore")
    figures: dict[str, Any] = {
        name: {
            "largest_ms": max(max(some) for some in places.values()),
            "p50_ms": {where: median(some) for where, some in places.items()},
        }
        for name, places in took.items()
    }
    largest = max(figure["largest_ms"] for figure in figures.values())
    return {**figures, "largest_ms": largest, "pages_shown_afterwards": shown}


def _streams(door: Mapping[str, Any]) -> list[dict[str, str]]:
    """The page's stream, and the subscription of what is a bearer token too."""
    streams = []
    if door["order"]:
        cookie = "; ".join(f"{name}={value}" for name, value in door["cookies"].items())
        streams.append({"name": f"{door['name']}.{_PAGE}", "id": door["order"], "cookie": cookie})
        if door["token"]:
            asked = {"token": door["token"], "query": _SUBSCRIBE}
            streams.append({"name": f"{door['name']}.{_SUBSCRIPTION}", "id": door["order"], **asked})
    return streams
