"""Security headers for what does not come through Django's middleware: static files, streams, and refusals of ours."""

from typing import Any

from django.conf import settings


def _headers() -> list[tuple[bytes, bytes]]:
    told = {
        "content-security-policy": "frame-ancestors 'none'",
        "cross-origin-opener-policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "referrer-policy": settings.SECURE_REFERRER_POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": settings.X_FRAME_OPTIONS,
    }
    if settings.SECURE_HSTS_SECONDS:
        told["strict-transport-security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
    return [(name.encode(), str(value).encode()) for name, value in told.items()]


def with_headers(answer: Any) -> Any:
    """The ASGI application, each answer of which has the headers; those that it has already stay as they are."""
    headers = _headers()

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def send_with_headers(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                missing = [header for header in headers if header[0] not in names]
                message = {**message, "headers": [*given, *missing]}
            await send(message)

        await answer(scope, receive, send_with_headers if scope["type"] == "http" else send)

    return application
