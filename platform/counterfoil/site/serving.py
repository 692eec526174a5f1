"""`counterfoil serve`: one uvicorn process on a socket that was bound before anything else began."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Callable

import uvicorn

from counterfoil.site.command import Stop

GRACE_SECONDS = 1
_LOOK_TICKS = 50  # of uvicorn, ten a second: every five seconds
_MANY = 100  # connections


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `Stop` when the port is taken or may not be used."""
    if not 0 <= port <= 65535:
        raise Stop(f"{port} is no port: use one from 1 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise Stop(f"can't listen on {host}:{port} ({error.strerror}). Choose another with --port.") from None
    return listener


class Server(uvicorn.Server):
    """A server that says when it is ready, and tidies up when many clients have left."""

    def __init__(self, config: uvicorn.Config, when_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_ready = when_ready
        self._most_connections = 0
        self._many_left = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, then say so."""
        await super().startup(sockets=sockets)
        if not self.should_exit:
            _collect_rarely()
            self._when_ready()

    async def on_tick(self, counter: int) -> bool:
        """Collect garbage five to ten seconds after half of many connections have ended: what is still shared among
        them is over by then, and the allocator gives back what is free when it is asked.
        """
        if counter % _LOOK_TICKS == 0:
            if self._many_left:
                gc.collect()
            open_now = len(self.server_state.connections)
            self._most_connections = max(self._most_connections, open_now)
            self._many_left = self._most_connections >= _MANY and open_now * 2 < self._most_connections
            if self._many_left:
                self._most_connections = open_now
        return await super().on_tick(counter)


def _collect_rarely() -> None:
    """Let the garbage collector leave alone what stays loaded anyway, and look at the rest less often.

    With a thousand open streams it took a quarter of the time that a message needs to reach them all, for nothing:
    almost all garbage is freed without it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def configuration() -> uvicorn.Config:
    """How the product is served."""
    from django.conf import settings

    return uvicorn.Config(
        "counterfoil.site.asgi:application",
        log_level="warning",
        log_config=None,  # our settings say how to log, and let no secret through
        access_log=False,  # addresses may hold order keys
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws="websockets-sansio",
        ws_max_size=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,  # a message is a request
        lifespan="on",
    )


def serve_on(listener: socket.socket, when_ready: Callable[[], None] = lambda: None) -> None:
    """Answer on this socket until SIGTERM or SIGINT; open streams are given a second to end."""
    server = Server(configuration(), when_ready)
    # uvicorn raises the signal again once it has shut down; by then stopping is what we do anyway.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(server.serve(sockets=[listener]))


def serve(*, host: str, port: int) -> int:
    """The web process of a real installation. Raises `Stop` for a port that can't be used, and without static files."""
    import django
    from django.contrib.staticfiles.storage import staticfiles_storage

    with bind(host, port) as listener:
        django.setup()
        if not staticfiles_storage.exists("staticfiles.json"):
            raise Stop(
                "the style sheets and scripts aren't collected. Run: counterfoil manage collectstatic --no-input"
            )
        serve_on(listener)
    return 0
