"""Servers and streams for tests: the product's ASGI application on a real port, and clients that read its streams.

The server runs in a thread of the test's own process, so a test sees its followers and may shorten its clocks. It
works on the test's database: its tests need `@pytest.mark.django_db(transaction=True)`.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import uvicorn
from django.db import connection, connections

from counterfoil.access import clock
from counterfoil.access.links import order_keys
from counterfoil.access.models import AccessToken, StaffMember
from counterfoil.events.feed import Feed
from counterfoil.orders.models import Order
from counterfoil.site.serving import configuration

PATIENCE = 15.0  # seconds to wait for what must happen; reached only when a test fails
_THREADS = 6


def key_of(order: Order) -> str:
    """The order's present key."""
    return order_keys.derive(order.pk, Order.objects.values_list("key_version", flat=True).get(pk=order.pk))


def token_of(member: StaffMember) -> str:
    """A new access token of a staff member."""
    secret = AccessToken.new_secret()
    AccessToken.objects.create(
        workspace_id=member.workspace_id,
        staff=member,
        digest=AccessToken.digest_of(secret),
        expires_at=clock.now() + timedelta(hours=1),
    )
    return secret


def database_address() -> str:
    """The test's database, for another process or a connection of one's own."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    password = f":{quote(given['PASSWORD'], safe='')}" if given["PASSWORD"] else ""
    return f"postgresql://{given['USER']}{password}@{given['HOST']}:{given['PORT'] or 5432}/{given['NAME']}"


# Event loops.


def in_loop[T](scenario: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in an event loop, as a server does; its threads leave no connection open."""

    async def whole() -> T:
        try:
            return await scenario
        finally:
            await Feed.stop_here()

    with _closed_after_use():
        return asyncio.run(whole())


@contextmanager
def _closed_after_use() -> Iterator[None]:
    # On SQLite the product leaves the connections of threads that ended to the garbage collector, which warns.
    shared = connections.settings["default"]
    kept = shared["CONN_MAX_AGE"]
    shared["CONN_MAX_AGE"] = 0
    try:
        yield
    finally:
        shared["CONN_MAX_AGE"] = kept


# The server.


@dataclass
class Served:
    """A running server."""

    port: int
    loop: asyncio.AbstractEventLoop
    server: uvicorn.Server
    host: str = "fennel.test"

    @property
    def base(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, cookies: Mapping[str, str] | None = None) -> httpx.Client:
        """A client that speaks to the store at `host`."""
        return httpx.Client(
            base_url=self.base,
            headers={"Host": self.host},
            cookies=dict(cookies or {}),
            timeout=PATIENCE,
            verify=False,  # plain http: reading the certificates of the world would take longer than most tests
        )

    def stop(self) -> None:
        """Begin to stop, as at SIGTERM."""
        self.server.should_exit = True

    def followers(self) -> int:
        """How many follow the server's feed now."""

        async def count() -> int:
            return (await Feed.here()).followers

        return asyncio.run_coroutine_threadsafe(count(), self.loop).result(PATIENCE)


class _Server(uvicorn.Server):
    """Looks more often than uvicorn's ten times a second whether it shall stop."""

    async def main_loop(self) -> None:
        while not self.should_exit:
            await self.on_tick(0)
            await asyncio.sleep(0.02)


@contextmanager
def serving(port: int = 0) -> Iterator[Served]:
    """The product's ASGI application, as uvicorn serves it, on a port of 127.0.0.1 that is free or named."""
    listener = socket.create_server(("127.0.0.1", port))
    server = _Server(configuration())
    started = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        serving_now = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not serving_now.done():
            await asyncio.sleep(0.005)
        started.set()
        await serving_now

    thread = threading.Thread(target=lambda: in_loop(serve()), name="server", daemon=True)
    thread.start()
    try:
        assert started.wait(PATIENCE), "the server did not start"
        assert server.started, "the server could not start"
        yield Served(listener.getsockname()[1], loops[0], server)
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listener.close()
    assert not thread.is_alive(), "the server did not stop"


def wait_for_followers(served: Served, count: int) -> None:
    """Wait until so many follow the server's feed."""
    until = time.monotonic() + PATIENCE
    while (followers := served.followers()) != count:
        assert time.monotonic() < until, f"{followers} followers instead of {count}"
        time.sleep(0.02)


# Streams.


@dataclass(frozen=True)
class Frame:
    """One server-sent event."""

    event: str
    data: Any
    id: str | None


@dataclass
class Stream:
    """An open stream of server-sent events. `next()` waits for a frame and gives None at the stream's end."""

    response: httpx.Response
    skip: frozenset[str] = frozenset()
    _frames: Iterator[Frame] = field(init=False)

    def __post_init__(self) -> None:
        self._frames = _frames(self.response)

    def next(self) -> Frame | None:
        """The next frame that is none to skip."""
        until = time.monotonic() + PATIENCE
        for frame in self._frames:
            if frame.event not in self.skip:
                return frame
            assert time.monotonic() < until, f"nothing but {frame.event}s for {PATIENCE} s"
        return None

    def take(self, count: int) -> list[Frame]:
        """The next so many frames."""
        frames = []
        for _ in range(count):
            frame = self.next()
            assert frame is not None, f"the stream ended after {frames}"
            frames.append(frame)
        return frames

    def rest(self) -> list[Frame]:
        """Everything up to the stream's end."""
        return list(iter(self.next, None))


def _frames(response: httpx.Response) -> Iterator[Frame]:
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if not line:
            if fields:
                data = fields.get("data", "")
                yield Frame(fields.get("event", "message"), json.loads(data) if data else None, fields.get("id"))
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")


@contextmanager
def subscribed(
    served: Served,
    text: str,
    variables: Mapping[str, object] | None = None,
    *,
    token: str = "",
    last_event_id: str | None = None,
) -> Iterator[Stream]:
    """A GraphQL operation over SSE."""
    headers = {"Accept": "text/event-stream"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if last_event_id is not None:
        headers["Last-Event-ID"] = last_event_id
    body = {"query": text, "variables": dict(variables or {})}
    with served.client() as client, client.stream("POST", "/graphql", json=body, headers=headers) as response:
        yield Stream(response)
