"""Subscriptions over WebSocket, at `/graphql`: the `graphql-transport-ws` protocol.

Who does not keep to the protocol is told by the close code; whatever a client sends, its connection ends in words and
not in silence.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

from django.conf import settings
from graphql import GraphQLError
from strawberry.channels import GraphQLWSConsumer
from strawberry.channels.handlers.ws_handler import ChannelsWebSocketAdapter
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    _OperationStreamClosed,
)

from counterfoil.access.viewer import anonymous
from counterfoil.events.threads import in_thread
from schema.admission import Refused, pay_for_mistake
from schema.connections import context_of, headers_of
from schema.context import Context
from schema.errors import masked, refusal
from schema.identity import BadToken
from schema.requests import BadRequest, asked, json_of, text_to_run
from schema.root import schema

INIT_WAIT = 10.0  # seconds that a client has for its `connection_init`
_MOST_REASON = 123  # bytes, by RFC 6455


class ClosesOnce(ChannelsWebSocketAdapter):
    """A connection that is over once it is closed, and whose reason fits into a frame."""

    _closed = False

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object]:
        """The client's messages, until the connection is closed by either side."""
        async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
            yield message
            if self._closed:
                return

    async def send_json(self, message: Any) -> None:
        """Send one message; nothing once the connection is closed."""
        if not self._closed:
            try:
                await super().send_json(message)
            except OSError:  # the client left
                self._closed = True

    async def close(self, code: int, reason: str) -> None:
        """Close the connection, if it is open."""
        if not self._closed:
            self._closed = True
            told = reason.encode(errors="replace")[:_MOST_REASON].decode(errors="ignore")
            await super().close(code, told)


class Operations(BaseGraphQLTransportWSHandler[Context, None]):
    """The operations of one connection."""

    async def handle_message(self, message: Any) -> None:
        """Do what one message says, if it is one of the protocol's."""
        if mistake := _mistake(message):
            await self.handle_invalid_message(mistake)
        else:
            await super().handle_message(message)

    async def handle_subscribe(self, message: Any) -> None:
        """Begin an operation, unless the connection has as many as it may."""
        most, present = settings.MOST_SUBSCRIPTIONS, self.operations
        if self.connection_acknowledged and message["id"] not in present and len(present) >= most:
            told = f"{most} operations run on this connection already, which is the most: complete one first."
            await self._refuse(message["id"], refusal(told, "TOO_MANY_SUBSCRIPTIONS"))
            return
        if self.connection_acknowledged and message["id"] not in present:
            try:
                payload = message["payload"]
                payload["query"] = await in_thread(text_to_run, asked(payload), self.context.viewer.workspace_id)
            except BadRequest as bad:
                await self._refuse(message["id"], *await in_thread(_paid_for, bad, self.context))
                return
        await super().handle_subscribe(message)

    async def _refuse(self, operation: str, *errors: GraphQLError) -> None:
        told = [error.formatted for error in errors]
        await self.send_message({"id": operation, "type": "error", "payload": told})

    async def _send_result_stream(self, operation: Any, result_source: Any) -> None:
        try:
            await super()._send_result_stream(operation, result_source)
        except _OperationStreamClosed:
            raise
        except Exception as error:  # outside of resolvers; Strawberry would complete the operation in silence
            await operation.send_initial_errors([masked(error)])


def _paid_for(bad: BadRequest, context: Context) -> list[GraphQLError]:
    """What is told of an operation that is none, or that there is no budget left for that either."""
    try:
        pay_for_mistake(context)
    except Refused as refused:
        return refused.errors
    return [refusal(bad.message, bad.code)]


# What an operation says of itself, and as what.
_OPERATION: tuple[tuple[str, Any, str], ...] = (
    ("query", str | None, "string"),
    ("documentId", str | None, "string"),
    ("variables", dict | None, "object"),
    ("extensions", dict | None, "object"),
    ("operationName", str | None, "string"),
)


def _mistake(message: Any) -> str | None:
    """What is wrong with a message; None for one of the protocol's."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message is a JSON object with a type"
    if message["type"] in {"subscribe", "complete"} and not isinstance(message.get("id"), str):
        return "An operation has an id, which is a string"
    if message["type"] != "subscribe":
        return None
    payload = message.get("payload")
    if not isinstance(payload, dict):
        return "The payload must be an object"
    if payload.get("query") is None and payload.get("documentId") is None:
        return "The payload's query must be of the type string"
    wrong = ((name, kind) for name, wanted, kind in _OPERATION if not isinstance(payload.get(name), wanted))
    return next((f"The payload's {name} must be of the type {kind}" for name, kind in wrong), None)


class SubscriptionsOverWebSocket(GraphQLWSConsumer[Context, None]):
    """Answers one connection. The token comes in the handshake's header or in `connection_init`."""

    websocket_adapter_class = ClosesOnce
    graphql_transport_ws_handler_class = Operations

    async def connect(self) -> None:
        """Begin to answer."""
        self.connection_init_wait_timeout = timedelta(seconds=INIT_WAIT)
        self.run_task = asyncio.create_task(self._answer())

    async def _answer(self) -> None:
        try:
            await self.run(self)
        except Exception as error:
            told = masked(error).message
            with contextlib.suppress(RuntimeError, OSError):  # it is closed already, or the client left
                await self.close(4500, told)

    def decode_json(self, data: str | bytes) -> object:
        """One message. Raises `JSONDecodeError` for whatever can't be read."""
        try:
            return json_of(data.encode(errors="replace") if isinstance(data, str) else data, "A message")
        except BadRequest as bad:
            raise json.JSONDecodeError(bad.message, "", 0) from None

    async def get_context(self, request: Any, response: Any) -> Context:
        """A context that is filled in once the connection is initialised."""
        return Context(viewer=anonymous(0), still_valid=lambda: False)

    async def on_ws_connect(self, context: Context) -> Any:
        """Find out who connects; close with 4403 when the token opens nothing."""
        headers = headers_of(self.scope)
        given = context.connection_params.get("authorization") or context.connection_params.get("Authorization")
        try:
            found = await in_thread(context_of, self.scope, str(given or headers.get("authorization", "")))
        except BadToken as error:
            raise ConnectionRejectionError from error
        context.viewer, context.still_valid, context.credential = found.viewer, found.still_valid, found.credential
        context.payer = found.payer
        return await super().on_ws_connect(context)


subscriptions_over_websocket = SubscriptionsOverWebSocket.as_asgi(
    schema=schema, subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,), max_subscriptions_per_connection=None
)
