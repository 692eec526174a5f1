"""Finding rows by the beginnings of their words, a page at a time, at a cost that does not depend on how many match.

Rows come in the order of the word by which they were found, so an exact match comes first, and of one word the newest
first. What narrows a search besides its rarest word is asked of each candidate, and of no more than some thousand a
page: a page may hold less than was asked for, and say where to go on (docs/decisions/0015-search.md).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import OuterRef, Q, QuerySet, Subquery

from counterfoil.access.search import SearchWord, begins

MOST_EXAMINED = 1500
_COUNTED = 1000  # more need not be told apart to choose the rarest word; fewer are all examined at once


class Place(NamedTuple):
    """A row that was looked at: found by the word of this index in the search, at this word, with this key."""

    driver: int
    word: str
    pk: int


class Hits(NamedTuple):
    """Rows in order, and the place behind which there may be more, None at the end."""

    places: list[Place]
    behind: Place | None


@dataclass(frozen=True, slots=True)
class Finder:
    """What is searched: the words of a workspace, their foreign key to the rows that they stand on, which of the words
    count, and which of the rows; None for all.
    """

    table: type[SearchWord]
    row: str
    workspace_id: int
    counting: Q
    rows: QuerySet[Any] | None = None

    def find(self, prefixes: Sequence[str], *, size: int, after: Place | None = None) -> Hits:
        """At most `size` rows of which each has a word that begins so for each of `prefixes`, at least one."""
        if after is not None and not _is_of(after, prefixes):
            after = None  # the cursor of another search: this one begins
        driver, words_found = self._rarest(prefixes) if after is None else (after.driver, _COUNTED)
        if not words_found:
            return Hits([], None)
        others = [prefix for place, prefix in enumerate(prefixes) if place != driver]
        words = self._words.filter(begins(prefixes[driver]))
        narrowed = self._narrowed(words, prefixes[driver], others)
        bounded = (bool(others) or self.rows is not None) and words_found >= _COUNTED
        found: list[Place] = []
        for part, end in self._parts(words, after, bounded=bounded):
            found += self._read(narrowed.filter(part), driver, size + 1 - len(found))
            if len(found) > size:
                return Hits(found[:size], found[size - 1])
            if end is not None:
                return Hits(found, Place(driver, *end))
        return Hits(found, None)

    @property
    def _words(self) -> QuerySet[Any]:
        return self.table._default_manager.filter(self.counting, workspace_id=self.workspace_id)

    @property
    def _key(self) -> str:
        return f"{self.row}_id"

    def _read(self, words: QuerySet[Any], driver: int, most: int) -> list[Place]:
        in_order = words.order_by("word", f"-{self._key}").values_list("word", self._key)
        return [Place(driver, word, pk) for word, pk in in_order[:most]]

    def _rarest(self, prefixes: Sequence[str]) -> tuple[int, int]:
        """The index of the prefix with the fewest words, and how many, as far as they are counted."""
        if len(prefixes) == 1:
            return 0, _COUNTED
        counts = [self._words.filter(begins(prefix))[:_COUNTED].count() for prefix in prefixes]
        return counts.index(min(counts)), min(counts)

    def _narrowed(self, words: QuerySet[Any], prefix: str, others: Sequence[str]) -> QuerySet[Any]:
        """Of each row the first of the words, if the row is one of those that count and has the other words too.

        All of it is asked by scalar subqueries: no planner turns them into joins that read everything first.
        """
        mine = self.table._default_manager.filter(self.counting, **{self._key: OuterRef(self._key)}).order_by("word")
        words = words.filter(word=Subquery(mine.filter(begins(prefix)).values("word")[:1]))
        for other in others:
            words = words.filter(**{self._key: Subquery(mine.filter(begins(other)).values(self._key)[:1])})
        if self.rows is not None:
            row = self.rows.filter(pk=OuterRef(self._key)).order_by().values("pk")[:1]
            words = words.filter(**{self._key: Subquery(row)})
        return words

    def _parts(
        self, words: QuerySet[Any], after: Place | None, *, bounded: bool
    ) -> Iterator[tuple[Q, tuple[str, int] | None]]:
        """The stretches of the index that a page lies in, each without a condition that would be asked of rows before
        it; a bounded search ends at the place that comes with its last stretch.
        """
        if after is None:
            stretches = [Q()]
        else:
            stretches = [Q(("word", after.word), (f"{self._key}__lt", after.pk)), Q(word__gt=after.word)]
        for stretch in stretches:
            end = self._end(words.filter(stretch)) if bounded else None
            if end is None:
                yield stretch, None
                continue
            word, pk = end
            yield stretch & Q(word__lt=word), None
            yield stretch & Q(("word", word), (f"{self._key}__gte", pk)), end
            return

    def _end(self, words: QuerySet[Any]) -> tuple[str, int] | None:
        in_order = words.order_by("word", f"-{self._key}").values_list("word", self._key)
        return next(iter(in_order[MOST_EXAMINED : MOST_EXAMINED + 1]), None)


def _is_of(place: Place, prefixes: Sequence[str]) -> bool:
    return 0 <= place.driver < len(prefixes) and place.word.startswith(prefixes[place.driver])
