"""Per request: the store's time zone, and no page of a person in a shared cache."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.request import split_domain_port
from django.http.response import HttpResponseBase
from django.utils import timezone

from counterfoil.workspaces.queries import store_for_host


def in_store_time(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Show times as the store's clock does."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        store = store_for_host(split_domain_port(request.get_host())[0])
        request.store = store  # type: ignore[attr-defined]  # schema.identity looks here first
        with timezone.override(store.time_zone if store else None):
            response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware
