"""What the pages of this UI may watch."""

from collections.abc import Collection

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from schema import client

_MOST_TOPICS = 200


def watch(request: HttpRequest, topics: Collection[str]) -> client.Watch | None:
    """The topics among these that the request may watch; None for none."""
    return client.portal_watch(request, topics)


@require_safe
def poll(request: HttpRequest) -> HttpResponse:
    """What happened to the `topics` since position `after`, for pages that can't hold a stream: see `client.poll`.
    `ended` are the topics that may not be watched, or not any more.
    """
    after = request.GET.get("after", "")
    if not (after.isascii() and after.isdigit() and len(after) <= 18):
        return JsonResponse({"error": "Give `after`, a position: up to 18 digits, as the page got it."}, status=400)
    topics = request.GET.getlist("topics")[:_MOST_TOPICS]
    watched = watch(request, topics)
    if watched is None:
        return JsonResponse({"error": "Nothing to watch here: open the page again."}, status=403)
    return JsonResponse({**client.poll(watched, int(after)), "ended": sorted(set(topics) - watched.topics)})
