"""Streams: GraphQL subscriptions over SSE and WebSocket, and the pages' nudges. All of them outside Django's request
cycle, which would hold a thread for each open stream.
"""

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Mapping
from functools import partial
from typing import Any, ClassVar

from cross_web import HTTPException
from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from strawberry.channels import GraphQLHTTPConsumer, GraphQLWSConsumer
from strawberry.channels.handlers.http_handler import ChannelsRequest
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.streaming import HTTPStreamTransport, SSETransport
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL

from counterfoil.access.sessions import SessionStore
from counterfoil.access.viewer import anonymous
from counterfoil.events.credentials import CREDENTIALS, ORDER_KEYS
from counterfoil.events.feed import EVERYTHING, Feed, Happened
from counterfoil.events.relay import last_position
from counterfoil.events.threads import in_thread
from schema.context import Context
from schema.identity import BadToken, Watch, bearer_context, network_of_address, store_of
from schema.root import schema
from schema.streams import BEAT, REVOKING

type Scope = dict[str, Any]
type Receive = Callable[[], Any]
type Send = Callable[[dict[str, Any]], Any]

_SSE_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
]


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _context(headers: Mapping[str, str], authorization: str, client: tuple[str, int] | None) -> Context:
    """The context of a stream. Raises `BadToken` also where no store answers."""
    store = store_of(headers.get("host", ""))
    if store is None:
        raise BadToken
    return bearer_context(authorization, store.workspace_id, network=network_of_address(client[0] if client else ""))


async def _while_there(answer: Coroutine[Any, Any, None], receive: Receive, send: Send) -> None:
    """Answer for as long as the client stays and the server runs; clients of a server that stops come back."""
    answering, leaving = asyncio.create_task(answer), asyncio.create_task(_left(receive))
    stopping = False
    try:
        await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        stopping = True
    for task in (answering, leaving):
        task.cancel()
    await asyncio.gather(answering, leaving, return_exceptions=True)
    if stopping:
        with contextlib.suppress(RuntimeError):  # it had not begun
            await send({"type": "http.response.body", "body": b""})
    elif not answering.cancelled():
        answering.result()  # raises what went wrong


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


# Partners: subscriptions that carry content.


class JsonObjects:
    """Requests are JSON objects in UTF-8; anything else is the client's fault, not ours."""

    def decode_json(self, data: str | bytes) -> object:
        """The request."""
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            raise HTTPException(400, "Unable to parse request body as JSON") from None
        if not isinstance(found, dict):
            raise HTTPException(400, 'Send a JSON object: {"query": "…", "variables": {…}}. Batches are not taken.')
        return found


class ResumableSSE(SSETransport):
    """SSE whose frames carry their position as `id:`, so that a client which returns says where it was."""

    # The last answer and its frame: the followers who share an answer get it one after another.
    _last: ClassVar[tuple[object, str | None, str]] = (None, None, "")

    def encode_next(self, response: Any, encode_json: Callable[[object], str]) -> str:
        """One `next` frame."""
        data, position = response.get("data"), (response.get("extensions") or {}).get("position")
        if data is not None and data is self._last[0] and position == self._last[1] and "errors" not in response:
            return self._last[2]
        frame = super().encode_next(response, encode_json)
        frame = f"id: {position}\r\n{frame}" if position else frame
        if "errors" not in response:
            ResumableSSE._last = (data, position, frame)
        return frame


class SubscriptionsOverSSE(JsonObjects, GraphQLHTTPConsumer[Context, None]):
    """`graphql-sse` in distinct-connections mode, at `/graphql`."""

    stream_transport_classes_by_protocol: Mapping[str, type[HTTPStreamTransport]] = {GRAPHQL_SSE_PROTOCOL: ResumableSSE}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection. Channels does not listen while it answers; we must, to notice a client that left."""
        self.receive = receive
        await super().__call__(scope, receive, send)

    async def handle(self, body: bytes) -> None:
        """Answer one stream; a token that opens nothing is refused before it begins."""
        headers = _headers(self.scope)
        try:
            self.context = await in_thread(_context, headers, headers.get("authorization", ""), self.scope["client"])
        except BadToken:
            await self.send_response(
                401,
                json.dumps({"errors": [{"message": "This token opens nothing here."}]}).encode(),
                headers=[(b"Content-Type", b"application/json"), (b"WWW-Authenticate", b"Bearer")],
            )
            return
        last = headers.get("last-event-id", "")
        self.context.resume_after = int(last) if last.isascii() and last.isdigit() and len(last) <= 18 else None
        self.context.beat = partial(self.send_body, b": beat\r\n\r\n", more_body=True)
        await _while_there(super().handle(body), self.receive, self.base_send)

    async def get_context(self, request: ChannelsRequest, response: Any) -> Context:
        """What the resolvers get."""
        return self.context

    async def get_root_value(self, request: ChannelsRequest) -> None:
        """None: there is no root value."""

    def _stream_result(
        self, request: ChannelsRequest, result: Any, transport: Any
    ) -> Callable[[], AsyncGenerator[str]]:
        # Strawberry merges a heartbeat in, by two more tasks and a queue for each stream. Ours beat by themselves.
        async def frames() -> AsyncGenerator[str]:
            async for value in result:
                response, _ = await self._process_stream_result(request, value, [])
                yield transport.encode_next(response, self.encode_json_string)
            yield transport.encode_complete()

        return frames


class SubscriptionsOverWebSocket(GraphQLWSConsumer[Context, None]):
    """`graphql-transport-ws`, at `/graphql`. The token comes in the handshake's header or in `connection_init`."""

    async def get_context(self, request: Any, response: Any) -> Context:
        """A context that is filled in once the connection is initialised."""
        return Context(viewer=anonymous(0), still_valid=lambda: False)

    async def on_ws_connect(self, context: Context) -> Any:
        """Find out who connects; close with 4403 when the token opens nothing."""
        headers = _headers(self.scope)
        given = context.connection_params.get("authorization") or context.connection_params.get("Authorization")
        try:
            found = await in_thread(
                _context, headers, str(given or headers.get("authorization", "")), self.scope["client"]
            )
        except BadToken as error:
            raise ConnectionRejectionError from error
        context.viewer, context.still_valid, context.credential = found.viewer, found.still_valid, found.credential
        context.payer = found.payer
        return await super().on_ws_connect(context)


subscriptions_over_sse = SubscriptionsOverSSE.as_asgi(
    schema=schema, graphql_ide=None, allow_queries_via_get=False, subscription_protocols=(GRAPHQL_SSE_PROTOCOL,)
)
subscriptions_over_websocket = SubscriptionsOverWebSocket.as_asgi(
    schema=schema, subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,)
)


# Pages: nudges that say what changed, never what it says.


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
        await _while_there(_send_frames(send, watch, frozenset(topics), position), receive, send)

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
    topics = {*watch.topics, CREDENTIALS, ORDER_KEYS}  # the first is internal, so guests hear nothing of it
    batches = feed.follow(watch.workspace_id, topics, internal=watch.internal, after=begin, beat=BEAT)
    async with contextlib.aclosing(batches):
        async for batch in batches:
            # Where the log stands for this stream: taken before anything is awaited, so that no nudge lies before it
            # which was not sent.
            position = feed.position
            if not batch or any(happened.kind in REVOKING for happened in batch):
                still = await in_thread(watch.still_allowed)
                if ended := allowed - still:
                    yield _frame("ended", {"topics": sorted(ended)})
                allowed = still
                if not allowed:
                    return
            frames = [frame for happened in batch for frame in _nudges(happened, allowed)]
            yield b"".join(frames) if frames else _frame("beat", {"position": str(position)})


def _nudges(happened: Happened, allowed: Collection[str]) -> list[bytes]:
    """What pages that may watch these topics are told; all links at once are told to each order's page as its own."""
    topics, kind = [happened.topic], happened.kind
    if happened.topic == ORDER_KEYS:
        topics, kind = [topic for topic in sorted(allowed) if topic.startswith("order_")], "order_key.rotated"
    elif EVERYTHING not in allowed and happened.topic not in allowed:
        return []
    return [
        _frame("nudge", {"position": str(happened.position), "topic": topic, "kind": kind}, happened.position)
        for topic in topics
    ]


def _frame(event: str, data: dict[str, object], position: int | None = None) -> bytes:
    lines = [f"event: {event}", f"data: {json.dumps(data, separators=(',', ':'))}"]
    if position is not None:
        lines.append(f"id: {position}")
    return ("\n".join(lines) + "\n\n").encode()
