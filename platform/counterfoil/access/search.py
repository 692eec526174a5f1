"""Finding rows by the words on them: what those words are, and the columns that hold them.

Each kind of row that is searched has a table of its words, folded, a row each. Whoever types the beginning of a word
finds its rows by a range of an index, in the order of that index, however many there are
(docs/decisions/0015-search.md).
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q

from counterfoil.access.tenancy import TenantModel
from counterfoil.access.text import LONGEST_SEARCH, MOST_WORDS, folded, storable

LONGEST_WORD = 40
_LAST = "\U0010ffff"  # behind every character in the order of bytes
_MOST_PARTS = 24  # of one word: a whole name in a script that is written without spaces, mostly
_JOINING = "-_@/:+"  # whoever has typed “a-” looks for “a-100”, and not for “ana”
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"})
# Scripts whose words are written one behind the other: Thai, Lao, Tibetan, Burmese, Khmer, Kana, Han, Yi.
_WITHOUT_SPACES = re.compile("[฀-࿿က-႟ក-៿぀-ヿㇰ-ㇿ㐀-鿿ꀀ-꓏豈-﫿\U00020000-\U0003ffff]")


class WordField(models.CharField):  # type: ignore[type-arg]
    """A text that is compared by its bytes on every database: PostgreSQL's own languages would sort it otherwise."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        """The column; SQLite compares by bytes anyway."""
        parameters = super().db_parameters(connection)
        return {**parameters, "collation": "C"} if connection.vendor == "postgresql" else parameters


class SearchWord(TenantModel):
    """A word of a row, cut to 40 characters. A subclass says of which row, each word once, and is indexed by both."""

    # Its table's indexes begin with it, or with the row: one for it alone would only cost.
    workspace = models.ForeignKey("workspaces.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False)
    word = WordField(max_length=LONGEST_WORD)

    class Meta(TenantModel.Meta):
        abstract = True

    def __str__(self) -> str:
        return str(self.word)


def words_to_find(text: str) -> set[str]:
    """What a name is found by: its words, and what follows a sign within one, so that “Harbour-Café” is found by
    “café”. Where a script has no spaces each character begins a word.
    """
    found: set[str] = set()
    for word in _words(text):
        found.update(word[place : place + LONGEST_WORD] for place in _beginnings(word))
        if "'" in word:
            found.add(word.replace("'", "")[:LONGEST_WORD])
    return found


def words_of_address(address: str) -> set[str]:
    """What a mail address is found by: the whole, and what follows a sign in it, but for the last label of its domain,
    which half of all addresses share.
    """
    word = folded(address).strip()
    last = word.rfind(".") + 1
    places = [place for place in _beginnings(word) if place != last or place == 0]
    return {word[place : place + LONGEST_WORD] for place in places}


def words_to_look_for(search: str) -> list[str] | None:
    """The folded words that somebody looks for, each once, the first ten. None where there are none to find: text that
    no database holds, too much of it, or nothing but signs.
    """
    if not storable(search) or len(search) > LONGEST_SEARCH:
        return None
    words = list(dict.fromkeys(word[:LONGEST_WORD] for word in _words(search, _JOINING)))[:MOST_WORDS]
    return words or (None if search.strip() else [])


def begins(prefix: str, field: str = "word") -> Q:
    """The rows whose word begins so, as a range that an index serves."""
    return Q((f"{field}__gte", prefix), (f"{field}__lt", prefix + _LAST))


def _words(text: str, joining: str = "") -> Iterable[str]:
    """The folded words of a text, without signs around them, but for those at their ends that join them to more."""
    for piece in folded(text.translate(_APOSTROPHES)).split():
        places = [place for place, character in enumerate(piece) if _is_letter(character)]
        if places:
            word = piece[places[0] : places[-1] + 1]
            following = piece[places[-1] + 1 :]
            yield word + following[: len(following) - len(following.lstrip(joining))] if joining else word


def _beginnings(word: str) -> list[int]:
    """The places in a word at which one may begin to type: the first, and those behind a sign."""
    places, before = [], ""
    for place, character in enumerate(word):
        if _is_letter(character) and (
            not before or not _is_letter(before) or (_stands_alone(character) and not _is_mark(character))
        ):
            places.append(place)
        before = character
    return places[:_MOST_PARTS]


@lru_cache(4096)
def _is_letter(character: str) -> bool:
    """Letters and digits, and the marks that are parts of letters in the scripts of India and elsewhere."""
    return character.isalnum() or _is_mark(character)


@lru_cache(4096)
def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def _stands_alone(character: str) -> bool:
    return not character.isascii() and bool(_WITHOUT_SPACES.match(character))
