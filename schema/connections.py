"""What every connection that stays open shares: who is on it, for how long, and how it says what nobody expected."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from graphql import GraphQLError

from schema.context import Context
from schema.identity import BadToken, bearer_context, store_of
from schema.root import MaskUnexpected

type Scope = dict[str, Any]
type Receive = Callable[[], Any]
type Send = Callable[[dict[str, Any]], Any]


class NoStore(BadToken):
    """No store answers to the host, so no token opens anything."""


def headers_of(scope: Scope) -> dict[str, str]:
    """The request's headers by their names in small letters; whatever bytes they are made of, they can be read."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def context_of(headers: Mapping[str, str], authorization: str) -> Context:
    """The context of a stream. Raises `BadToken`, and `NoStore` where no store answers."""
    store = store_of(headers.get("host", ""))
    if store is None:
        raise NoStore
    return bearer_context(authorization, store.workspace_id)


def masked(error: Exception) -> GraphQLError:
    """What is told of an error that nobody expected: a reference, under which it is logged in full."""
    return MaskUnexpected().anonymise_error(GraphQLError("", original_error=error))


async def while_there(answer: Coroutine[Any, Any, None], receive: Receive, send: Send) -> None:
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
