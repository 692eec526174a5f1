"""Requests to the site within this process, every middleware included, and what they cost it."""

import io
import time
from collections.abc import Callable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler

from counterfoil.site.bench.streams import HOST

type Cost = dict[str, float]


class Site:
    """Django's own WSGI handler, in this thread."""

    def __init__(self) -> None:
        self._handler = WSGIHandler()

    def ask(self, address: str, body: bytes = b"", **more: str) -> tuple[int, bytes]:
        """Status and content of the answer to one request: a POST if it has a body. `more` is of its environment."""
        path, _, query = address.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST" if body else "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": HOST,
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": HOST,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            **more,
        }
        response = self._handler(environ, _ignore)
        told = b"".join(response)
        response.close()
        return response.status_code, told


def cost(ask: Callable[[], object], requests: int) -> Cost:
    """Milliseconds of CPU and wall time a request, over so many."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(requests):
        ask()
    return {
        "cpu_ms": (time.process_time() - cpu) / requests * 1000,
        "wall_ms": (time.perf_counter() - wall) / requests * 1000,
    }


def _ignore(*_: object) -> Callable[[bytes], object]:
    """WSGI's `start_response`: the handler's answer has the status too."""
    return bytes
