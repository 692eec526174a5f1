"""Sibling batching: the rows of one result share what they load.

The first row that needs its lines loads the lines of all its siblings in one query. So the number of SQL statements
depends on the shape of the operation, never on the number of rows. The same field under two aliases with the same
arguments shares a load; other arguments are another load.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any


class Siblings:
    """The rows of one result, by a key of theirs, and what was loaded for all of them."""

    __slots__ = ("_loaded", "keys")

    def __init__(self) -> None:
        self.keys: dict[str, list[int]] = {}
        self._loaded: dict[Hashable, Mapping[int, Any]] = {}

    def load[T](self, what: Hashable, of: str, key: int, load: Callable[[Sequence[int]], Mapping[int, T]]) -> T | None:
        """What `load` gives for `key`, loaded at once for the keys named `of` of all siblings; None for nothing."""
        if what not in self._loaded:
            self._loaded[what] = load(self.keys[of])
        return self._loaded[what].get(key)

    def share(self, rows: Sequence[Any], *attributes: str) -> None:
        """Make these rows the siblings: note the keys that batches are loaded by."""
        for attribute in attributes:
            self.keys[attribute] = list(dict.fromkeys(getattr(row, attribute) for row in rows))
