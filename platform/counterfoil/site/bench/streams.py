"""The process of the clients: opens streams on a running server, sends messages and notes when each stream has them.

Two kinds of stream: the nudges that pages hold (`/live`, as a guest), and the subscription `messageAdded` over SSE
(`/graphql`, as a program), which carries the message itself. Both clocks are this process's own.
"""

import asyncio
import contextlib
import json
import re
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

from counterfoil.site.bench.children import answer

HOST = "127.0.0.1"
_PATIENCE = 30.0  # seconds; reached only when something is wrong
_AT_ONCE = 50  # streams that are opened at the same time
_SETTLE = 1.0  # seconds until a stream that has been answered follows the log
PAGES, SUBSCRIPTIONS, ENDED, PAGES_ENDED = "pages", "subscriptions", "ended", "pages_ended"
_MARKS = {
    PAGES: b"message.sent",
    SUBSCRIPTIONS: b"messageAdded",
    ENDED: b"event: complete",
    PAGES_ENDED: b"event: ended",
}
_NUMBER = re.compile(rb'"Message (\d+)"')
_SUBSCRIBE = "subscription Added($order: ID!) { messageAdded(orderId: $order) { message { text author sentAt } } }"
_SEND = """mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) { __typename ... on Problem { message } }
}"""


class _Stream(asyncio.Protocol):
    """An open connection that notes when it was answered, and when its mark last came."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._rest = b""
        self.began = asyncio.Event()
        self.came = asyncio.Event()
        self.came_at = 0.0
        self.heard: dict[int, list[float]] | None = None  # when messages came, by their numbers
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to close it."""
        self.transport = transport if isinstance(transport, asyncio.Transport) else None

    def data_received(self, data: bytes) -> None:
        """Look for what is waited for, also where two pieces of data meet."""
        if self.heard is not None:
            now = time.perf_counter()
            for number in _NUMBER.findall(data):
                self.heard.setdefault(int(number), []).append(now)
            return
        told = self._rest + data
        if not self.began.is_set():
            if not told.startswith(b"HTTP/1.1 200"):
                raise ValueError(f"A stream was refused: {told[:300]!r}")
            self.began.set()
        if self._mark in told:
            self.came_at = time.perf_counter()
            self.came.set()
            self._rest = b""
        else:
            self._rest = told[-len(self._mark) :]


class Clients:
    """Every open stream, and the connection that messages are sent over."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._streams: dict[str, list[_Stream]] = {}
        self._name = secrets.token_hex(4)  # two processes send under different keys
        self._sent = 0

    def open(self, *, port: int, token: str, kind: str, orders: Sequence[dict[str, str]]) -> None:
        """Open a stream for each of these orders, the same order as often as it stands there."""
        self._port, self._token = port, token
        self._loop.run_until_complete(self._open_all(kind, orders))

    async def _open_all(self, kind: str, orders: Sequence[dict[str, str]]) -> None:
        for first in range(0, len(orders), _AT_ONCE):
            await asyncio.gather(*(self._open(kind, order) for order in orders[first : first + _AT_ONCE]))
        await asyncio.sleep(_SETTLE)

    async def _open(self, kind: str, order: dict[str, str]) -> None:
        mark = _MARKS[kind]
        _, stream = await self._loop.create_connection(lambda: _Stream(mark), HOST, self._port)
        if kind in (PAGES, PAGES_ENDED):
            request = _request(f"GET /live?topics={order['id']}", Cookie=order["cookie"])
        else:
            request = _request(
                "POST /graphql",
                {"query": order.get("query", _SUBSCRIBE), "variables": {"order": order["id"]}},
                Accept="text/event-stream",
                Authorization=f"Bearer {order.get('token', self._token)}",
            )
        if stream.transport is not None:
            stream.transport.write(request)
        async with asyncio.timeout(_PATIENCE):
            await stream.began.wait()
        self._streams.setdefault(order.get("name", order["id"]), []).append(stream)

    def watch_end(self, *, port: int, token: str, order: str) -> None:
        """Open a subscription that somebody is about to end."""
        self._port, self._token = port, token
        self._loop.run_until_complete(self._open_all(ENDED, [{"id": order}]))

    def ended_at(self) -> float:
        """When it ended, by the clock that all processes of this machine share; seconds."""

        async def ended() -> float:
            async with asyncio.timeout(_PATIENCE):
                for streams in self._streams.values():
                    for stream in streams:
                        await stream.came.wait()
            return max(stream.came_at for streams in self._streams.values() for stream in streams)

        found = self._loop.run_until_complete(ended())
        self.close()
        return found

    def watch_ends(self, *, port: int, doors: Sequence[dict[str, str]]) -> None:
        """Open what several are about to end, each under the name of its door: a page’s stream for one with a cookie,
        a subscription for one with a token.
        """
        self._port, self._token = port, ""

        async def open_all() -> None:
            await asyncio.gather(*(self._open(PAGES_ENDED if "cookie" in door else ENDED, door) for door in doors))
            await asyncio.sleep(_SETTLE)

        self._loop.run_until_complete(open_all())

    def ends(self, *, names: Sequence[str]) -> dict[str, float]:
        """When those of these names ended, as `ended_at` says it."""

        async def ended() -> dict[str, float]:
            async with asyncio.timeout(_PATIENCE):
                for name in names:
                    await self._streams[name][0].came.wait()
            return {name: self._streams[name][0].came_at for name in names}

        return self._loop.run_until_complete(ended())

    def send(self, *, orders: Sequence[str], pause: float) -> list[float]:
        """Send a message to each of these orders, one after another; gives each stream's milliseconds from the moment
        of sending, the first message's left out.
        """
        return self._loop.run_until_complete(self._send_all(orders, pause))[len(self._streams[orders[0]]) :]

    async def _send_all(self, orders: Sequence[str], pause: float) -> list[float]:
        times: list[float] = []
        reader, writer = await asyncio.open_connection(HOST, self._port)
        for order in orders:
            times += await self._send(order, reader, writer)
            await asyncio.sleep(pause)
        writer.close()
        return times

    def send_steadily(self, *, orders: Sequence[str], every: float) -> list[float]:
        """Send a message to each of these orders, one every so many seconds whether those before were heard of or not;
        gives the milliseconds from the moment of sending to each stream of its order.
        """
        return self._loop.run_until_complete(self._send_steadily(orders, every))

    async def _send_steadily(self, orders: Sequence[str], every: float) -> list[float]:
        began, sent_at, sending = time.perf_counter(), {}, []
        heard: dict[int, list[float]] = {}
        for stream in (stream for streams in self._streams.values() for stream in streams):
            stream.heard = heard
        for place, order in enumerate(orders):
            await asyncio.sleep(max(0.0, began + place * every - time.perf_counter()))
            self._sent += 1
            sent_at[self._sent] = time.perf_counter()
            sending.append(asyncio.create_task(self._send_alone(order, self._sent)))
        await asyncio.gather(*sending)
        wanted = sum(len(self._streams[order]) for order in orders)
        async with asyncio.timeout(_PATIENCE):
            while sum(len(heard.get(number, ())) for number in sent_at) < wanted:
                await asyncio.sleep(0.01)
        return [(at - sent_at[number]) * 1000 for number in sent_at for at in heard[number]]

    async def _send_alone(self, order: str, number: int) -> None:
        reader, writer = await asyncio.open_connection(HOST, self._port)
        writer.write(_request("POST /graphql", self._message(order, number), Authorization=f"Bearer {self._token}"))
        await _accepted(reader)
        writer.close()

    def _message(self, order: str, number: int) -> dict[str, Any]:
        key = f"bench-{self._name}-{number}"
        given = {"clientMutationKey": key, "orderId": order, "text": f"Message {number}"}
        return {"query": _SEND, "variables": {"input": given}}

    async def _send(self, order: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[float]:
        streams = self._streams[order]
        for stream in streams:
            stream.came.clear()
        self._sent += 1
        body = self._message(order, self._sent)
        sent_at = time.perf_counter()
        writer.write(_request("POST /graphql", body, Authorization=f"Bearer {self._token}"))
        async with asyncio.timeout(_PATIENCE):
            await _accepted(reader)
            for stream in streams:
                await stream.came.wait()
        return [(stream.came_at - sent_at) * 1000 for stream in streams]

    def close(self) -> None:
        """Leave, all at once."""
        self._loop.run_until_complete(self._close())

    async def _close(self) -> None:
        for streams in self._streams.values():
            for stream in streams:
                if stream.transport is not None:
                    stream.transport.abort()
        self._streams.clear()
        await asyncio.sleep(0)


def _request(line: str, body: Any = None, **headers: str) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    if content:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    lines = [f"{line} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + content


async def _accepted(reader: asyncio.StreamReader) -> None:
    """Read the answer to a message. Raises `ValueError` when it was refused."""
    told = await _answer(reader)
    if b"SendMessageSuccess" not in told:
        raise ValueError(f"A message was refused: {told!r}")


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().splitlines():
        if line.startswith(b"content-length:"):
            return await reader.readexactly(int(line.partition(b":")[2]))
    raise ValueError(f"An answer without a length: {head!r}")


def main() -> None:
    """Do the benchmark's tasks."""
    clients = Clients()
    tasks: dict[str, Callable[..., Any]] = {
        "open": clients.open,
        "send": clients.send,
        "send_steadily": clients.send_steadily,
        "close": clients.close,
        "watch_end": clients.watch_end,
        "ended_at": clients.ended_at,
        "watch_ends": clients.watch_ends,
        "ends": clients.ends,
    }
    with contextlib.suppress(KeyboardInterrupt):
        answer(tasks)


if __name__ == "__main__":
    main()
