"""What the pages of this UI may watch, and the poll for pages that can't have a stream."""

from collections.abc import Collection

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from schema import client


def watch(request: HttpRequest, topics: Collection[str]) -> client.Watch | None:
    """The topics among these that the request may watch; None for none."""
    return client.staff_watch(request, topics)


@require_safe
def poll(request: HttpRequest) -> JsonResponse:
    """What the live stream would have told since the position `after`; 403 for nobody, 400 for no position."""
    watched = watch(request, request.GET.getlist("topics")[:200])
    if watched is None:
        return JsonResponse({"error": "Nothing to watch here: sign in again."}, status=403)
    after = request.GET.get("after", "")
    if not (after.isascii() and after.isdigit() and len(after) <= 18):
        return JsonResponse({"error": "“after” is a position: a whole number of at most 18 digits."}, status=400)
    return JsonResponse(client.poll(watched, int(after)))
