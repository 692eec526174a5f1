"""Pages, queries and mutations: Django's WSGI handler in a pool of threads that keep their database connections.

Every view is synchronous. Django's own ASGI handler makes a thread and, on SQLite, a connection for each request, and
leaves both to the garbage collector (its ticket 36700): twice the CPU for a small request (docs/decisions/0008).
"""

from typing import Any

from a2wsgi import WSGIMiddleware
from django.conf import settings

_THREADS = 10


def in_threads(handler: Any) -> Any:
    """The ASGI application of a WSGI handler."""
    answer: Any = WSGIMiddleware(handler, workers=_THREADS)

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        # Read to its end before a thread has to do with it: however slowly it comes, it holds none up.
        body = await _body(receive)
        if body is None:
            return
        if len(body) > settings.MOST_REQUEST_BYTES:
            await _refuse(send)
            return
        # Environment variables can't tell `X_Forwarded_For` from `X-Forwarded-For`, so only the latter gets there.
        headers = [header for header in scope["headers"] if b"_" not in header[0] and header[0] != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))

        async def replay() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        await answer({**scope, "headers": headers}, replay, send)

    return application


async def _body(receive: Any) -> bytes | None:
    """The request's body, or so much of it that it is too large; None when the client leaves before its end."""
    body = bytearray()
    while len(body) <= settings.MOST_REQUEST_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)


async def _refuse(send: Any) -> None:
    told = f"This is too large: {settings.MOST_REQUEST_BYTES:,} bytes is the most.\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(told)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": told})
