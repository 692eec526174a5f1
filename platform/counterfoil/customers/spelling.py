"""Names that were mistyped: the nearest of those that there are.

Candidates share sequences of three letters with what was typed: PostgreSQL's pg_trgm finds them, and on SQLite an FTS5
table of trigrams. Which of them is meant is decided alike: by how many letters are wrong, missing, too many or swapped.
"""

import re
from typing import Any

from django.db import connection

from counterfoil.access.policy import Permission, require
from counterfoil.access.search import LONGEST_WORD, begins, words_to_look_for
from counterfoil.access.text import folded
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import CustomerWord, NameWord

_SHORTEST = 4
_LONG = 6  # from here on two mistakes leave enough of the word
_CANDIDATES = 60
_LOOKED_AT = 2000  # rows that the rarest trigrams of a word may lead to on SQLite
_NAMES = re.compile(rf"[^\W\d_]{{{_SHORTEST},{LONGEST_WORD}}}")

_SIMILAR = """
    SELECT word FROM customers_nameword WHERE workspace_id = %s AND word %% %s
    ORDER BY similarity(word, %s) DESC, word LIMIT %s
"""
# Each by itself: asked for several terms at once, SQLite reads all of them.
_HOW_OFTEN = "SELECT term, doc FROM customers_nametrigram_count WHERE term = %s"
# CROSS says in which order: SQLite would begin with the workspace's names.
_SHARING = """
    SELECT w.word FROM customers_nametrigram CROSS JOIN customers_nameword w ON w.id = customers_nametrigram.rowid
    WHERE customers_nametrigram MATCH %s AND w.workspace_id = %s
"""


def names_in(text: str) -> set[str]:
    """The words of a name that others may be corrected to: of letters, and so long that the rest of one with a wrong
    letter is recognisable.
    """
    return set(_NAMES.findall(folded(text)))


def corrected(*, viewer: Viewer, search: str) -> str | None:
    """The words of a search, those that nothing begins with put right as far as a name is near; None where nothing is
    put right.
    """
    require(viewer, Permission.CUSTOMERS_READ)
    typed = words_to_look_for(search) or []
    meant = [_meant(viewer.workspace_id, word) for word in typed]
    return " ".join(meant) if meant != typed else None


def _meant(workspace_id: int, word: str) -> str:
    if not _NAMES.fullmatch(word) or _leads_somewhere(workspace_id, word):
        return word
    most = 2 if len(word) >= _LONG else 1
    near = sorted((mistakes(word, name), abs(len(name) - len(word)), name) for name in _candidates(workspace_id, word))
    for distance, _, name in near:
        if distance > most:
            break
        if _leads_somewhere(workspace_id, name):
            return name
    return word


def _leads_somewhere(workspace_id: int, word: str) -> bool:
    return CustomerWord.objects.filter(begins(word), workspace_id=workspace_id).exists()


def _candidates(workspace_id: int, word: str) -> set[str]:
    """The names that may be meant. Of a short one with two letters swapped no three stand as they should, so these are
    looked for by themselves.
    """
    swapped = [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)]
    names = NameWord.objects.filter(workspace_id=workspace_id, word__in=swapped)
    return {*names.values_list("word", flat=True), *_alike(workspace_id, word)}


def _alike(workspace_id: int, word: str) -> list[str]:
    """The names that share most with a word."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_SIMILAR, [workspace_id, word, word, _CANDIDATES])
            return [name for (name,) in cursor]
        rarest = _rarest(cursor, word)
        if not rarest:
            return []
        cursor.execute(_SHARING, [" OR ".join(f'"{trigram}"' for trigram in rarest), workspace_id])
        names = [name for (name,) in cursor]
    own = trigrams(word)
    names.sort(key=lambda name: (-_likeness(own, trigrams(name)), name))
    return names[:_CANDIDATES]


def _rarest(cursor: Any, word: str) -> list[str]:
    """The trigrams of a word by which the fewest names are looked at, as many as may be."""
    own = sorted({word[place : place + 3] for place in range(len(word) - 2)})
    cursor.execute(" UNION ALL ".join([_HOW_OFTEN] * len(own)), own)
    looked_at = 0
    rarest: list[str] = []
    for trigram, names in sorted(cursor, key=lambda row: row[1]):
        looked_at += names
        if rarest and looked_at > _LOOKED_AT:
            break
        rarest.append(trigram)
    return rarest


def trigrams(word: str) -> set[str]:
    """The sequences of three letters in a word, its beginning and end included, as pg_trgm counts them."""
    padded = f"  {word} "
    return {padded[place : place + 3] for place in range(len(padded) - 2)}


def _likeness(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)


def mistakes(typed: str, name: str) -> int:
    """How many letters of `typed` are wrong, missing, too many, or swapped with their neighbour, as a beginning of
    `name` or as the whole: optimal string alignment, one row of the table at a time.
    """
    before: list[int] = []
    row = list(range(len(name) + 1))
    for place, letter in enumerate(typed, 1):
        before, above, row = row, before, [place]
        for at, other in enumerate(name, 1):
            cost = min(before[at] + 1, row[at - 1] + 1, before[at - 1] + (letter != other))
            swapped = place > 1 and at > 1 and letter == name[at - 2] and typed[place - 2] == other
            row.append(min(cost, above[at - 2] + 1) if swapped else cost)
    return min(row[1:], default=len(typed))
