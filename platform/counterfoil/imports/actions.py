"""Importing an order history. Twice changes nothing, and nobody is told of what happened long ago (IM-2, IM-4)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import DataError, Error, IntegrityError, transaction

from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.events.record import record
from counterfoil.imports.batch import write
from counterfoil.imports.catalog import Catalog
from counterfoil.imports.columns import ColumnMap
from counterfoil.imports.rejects import MARKS, Rejects
from counterfoil.imports.rows import Rejected, Row, Skipped, reader_of
from counterfoil.imports.source import Record, Survey, records, survey
from counterfoil.imports.summary import Summary
from counterfoil.imports.target import Outcome, Target
from counterfoil.workspaces.models import Store

BATCH_ROWS = 2000


class Interrupted(Exception):
    """The database or the disk failed half-way; the text says how far the import came, and what to do."""


def import_csv(
    *,
    viewer: Viewer,
    store: Store,
    path: Path,
    columns: ColumnMap,
    rejects: Path,
    open_from: date | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:
    """Import the order history in `path`; `progress` is told how many rows of how many are done.

    Orders of the day `open_from` and later are open: confirmed, with nothing sent and nothing charged.

    The file is read once before anything is written. Then each batch of whole orders is a transaction. A dry run does
    the same in one transaction that is rolled back: on SQLite, other writers wait for it.

    Raises `Invalid` for a file that can't be imported at all, `Interrupted` when the database or the disk fails.
    """
    for permission in (Permission.ORDERS_WRITE, Permission.CUSTOMERS_WRITE, Permission.PRODUCTS_WRITE):
        require(viewer, permission)
    if store.workspace_id != viewer.workspace_id:
        raise NotFound("There is no such store.")
    found = survey(path, columns)
    header = found.header[len(MARKS) :] if found.rejects else found.header
    with Rejects(rejects, header, overwrite_none_of=path) as rejected:
        run = _Run(
            Target(store, columns.currency, _begin_of(open_from, store)),
            columns,
            found,
            rejected,
            Summary(dry_run=dry_run),
        )
        with ExitStack() as stack:
            if dry_run:
                stack.enter_context(_rolled_back())
            run.through(progress)
    run.summary.rejects = rejected.path
    if run.summary.imported and not dry_run:
        _note(viewer, run.summary)
    return run.summary


def _begin_of(day: date | None, store: Store) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), tzinfo=ZoneInfo(store.time_zone))


@contextmanager
def _rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@transaction.atomic
def _note(viewer: Viewer, summary: Summary) -> None:
    counts = {"read": summary.read, "imported": summary.imported, **summary.made}
    record(viewer, "import.finished", topic=f"workspace_{viewer.workspace_id}", internal=True, data=counts)


class _Run:
    """One pass through a file: what waits to be written, and what was counted."""

    def __init__(self, target: Target, columns: ColumnMap, found: Survey, rejects: Rejects, summary: Summary) -> None:
        self.summary = summary
        self._target = target
        self._found = found
        self._rejects = rejects
        self._read = reader_of(columns, found.positions, len(found.header), target.store.time_zone)
        self._catalog = Catalog(target)
        self._waiting: list[Row] = []
        self._refused: list[tuple[Record, str]] = []
        self._equals = Counter[str]()
        self._scattered = defaultdict[str, Counter[str]](Counter)
        self._kept_to = 0

    def through(self, progress: Callable[[int, int], None]) -> None:
        """Read and write everything."""
        order, line = "", 0
        try:
            for rec in records(self._found):
                row = self._take(rec)
                if row is not None:
                    if row.order != order:
                        self._begin(row.order, line)
                        order = row.order
                    self._equals[row.digest] += 1
                    self._waiting.append(replace(row, identity=f"csv:{row.digest}:{self._equals[row.digest]}"))
                elif len(self._refused) >= BATCH_ROWS and not self._waiting:
                    self._flush(rec.line)
                line = rec.line
                self.summary.read += 1
                if self.summary.read % 500 == 0:
                    progress(self.summary.read, self._found.rows)
            self._flush(line)
        except (Error, OSError) as error:
            raise Interrupted(self._how_far(error)) from error
        progress(self.summary.read, self._found.rows)

    def _take(self, rec: Record) -> Row | None:
        try:
            return self._read(rec)
        except Skipped as skipped:
            self.summary.skip(str(skipped), rec.line)
        except Rejected as rejected:
            self._refused.append((rec, str(rejected)))
        return None

    def _begin(self, order: str, line: int) -> None:
        """Another order begins; those before it, up to `line`, are written when they are many."""
        if len(self._waiting) >= BATCH_ROWS:
            self._flush(line)
        self._equals = self._scattered[order] if order in self._found.scattered else Counter()

    def _flush(self, line: int) -> None:
        if self._waiting:
            outcome = self._written(self._waiting)
            self.summary.imported += outcome.imported
            self.summary.unchanged += outcome.unchanged
            self.summary.made += outcome.made
            self.summary.matched += outcome.matched
            self.summary.unmatched += outcome.unmatched
            self._refused += [(row.record, reason) for row, reason in outcome.rejected]
        self._kept_to = line
        for rec, reason in sorted(self._refused, key=lambda refused: refused[0].line):
            self._rejects.add(rec.line, reason, rec.cells[len(MARKS) :] if self._found.rejects else rec.cells)
        self.summary.rejected += len(self._refused)
        self._waiting, self._refused = [], []

    def _written(self, rows: list[Row]) -> Outcome:
        try:
            with transaction.atomic():
                return write(self._target, self._catalog, rows)
        except (IntegrityError, DataError) as error:
            # Somebody else took a number in this moment, or the database has a limit that we don't know. One order
            # must not stop the others.
            self._catalog = Catalog(self._target)
            orders = list(dict.fromkeys(row.order for row in rows))
            if len(orders) == 1:
                reason = f"The database refused it ({str(error).splitlines()[0]}): import it again, or correct it."
                return Outcome(rejected=[(row, reason) for row in rows])
            first = set(orders[: len(orders) // 2])
            before = self._written([row for row in rows if row.order in first])
            after = self._written([row for row in rows if row.order not in first])
            return before.plus(after)

    def _how_far(self, error: Error | OSError) -> str:
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        if self.summary.dry_run:
            return f"The dry run ended early: {what}. Nothing was kept."
        kept = f"The rows up to line {self._kept_to:,} are in" if self._kept_to else "No row is in yet"
        return f"The import ended early: {what}. {kept}; import the file again to go on from there."
