"""The pages' live streams: nudges that say what changed, never what it says. Like subscriptions they run outside
Django's request cycle, which would hold a thread for each open stream.
"""

import contextlib
import io
import json
from collections.abc import AsyncGenerator, Callable, Collection
from time import monotonic
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest

from counterfoil.access.sessions import SessionStore
from counterfoil.events.credentials import CREDENTIALS, ORDER_KEYS
from counterfoil.events.feed import EVERYTHING, Feed, Happened
from counterfoil.events.relay import last_position
from counterfoil.events.threads import in_thread
from schema.connections import Receive, Scope, Send, while_there
from schema.identity import Watch
from schema.streams import BEAT, REVOKING

_SSE_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
]


def nudges(find_watch: Callable[[Any, Collection[str]], Watch | None]) -> Callable[[Scope, Receive, Send], Any]:
    """An ASGI application that streams what the pages may watch; `find_watch(request, topics)` decides that.

    Frames: `hello` with the present position, `nudge` with position, topic and kind, `beat` within ten seconds, `ended`
    with the topics that may not be watched any more.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        request = ASGIRequest(scope, io.BytesIO())
        topics = request.GET.getlist("topics")[:200]
        after = request.GET.get("after", "")
        try:
            watch = await in_thread(_find, request, topics, find_watch)
        except DisallowedHost:
            watch = None
        if watch is None:
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"Nothing to watch here: open the page again."})
            return
        await send({"type": "http.response.start", "status": 200, "headers": _SSE_HEADERS})
        position = int(after) if after.isascii() and after.isdigit() and len(after) <= 18 else None
        await while_there(_send_frames(send, watch, frozenset(topics), position), receive, send)

    return application


def _find(
    request: ASGIRequest, topics: Collection[str], find_watch: Callable[[Any, Collection[str]], Watch | None]
) -> Watch | None:
    request.session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    request.user = get_user(request)
    return find_watch(request, topics)


async def _send_frames(send: Send, watch: Watch, asked: frozenset[str], after: int | None) -> None:
    async with contextlib.aclosing(_frames(watch, asked, after)) as frames:
        async for frame in frames:
            await send({"type": "http.response.body", "body": frame, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _frames(watch: Watch, asked: frozenset[str], after: int | None) -> AsyncGenerator[bytes]:
    feed = await Feed.here()
    position = feed.position
    if after is not None and after > position:  # told by a process that has read further, unless a backup was restored
        position = await in_thread(last_position)
    yield _frame("hello", {"position": str(position)}, position)
    if refused := asked - watch.topics:
        yield _frame("ended", {"topics": sorted(refused)})
    allowed = watch.topics
    begin = position if after is None else min(after, position)
    topics = {
        *watch.topics,
        *watch.heeds,
        CREDENTIALS,
        ORDER_KEYS,
    }
    batches = feed.follow(watch.workspace_id, topics, internal=watch.internal, after=begin, beat=BEAT)
    looked = monotonic()
    async with contextlib.aclosing(batches):
        async for batch in batches:
            # Where the log stands for this stream: taken before anything is awaited, so that no nudge lies before it
            # which was not sent.
            position = feed.position
            if not batch or any(happened.kind in REVOKING for happened in batch) or monotonic() - looked > BEAT:
                still, looked = await in_thread(watch.still_allowed), monotonic()
                if ended := allowed - still:
                    yield _frame("ended", {"topics": sorted(ended)})
                allowed = still
                if not allowed:
                    return
            frames = [frame for happened in batch for frame in _nudges(happened, allowed)]
            yield b"".join(frames) if frames else _frame("beat", {"position": str(position)})


def _nudges(happened: Happened, allowed: Collection[str]) -> list[bytes]:
    """What pages that may watch these topics are told; all links at once are told to each order's page as its own."""
    topics, kind = [topic for topic in happened.topics if topic in allowed][:1], happened.kind
    if happened.topic == ORDER_KEYS:
        topics, kind = [topic for topic in sorted(allowed) if topic.startswith("order_")], "order_key.rotated"
    elif EVERYTHING in allowed:
        topics = [happened.topic]
    return [
        _frame("nudge", {"position": str(happened.position), "topic": topic, "kind": kind}, happened.position)
        for topic in topics
    ]


def _frame(event: str, data: dict[str, object], position: int | None = None) -> bytes:
    lines = [f"event: {event}", f"data: {json.dumps(data, separators=(',', ':'))}"]
    if position is not None:
        lines.append(f"id: {position}")
    return ("\n".join(lines) + "\n\n").encode()
