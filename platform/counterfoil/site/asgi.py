"""The ASGI application: Django for pages and GraphQL, the schema's own applications for streams."""

import os
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError
from servestatic import ServeStaticASGI

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "counterfoil.site.settings")
_django = get_wsgi_application()

from admin_ui.live import watch as staff_watch  # noqa: E402  (Django must be set up first)
from counterfoil.events.feed import Feed  # noqa: E402
from counterfoil.partners.usage import written_now_and_then  # noqa: E402
from counterfoil.site.headers import with_headers  # noqa: E402
from counterfoil.site.threads import in_threads  # noqa: E402
from portal_ui.live import watch as guest_watch  # noqa: E402
from schema.live import nudges  # noqa: E402
from schema.sse import subscriptions_over_sse, wants_stream  # noqa: E402
from schema.websocket import subscriptions_over_websocket  # noqa: E402

# Collected files come compressed and with their hash in the name, to be kept for ever; in debug mode they come from
# the source folders.
_answer = in_threads(_django)
_static: Any = _answer
if settings.DEBUG:
    _static = ASGIStaticFilesHandler(_answer)
elif settings.STATIC_ROOT.is_dir():
    _static = ServeStaticASGI(_answer, root=settings.STATIC_ROOT, prefix=settings.STATIC_URL)

_NUDGES = {"/live": nudges(guest_watch), "/admin/live": nudges(staff_watch)}


async def _hand_on(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Hand a connection to whoever answers it."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        if scope["path"] == "/graphql":
            await subscriptions_over_websocket(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 4404})
    elif scope["path"] in _NUDGES and scope["method"] == "GET":
        await _NUDGES[scope["path"]](scope, receive, send)
    elif scope["path"] == "/graphql" and wants_stream(scope):
        await subscriptions_over_sse(scope, receive, send)
    elif scope["path"].startswith(settings.STATIC_URL):
        await _static(scope, receive, send)
    else:
        await _answer(scope, receive, send)


application = with_headers(_hand_on)


async def _lifespan(receive: Any, send: Any) -> None:
    await receive()  # startup
    try:
        await Feed.here()
    except DatabaseError as error:
        await send({"type": "lifespan.startup.failed", "message": f"The database can't be used: {error}"})
        return
    async with written_now_and_then():
        await send({"type": "lifespan.startup.complete"})
        await receive()  # shutdown
    await Feed.stop_here()
    await send({"type": "lifespan.shutdown.complete"})
