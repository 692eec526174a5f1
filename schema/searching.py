"""Connections over what a search found: in the order of the words by which it was found.

Their cursors say at which word a row was found, so they belong to the search that gave them; under another search, one
begins that search. A page of a search that is narrowed may hold fewer rows than asked for and yet not be the last: its
`endCursor` says where to go on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterfoil.access.finding import Finder, Place
from counterfoil.access.search import LONGEST_WORD, words_to_look_for
from counterfoil.access.text import storable
from schema.relay import Connection, bad_cursor, cursor_of, page_size, parts_of


@dataclass(frozen=True, slots=True)
class FoundPage:
    """What a connection over found rows knows besides them: each row's place, by its key, and where to go on."""

    name: str
    places: Mapping[int, Place]
    behind: Place | None
    has_previous: bool

    @property
    def has_next(self) -> bool:
        """Whether there may be more."""
        return self.behind is not None

    @property
    def end(self) -> str | None:
        """The cursor to go on behind, which may lie behind the last row."""
        return None if self.behind is None else cursor_of(self.name, *self.behind)

    def cursor(self, row: Any) -> str:
        """The cursor of one of its rows."""
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
    size, place = page_size(first), _place(name, after)
    words = words_to_look_for(search)
    if not words:
        return Connection(nodes=[], page=FoundPage(name, {}, None, after is not None))
    hits = finder.find(words, size=size, after=place)
    places = {hit.pk: hit for hit in hits.places}
    rows = {row.pk: row for row in read(list(places))} if places else {}
    nodes = [rows[pk] for pk in places if pk in rows]
    return Connection(nodes=nodes, page=FoundPage(name, places, hits.behind, after is not None))


def _place(name: str, cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    driver, word, pk = parts_of(cursor, name, int, str, int)
    if not (driver >= 0 and len(word) <= LONGEST_WORD and storable(word)):
        raise bad_cursor()
    return Place(driver, word, pk)
