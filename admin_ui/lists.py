"""Lists that one searches and narrows: the words, the address of a narrowed list, and what was found."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from schema import client


def words_of(request: HttpRequest) -> str:
    """The words that the address asks for, as one would write them."""
    return " ".join(request.GET.get("q", "").replace("\0", " ").split())


def address_of(route: str, **given: str) -> str:
    """The address of a list, with what narrows it; what is empty does not stand in it."""
    narrowed = {name: value for name, value in given.items() if value}
    return reverse(route) + (f"?{urlencode(narrowed)}" if narrowed else "")


def how_many(listed: dict[str, Any], what: str, several: str = "") -> str:
    """What a screen reader says of a search's result; `what` is the singular, `several` a plural without s."""
    count, many = len(listed["nodes"]), several or f"{what}s"
    if listed["pageInfo"]["hasNextPage"]:
        return f"More than {count} {many} found" if count else f"No {what} found yet; there may be more"
    return {0: f"No {what} found", 1: f"1 {what} found"}.get(count, f"{count} {many} found")


def chips(
    route: str, now: Mapping[str, str], name: str, labels: Mapping[str, str], *, undo: bool = True
) -> list[dict[str, Any]]:
    """The values that a list is narrowed by under this name, each with the address of its list; with `undo` the one
    that is chosen leads back to all.
    """
    chosen = now.get(name, "")
    return [
        {
            "label": label,
            "is_chosen": value == chosen,
            "address": address_of(route, **{**now, name: "" if undo and value == chosen else value, "after": ""}),
        }
        for value, label in labels.items()
    ]


def corrected(viewer: client.Viewer, operation: client.Operation, search: str) -> str:
    """The words that somebody may have meant who found nothing by these; empty where none are near."""
    if "customers:read" not in client.allowed(viewer):
        return ""
    return str(client.run(viewer, operation, {"search": search})["searchCorrection"] or "")
