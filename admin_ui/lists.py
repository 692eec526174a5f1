"""Lists that one searches: the words, the address of a list that is narrowed, and what was found."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode


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
        return f"More than {count} {many} found"
    return {0: f"No {what} found", 1: f"1 {what} found"}.get(count, f"{count} {many} found")
