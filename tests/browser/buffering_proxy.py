"""A proxy as some companies have it: it waits for an answer's end before it hands on the first byte.

A stream has no end, so its client never hears anything; what is no stream comes through.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_STREAMS = (b"GET /live?", b"GET /admin/live?")


@contextmanager
def buffering_proxy(target: str) -> Iterator[str]:
    """The address of a proxy in front of `target`."""
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    addresses: list[str] = []

    async def serve() -> None:
        server = await asyncio.start_server(lambda reader, writer: _answer(reader, writer, target), "127.0.0.1", 0)
        addresses.append(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        ready.set()
        async with server:
            with contextlib.suppress(asyncio.CancelledError):
                await server.serve_forever()

    async def stop() -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(serve(), loop_factory=lambda: loop), name="proxy", daemon=True)
    thread.start()
    assert ready.wait(10), "the proxy did not start"
    try:
        yield addresses[0]
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop)
        thread.join(10)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str) -> None:
    """Answer one request; connections are not kept."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
        head = await reader.readuntil(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        length = next((int(line[15:]) for line in lines if line.lower().startswith(b"content-length:")), 0)
        body = await reader.readexactly(length)
        parts = urlsplit(target)
        onward_reader, onward = await asyncio.open_connection(parts.hostname, parts.port)
        with contextlib.closing(onward):
            onward.write(b"\r\n".join([lines[0], b"Connection: close", *lines[1:]]) + body)
            if head.startswith(_STREAMS):
                await reader.read()  # until the client gives up
                return
            writer.write(await onward_reader.read())
            await writer.drain()
