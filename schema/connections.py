"""What every connection that stays open shares: who is on it, and for how long."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from schema.context import Context
from schema.identity import BadToken, bearer_context, network_of_address, store_of

type Scope = dict[str, Any]
type Receive = Callable[[], Any]
type Send = Callable[[dict[str, Any]], Any]


class NoStore(BadToken):
    """No store answers to the host, so no token opens anything."""


def headers_of(scope: Scope) -> dict[str, str]:
    """The request's headers by their names in small letters; whatever bytes they are made of, they can be read."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def context_of(scope: Scope, authorization: str) -> Context:
    """The context of a stream. Raises `BadToken`, and `NoStore` where no store answers."""
    store = store_of(headers_of(scope).get("host", ""))
    if store is None:
        raise NoStore
    address = scope["client"][0] if scope.get("client") else ""
    return bearer_context(authorization, store.workspace_id, network=network_of_address(address))


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
