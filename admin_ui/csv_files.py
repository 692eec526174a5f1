"""Lists as CSV files (RFC 4180), written while they are read: whatever their length, a page of rows is in memory."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone

from schema import client

ROWS_A_PAGE = 100
# A spreadsheet takes a cell that begins so for a formula, and would run what a customer wrote into their name.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MARK = "\ufeff"  # by which spreadsheets know UTF-8


class _Line:
    """What `csv.writer` writes a row to: gives it back."""

    def write(self, line: str) -> str:
        return line


def text(value: str | None) -> str:
    """A cell with somebody's text: as it is, or behind an apostrophe where a spreadsheet would calculate it."""
    value = value or ""
    return f"'{value}" if value.startswith(_FORMULA) else value


def moment(value: str) -> str:
    """A cell with a moment: in UTC, to the second."""
    return f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def rows_of(
    viewer: client.Viewer, operation: client.Operation, listed: str, filter: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Every row of a list, read page by page as the viewer."""
    after = None
    while True:
        variables = {"first": ROWS_A_PAGE, "after": after, "filter": filter}
        found = client.run(viewer, operation, variables)[listed]
        yield from found["nodes"]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            return


def csv_file(
    name: str, columns: Sequence[str], rows: Iterable[dict[str, Any]], cells: Callable[[dict[str, Any]], Sequence[str]]
) -> HttpResponse:
    """The file as a download, named after the day; `cells` makes the cells of a row."""
    writer = csv.writer(_Line())

    def lines() -> Iterator[str]:
        yield _MARK + writer.writerow(columns)
        for row in rows:
            yield writer.writerow(cells(row))

    response: Any = StreamingHttpResponse(_in_blocks(lines()), content_type="text/csv; charset=utf-8")
    day = f"{timezone.localtime():%Y-%m-%d}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{day}.csv"'
    return response  # type: ignore[no-any-return]


def _in_blocks(lines: Iterator[str]) -> Iterator[str]:
    """Some lines at a time: each block costs a turn of the server's loop."""
    block: list[str] = []
    for line in lines:
        block.append(line)
        if len(block) == ROWS_A_PAGE:
            yield "".join(block)
            block.clear()
    yield "".join(block)
