"""Search in the documentation: by names first, then by what descriptions say."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from django.urls import reverse

from schema.docs.reference import ROOTS, Type, types
from schema.docs.tasks import TASKS
from schema.root import schema

MOST_CHARACTERS = 300
MOST_FOUND = 60
_WITHIN = ("field", "argument", "value")  # of two that fit alike, what stands for itself comes first


class Entry(NamedTuple):
    """Something that can be found. `inside` is what it belongs to: `Order`, `orders(…)`."""

    kind: str
    name: str
    inside: str
    about: str
    address: str


class Found(NamedTuple):
    """The best entries, and how many there are in all."""

    entries: list[Entry]
    total: int
    too_long: bool = False


class _Indexed(NamedTuple):
    entry: Entry
    name: str
    parts: tuple[str, ...]  # the words of a name: ship, Order
    words: str


def search(query: str) -> Found:
    """What has every word of the query: exact names first, then names that begin so, their words, and descriptions."""
    words = list(dict.fromkeys(query.casefold().split()))
    if len(query) > MOST_CHARACTERS:
        return Found([], 0, too_long=True)
    if not words:
        return Found([], 0)
    ranked = []
    for at, one in enumerate(_index()):
        rank = _ranked(one, words)
        if rank is not None:
            ranked.append((rank, one.entry.kind in _WITHIN, one.entry.name != query, len(one.name), at, one.entry))
    ranked.sort(key=lambda found: found[:5])
    return Found([entry for *_, entry in ranked[:MOST_FOUND]], len(ranked))


def _ranked(one: _Indexed, words: Sequence[str]) -> int | None:
    """How well all words fit together; None where one does not stand at all."""
    total = 0
    for word in words:
        rank = _rank(one, word)
        if rank is None:
            return None
        total += rank
    return total


def _rank(one: _Indexed, word: str) -> int | None:
    """How well a word fits, 0 best; None where it does not stand at all."""
    if one.name == word:
        return 0
    if one.name.startswith(word):
        return 1
    if any(part.startswith(word) for part in one.parts):
        return 2
    if word in one.name:
        return 3
    return 4 if word in one.words else None


@cache
def _index() -> tuple[_Indexed, ...]:
    return tuple(
        _Indexed(entry, entry.name.casefold(), _parts(entry.name), f"{entry.inside} {entry.about}".casefold())
        for entry in _entries()
    )


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.casefold() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^\W_A-Z]+", name))


def _entries() -> Iterator[Entry]:
    for task in TASKS:
        yield Entry("task", task.title, "", task.about, reverse("graphql_docs:task", args=[task.slug]))
    for one in types().values():
        if one.name not in ROOTS.values():
            yield Entry(one.kind, one.name, "", one.summary, reverse("graphql_docs:type", args=[one.name]))
        yield from _entries_of(one)


def _entries_of(one: Type) -> Iterator[Entry]:
    """The fields, arguments and values of a type. Descriptions are taken as they were written, without markup."""
    source = schema._schema.type_map[one.name]
    section = next((section for section, root in ROOTS.items() if root == one.name), "")
    page = reverse("graphql_docs:section", args=[section]) if section else reverse("graphql_docs:type", args=[one.name])
    kind = {"queries": "query", "mutations": "mutation", "subscriptions": "subscription"}.get(section, "field")
    inside = "" if section else one.name
    for name, field in getattr(source, "fields", {}).items():
        address = f"{page}#{name}"
        yield Entry(kind, name, inside, field.description or "", address)
        for argument, given in getattr(field, "args", {}).items():
            where = f"{inside}.{name}" if inside else name
            yield Entry("argument", argument, where, given.description or "", address)
    for name, value in getattr(source, "values", {}).items():
        yield Entry("value", name, one.name, value.description or "", f"{page}#{name}")
