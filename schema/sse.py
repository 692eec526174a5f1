"""Subscriptions over server-sent events, at `/graphql`: the `graphql-sse` protocol with a connection an operation.

A request that fails before it begins to run is answered in JSON, with the status that tells why; from then on the
answer is a stream, whose end is a `complete`.
"""

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any, ClassVar

from channels.exceptions import StopConsumer
from django.conf import settings
from django.http import HttpResponse
from graphql import GraphQLError
from strawberry.channels import GraphQLHTTPConsumer
from strawberry.channels.handlers.http_handler import ChannelsRequest, ChannelsRequestAdapter, ChannelsResponse
from strawberry.http import GraphQLRequestData
from strawberry.http.streaming import HTTPStreamTransport, SSETransport
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL
from strawberry.types.unset import UNSET

from counterfoil.events.threads import in_thread
from schema.broadcasts import Broadcast, Member, TooSlow
from schema.connections import NoStore, Receive, Scope, Send, context_of, headers_of, while_there
from schema.context import Context
from schema.errors import masked
from schema.http import error_reply, not_begun, refuse, refused_token
from schema.identity import BadToken
from schema.requests import BadRequest, read, text_to_run, too_large
from schema.root import schema
from schema.sharing import frozen

_TOKEN_OF_SHARED_STREAM = "x-graphql-event-stream-token"  # noqa: S105 (a header's name)


def wants_stream(scope: Scope) -> bool:
    """Whether a request accepts server-sent events."""
    accepted = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")
    return any(kind.partition(";")[0].strip().lower() == "text/event-stream" for kind in accepted.split(","))


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


class AnyBytes(ChannelsRequestAdapter):
    """A request whose headers may be no UTF-8."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers by their names in small letters."""
        return headers_of(self.request.consumer.scope)

    @property
    def content_type(self) -> str | None:
        """The kind of the body, as the client says."""
        return self.headers.get("content-type")


class NotBegun(Exception):
    """An operation that failed before it ran: it can't be parsed, or is not valid, or its variables don't fit."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


class SubscriptionsOverSSE(GraphQLHTTPConsumer[Context, None]):
    """Answers one request by a stream."""

    request_adapter_class = AnyBytes
    stream_transport_classes_by_protocol: Mapping[str, type[HTTPStreamTransport]] = {GRAPHQL_SSE_PROTOCOL: ResumableSSE}
    _received = 0
    _first: "asyncio.Task[Any] | None" = None
    _asked: Hashable = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection. Channels does not listen while it answers; we must, to notice a client that left."""
        self.receive = receive
        await super().__call__(scope, receive, send)

    async def http_request(self, message: dict[str, Any]) -> None:
        """Take in a part of the body, or let it pass by when that is too large: who still sends reads no refusal."""
        self._received += len(message.get("body", b""))
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if self._received > most:
            self.body.clear()
            if message.get("more_body") and self._received <= settings.MOST_REQUEST_BYTES:
                return
            bad = too_large()
            refused = error_reply(bad.message, code=bad.code, status=bad.status)
            await self._reply(refused, (b"Connection", b"close"))
            raise StopConsumer
        await super().http_request(message)

    async def handle(self, body: bytes) -> None:
        """Answer one stream; a token that opens nothing is refused before it begins."""
        headers = headers_of(self.scope)
        try:
            self.context = await in_thread(context_of, self.scope, headers.get("authorization", ""))
        except NoStore:
            await self._reply(error_reply("No store answers to this host name.", code="NOT_FOUND", status=404))
            return
        except BadToken:
            await self._reply(refused_token())
            return
        except Exception as error:
            await self._reply(not_begun([masked(error)]))
            return
        last = headers.get("last-event-id", "")
        self.context.resume_after = int(last) if last.isascii() and last.isdigit() and len(last) <= 18 else None
        self.context.beat = partial(self.send_body, b": beat\r\n\r\n", more_body=True)
        try:
            await while_there(super().handle(body), self.receive, self.base_send)
        finally:
            await self._forget_first()

    async def send_body(self, body: bytes, *, more_body: bool = False) -> None:
        """Send a part of the answer; at each frame of each stream, so by the shortest way."""
        await self.base_send({"type": "http.response.body", "body": body, "more_body": more_body})

    async def _reply(self, reply: HttpResponse, *more: tuple[bytes, bytes]) -> None:
        headers = [(name.encode(), value.encode()) for name, value in reply.items()]
        await self.send_response(reply.status_code, reply.content, headers=[*headers, *more])

    async def run(self, request: Any, context: Any = UNSET, root_value: Any = UNSET) -> Any:
        """The answer to a request; a refusal is JSON."""
        try:
            return await super().run(request, context, root_value)
        except BadRequest as bad:
            return _as_answer(await in_thread(refuse, bad, self.context))
        except NotBegun as refusal:
            return _as_answer(not_begun(refusal.errors))
        except Exception as error:
            return _as_answer(not_begun([masked(error)]))

    async def parse_http_body(self, request: Any) -> Any:
        """What is asked. Raises `BadRequest`."""
        headers = headers_of(self.scope)
        if _TOKEN_OF_SHARED_STREAM in headers:
            told = "There is no single connection mode here: each operation has a stream of its own (distinct mode)."
            raise BadRequest(told)
        body = await request.get_body()
        asked = read(self.scope["method"], headers.get("content-type", ""), body, request.query_params)
        text = await in_thread(text_to_run, asked, self.context.viewer.workspace_id)
        # Who asks the same with the same credential is told the same.
        self._asked = (text, asked.operation_name, frozen(asked.variables), self.context.credential)
        return GraphQLRequestData(text, asked.variables, asked.operation_name, None, protocol="sse")

    def is_request_allowed(self, request: Any) -> bool:
        """Whether the method is one of the protocol's: `parse_http_body` says that in words."""
        return True

    async def execute_operation(self, *args: Any, **asked: Any) -> Any:
        """The operation's results, once it runs. Raises `NotBegun` when it never will."""
        results: Any = await super().execute_operation(*args, **asked)
        begun = False
        decided = asyncio.Event()

        def begin() -> None:
            nonlocal begun
            begun = True
            decided.set()

        self.context.on_begin = begin
        # The first result may be a long time coming, but whether it is a refusal is known before the operation runs.
        self._first = asyncio.create_task(_next(results), context=_present_context())
        self._first.add_done_callback(lambda _: decided.set())
        try:
            await decided.wait()
        except asyncio.CancelledError:
            await self._forget_first()
            raise
        if not begun and (first := self._first.result()) is not _END:
            await results.aclose()
            raise NotBegun(first.errors or [])
        return results

    async def _forget_first(self) -> None:
        if self._first is not None:
            self._first.cancel()
            await asyncio.gather(self._first, return_exceptions=True)
            self._first = None

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
            try:
                value = await self._first if self._first else _END
                self._first = None  # a stream may be open for days
                while value is not _END:
                    position, frame = await self._told(request, value, transport)
                    yield frame
                    member = None if position is None else await self._share(position, request, result, transport)
                    if member is not None:
                        async for told in member.frames():
                            yield told
                        break
                    value = await anext(result, _END)
            except TooSlow:
                return  # without a `complete`: the client comes back
            except Exception as error:
                yield self._failure(error, transport)
            yield transport.encode_complete()

        return frames

    async def _told(self, request: ChannelsRequest, value: Any, transport: Any) -> tuple[int | None, str]:
        """A result's position and its frame."""
        response, _ = await self._process_stream_result(request, value, [])
        position: Any = (response.get("extensions") or {}).get("position")
        return int(position) if position else None, transport.encode_next(response, self.encode_json_string)

    def _failure(self, error: Exception, transport: Any) -> str:
        told = {"data": None, "errors": [masked(error).formatted]}
        frame: str = transport.encode_next(told, self.encode_json_string)
        return frame

    async def _share(self, after: int, request: ChannelsRequest, result: Any, transport: Any) -> Member | None:
        """Go on as a member of what is told to all who ask the same, if that can be from here."""
        broadcast = Broadcast.find(self._asked, after)
        if broadcast is not None:
            member = broadcast.join(after)
            await result.aclose()
            return member
        broadcast = Broadcast.begin(self._asked, after)
        if broadcast is None:
            return None

        async def rest() -> AsyncGenerator[tuple[int | None, str]]:
            try:
                async with aclosing(result):
                    async for value in result:
                        yield await self._told(request, value, transport)
            except Exception as error:
                yield None, self._failure(error, transport)

        member = broadcast.join(after)
        self.context.beat = broadcast.beat
        broadcast.run(rest())
        return member


_END = object()


def _present_context() -> contextvars.Context:
    task = asyncio.current_task()
    return task.get_context() if task else contextvars.copy_context()


async def _next(results: AsyncGenerator[Any]) -> Any:
    return await anext(results, _END)


def _as_answer(reply: HttpResponse) -> ChannelsResponse:
    headers = {name.encode(): value.encode() for name, value in reply.items()}
    return ChannelsResponse(reply.content, reply.status_code, headers=headers)


subscriptions_over_sse = SubscriptionsOverSSE.as_asgi(
    schema=schema, graphql_ide=None, allow_queries_via_get=True, subscription_protocols=(GRAPHQL_SSE_PROTOCOL,)
)
