"""The process of the colleagues who look at one customer's profile: each has a page with its stream, and fetches the
news when the stream says that there are some, as the page's own script does. One of them logs entries.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import Sequence
from urllib.parse import urlencode

from counterfoil.site.bench.children import answer
from counterfoil.site.bench.streams import HOST

_PATIENCE = 30.0  # seconds; reached only when something is wrong
_SETTLE = 1.0  # seconds until a stream that has been answered follows the log
_PAUSE = 0.3  # seconds between two entries
_NOW = re.compile(r'<div id="log-now" hidden>(.*?)</div>', re.DOTALL)
_HIDDEN = re.compile(r'name="(\w+)" value="([^"]*)"')
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_TOPICS = re.compile(r'data-live="([^"]+)" data-live-\w*="?[^>]*?data-live-topics="([^"]+)"')
_LENGTH = re.compile(r"content-length: (\d+)", re.IGNORECASE)
_COOKIE = re.compile(r"set-cookie: (\w+=[^;]*)", re.IGNORECASE)
type _Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_NUDGE = re.compile(rb'"position":"(\d+)".*"kind":"interaction.logged"')


class _Page:
    """An open profile: what it says that it has, and when each entry came to stand on it."""

    def __init__(self, port: int, address: str, cookie: str) -> None:
        self._port, self._address, self.cookie = port, address, cookie
        self.has: dict[str, str] = {}
        self.token = ""
        self.stands: dict[str, float] = {}
        self.changed = asyncio.Event()
        self._idle: list[_Connection] = []
        self._following: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Load the page, and follow its stream."""
        head, text = await self._get(self._address)
        self._note(text)
        token = _TOKEN.search(text)
        self.token = token[1] if token else ""
        self.cookie = "; ".join([self.cookie, *_COOKIE.findall(head)])
        followed = _TOPICS.search(text)
        if followed is None:
            raise ValueError(f"{self._address} follows nothing: {text[:500]}")
        topics = "&".join(f"topics={topic}" for topic in followed[2].split())
        reader, writer = await asyncio.open_connection(HOST, self._port)
        writer.write(_get(f"{followed[1]}?{topics}", self.cookie))
        self._following = asyncio.create_task(self._follow(reader, writer))
        self._following.add_done_callback(lambda _: self.changed.set())

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            while line := await reader.readline():
                if nudge := _NUDGE.search(line):
                    await self._fetch(nudge[1].decode())
        raise ValueError("A stream has ended.")

    async def _fetch(self, position: str) -> None:
        asks = {"HX-Request": "true", "Live-Position": position}
        _, text = await self._get(f"{self._address}/interactions/news?{urlencode(self.has)}", **asks)
        now = time.perf_counter()
        for number in re.findall(r"Entry no\. (\d+)\.", text):
            self.stands.setdefault(number, now)
        self._note(text)
        self.changed.set()

    def _note(self, text: str) -> None:
        if found := _NOW.search(text):
            self.has = dict(_HIDDEN.findall(found[1]))

    async def _get(self, address: str, **headers: str) -> tuple[str, str]:
        return await self._ask(_get(address, self.cookie, **headers))

    async def _ask(self, request: bytes) -> tuple[str, str]:
        """Head and text of the answer, over a connection that stays open for the next, as a browser's does."""
        self._idle = [one for one in self._idle if not one[0].at_eof()]  # the server ends those that are idle
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(HOST, self._port)
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = _LENGTH.search(head)
        text = (await reader.readexactly(int(length[1]))).decode() if length else ""
        if not head.startswith(("HTTP/1.1 200", "HTTP/1.1 204")):
            raise ValueError(f"{request.partition(b' HTTP')[0].decode()}: {head[:300]} {text[:300]}")
        self._idle.append((reader, writer))
        return head, text

    async def leave(self) -> None:
        """Close the page."""
        for _, writer in self._idle:
            writer.close()
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    async def log(self, number: int) -> None:
        """Log an entry, as the page's form does; every second one is to be acknowledged."""
        form = {
            "csrfmiddlewaretoken": self.token,
            "client_mutation_key": f"bench-{number}",
            "type": "note",
            "text": f"Entry no. {number}. They call again on Friday.",
            "waits": "yes" if number % 2 else "",
        }
        body = urlencode(form).encode()
        lines = {
            "Cookie": self.cookie,
            "HX-Request": "true",
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(body)),
        }
        await self._ask(_request(f"POST {self._address}/interactions", lines) + body)

    async def wait_for(self, number: int) -> float:
        """When this entry came to stand on the page."""
        while str(number) not in self.stands:
            self.changed.clear()
            if self._following is not None and self._following.done():
                self._following.result()  # raises what went wrong
            await self.changed.wait()
        return self.stands[str(number)]


class Colleagues:
    """Everyone who looks."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._pages: list[_Page] = []

    def look(self, *, port: int, page: str, cookies: Sequence[str]) -> None:
        """Open the profile for everyone of these cookies."""

        async def look() -> None:
            for cookie in cookies:
                one = _Page(port, page, cookie)
                await one.open()
                self._pages.append(one)
            await asyncio.sleep(_SETTLE)

        self._loop.run_until_complete(look())

    def log(self, *, entries: int) -> list[float]:
        """Log so many entries, each by another colleague; gives for each entry and page the milliseconds from the
        moment of sending to where it stands there. The first entry is not counted.
        """

        async def log() -> list[float]:
            times = []
            for number in range(entries + 1):
                sent_at = time.perf_counter()
                async with asyncio.timeout(_PATIENCE):
                    await self._pages[number % len(self._pages)].log(number)
                    came = await asyncio.gather(*(page.wait_for(number) for page in self._pages))
                times += [(at - sent_at) * 1000 for at in came] if number else []
                await asyncio.sleep(_PAUSE)
            await asyncio.gather(*(page.leave() for page in self._pages))
            return times

        return self._loop.run_until_complete(log())


def _get(address: str, cookie: str, **headers: str) -> bytes:
    return _request(f"GET {address}", {"Cookie": cookie, **headers})


def _request(line: str, headers: dict[str, str]) -> bytes:
    lines = [f"{line} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


def main() -> None:
    """Do the benchmark's tasks."""
    colleagues = Colleagues()
    with contextlib.suppress(KeyboardInterrupt):
        answer({"look": colleagues.look, "log": colleagues.log})


if __name__ == "__main__":
    main()
