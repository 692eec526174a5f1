"""Connections over what a search found: in the order of the words by which it was found.

Their cursors say at which word a row was found, so they belong to the search that gave them; under another search, one
begins that search. A page of a search that is narrowed may hold fewer rows than asked for and yet not be the last: its
`endCursor` says where to go on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterfoil.access.finding import Finder, Place
from counterfoil.access.search import words_to_look_for
from schema.relay import Connection, Page, cursor_of, page_size, parts_of


@dataclass(frozen=True, slots=True)
class Found:
    """The order of what one search found: each row's place, by its key. `name` stands in every cursor."""

    name: str
    places: Mapping[int, Place]

    def encode(self, row: Any) -> str:
        """A row's cursor."""
        return cursor_of(self.name, *self.places[row.pk])


def found_by(
    search: str,
    finder: Finder,
    read: Callable[[Sequence[int]], Sequence[Any]],
    *,
    name: str,
    first: int,
    after: str | None,
) -> Connection[Any]:
    """A page of what `search`, which is not empty, finds; `read` gives the rows of some keys, in any order."""
    size = page_size(first)
    place = None if after is None else Place(*parts_of(after, name, int, str, int))
    words = words_to_look_for(search)
    if not words:
        return Connection(nodes=[], page=Page(Found(name, {}), has_next=False, has_previous=after is not None))
    hits = finder.find(words, size=size, after=place)
    places = {hit.pk: hit for hit in hits.places}
    rows = {row.pk: row for row in read(list(places))} if places else {}
    page = Page(
        keyset=Found(name, places),
        has_next=hits.behind is not None,
        has_previous=after is not None,
        end=None if hits.behind is None else cursor_of(name, *hits.behind),
    )
    return Connection(nodes=[rows[pk] for pk in places if pk in rows], page=page)
