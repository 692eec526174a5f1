"""Reading a CSV file: as it is or gzipped, UTF-8 with or without a byte order mark, a record at a time."""

import csv
import gzip
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from counterfoil.access.problems import Invalid
from counterfoil.imports.columns import MEANINGS, ColumnMap
from counterfoil.imports.rejects import MARKS, plain

_LINES_OF_A_RECORD = 50
_CHARACTERS_OF_A_LINE = 100_000


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of a row, and the line of the file (from 1) on which it begins. `broken` says why it is none."""

    line: int
    cells: list[str]
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first reading of the whole file found.

    `positions` are the cells' places by meaning, without what the file does not have. `scattered` are the numbers of
    orders whose rows do not stand together. `rejects` says that an earlier import wrote the file.
    """

    path: Path
    header: list[str]
    positions: dict[str, int]
    rows: int
    scattered: frozenset[str]
    rejects: bool


def survey(path: Path, columns: ColumnMap) -> Survey:
    """Read the file from end to end; nothing that it would stumble over later is left.

    Raises `Invalid` for a file that can't be read, is cut off, is not UTF-8, or lacks a column.
    """
    with _opened(path) as file:
        lines = _lines(path, file)
        header = _header(path, lines)
        positions = _positions(path, header, columns)
        seen, scattered, last, rows = set[int](), set[str](), None, 0
        for record in _records(lines, len(header)):
            rows += 1
            order = record.cells[positions["order"]].strip() if positions["order"] < len(record.cells) else ""
            if order != last:
                if hash(order) in seen:
                    scattered.add(order)
                seen.add(hash(order))
                last = order
    return Survey(path, header, positions, rows, frozenset(scattered), header[:2] == list(MARKS))


def records(found: Survey) -> Iterator[Record]:
    """Every row of a file that was surveyed."""
    with _opened(found.path) as file:
        lines = _lines(found.path, file)
        _header(found.path, lines)
        for record in _records(lines, len(found.header)):
            yield Record(record.line, [plain(cell) for cell in record.cells]) if found.rejects else record


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        if not path.is_file():
            raise Invalid(f"There is no file {path}." if not path.exists() else f"{path} is no ordinary file.")
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise Invalid(f"{path} is cut off or damaged: fetch it again.") from None
    except OSError as error:
        raise Invalid(f"Can't read {path} ({error.strerror}).") from None


def _lines(path: Path, file: BinaryIO) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file, start=1):
        try:
            yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            wrong = line[error.start]
            raise Invalid(
                f"{path} is not UTF-8: byte 0x{wrong:02x} in line {number:,}. Save it as CSV UTF-8."
            ) from None


def _header(path: Path, lines: Iterator[tuple[int, str]]) -> list[str]:
    _, first = next(lines, (0, ""))
    header = [name.strip() for name in next(csv.reader([first]), [])]
    if not any(header):
        raise Invalid(f"{path} is empty: its first line names the columns.")
    return header


def _positions(path: Path, header: list[str], columns: ColumnMap) -> dict[str, int]:
    names = [name.casefold() for name in header]
    wanted = {meaning: getattr(columns, meaning) for meaning in MEANINGS if getattr(columns, meaning)}
    missing = [column for column in wanted.values() if column.casefold() not in names]
    if missing:
        has = ", ".join(header)[:300]
        raise Invalid(f"{path} has no column {', '.join(missing)}; it has {has}. Name the columns with --map.")
    twice = [column for column in wanted.values() if names.count(column.casefold()) > 1]
    if twice:
        raise Invalid(f"{path} has the column {twice[0]} twice: rename the one that is not meant.")
    return {meaning: names.index(column.casefold()) for meaning, column in wanted.items()}


def _records(lines: Iterator[tuple[int, str]], width: int) -> Iterator[Record]:
    """Rows, without blank lines. One that can't be parsed spoils itself, and not those that follow."""
    waiting = deque[tuple[int, str]]()
    while (first := waiting.popleft() if waiting else next(lines, None)) is not None:
        taken = [first] if first[1].count('"') % 2 == 0 else _to_closing_quote(first, waiting, lines, width)
        number, text = first
        try:
            if len(text) > _CHARACTERS_OF_A_LINE:
                raise csv.Error(f"the line has more than {_CHARACTERS_OF_A_LINE:,} characters")
            # What csv reads leniently it must not swallow: an open quote at the end is refused when it is strict.
            if len(taken) == 1 and text.count('"') % 2 and _is_open(text):
                raise csv.Error("a quotation mark is opened and never closed")
            found = _parsed(taken)
        except csv.Error as error:
            yield Record(number, [text.rstrip("\r\n")], broken=f"This is no CSV: {error}.")
        else:
            yield from (Record(number + offset, cells) for offset, cells in found if cells)


def _parsed(taken: list[tuple[int, str]]) -> list[tuple[int, list[str]]]:
    """The rows of some lines, and after how many lines each begins."""
    reader = csv.reader(line for _, line in taken)
    found, offset = [], 0
    for cells in reader:
        found.append((offset, cells))
        offset = reader.line_num
    return found


def _to_closing_quote(
    first: tuple[int, str], waiting: deque[tuple[int, str]], lines: Iterator[tuple[int, str]], width: int
) -> list[tuple[int, str]]:
    """The lines up to one that makes the quotes even, or `first` alone where that gives no rows of this width."""
    taken = [first]
    while len(taken) < _LINES_OF_A_RECORD:
        following = waiting.popleft() if waiting else next(lines, None)
        if following is None:
            break
        taken.append(following)
        if following[1].count('"') % 2:
            try:
                if all(len(cells) == width for _, cells in _parsed(taken) if cells):
                    return taken
            except csv.Error:
                pass
            break
    waiting.extendleft(reversed(taken[1:]))
    return [first]


def _is_open(text: str) -> bool:
    try:
        list(csv.reader([text], strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
