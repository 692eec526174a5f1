"""The file of rows that could not be imported: correct it, and import it like any other (IM-2).

A spreadsheet runs a cell that begins with `=` as a formula. Such cells get a leading apostrophe in this file, which
comes off again when it is imported; plain negative numbers stay as they are.
"""

import csv
import filecmp
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from counterfoil.access.problems import Invalid

MARKS = ("line", "reason")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def plain(cell: str) -> str:
    """The cell that was guarded."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


class Rejects:
    """Collects rows, and becomes a file when the import is through; without a row there is no file."""

    def __init__(self, path: Path, header: Sequence[str], *, overwrite_none_of: Path) -> None:
        """Raises `Invalid` where `path` is the input, or lies in a folder that can't be written."""
        if path.exists() and path.samefile(overwrite_none_of):
            raise Invalid(f"The rejected rows can't go to {path}: it is the file to import.")
        self._wanted = path
        self.path: Path | None = None
        try:
            self._file = tempfile.NamedTemporaryFile(  # noqa: SIM115  (closed by `__exit__`)
                "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
            )
        except OSError as error:
            raise Invalid(f"Can't write to {path.parent} ({error.strerror}): name another place.") from None
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow([*MARKS, *header])
        self._rows = 0

    def add(self, line: int, reason: str, cells: Sequence[str]) -> None:
        """Note a row."""
        self._writer.writerow([line, reason, *map(guarded, cells)])
        self._rows += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        try:
            self._file.close()
            if kind is None and self._rows:
                self.path = self._publish()
        finally:
            Path(self._file.name).unlink(missing_ok=True)

    def _publish(self) -> Path:
        """Give the file its name; one that is there and says something else may be half corrected, and stays."""
        made = Path(self._file.name)
        number, path = 1, self._wanted
        while True:
            try:
                with path.open("xb") as published, made.open("rb") as source:
                    shutil.copyfileobj(source, published)
            except FileExistsError:
                if path.is_file() and filecmp.cmp(made, path, shallow=False):
                    return path
                number += 1
                path = self._wanted.with_suffix(f".{number}{self._wanted.suffix}")
            else:
                return path
