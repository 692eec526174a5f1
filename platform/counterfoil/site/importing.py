"""`counterfoil import csv`: an order history from a file, with a progress bar and a summary (IM-1 to IM-4)."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from counterfoil.site.command import Stop

if TYPE_CHECKING:
    from counterfoil.access.viewer import Viewer
    from counterfoil.imports.columns import ColumnMap
    from counterfoil.imports.summary import Summary
    from counterfoil.workspaces.models import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to import, as it was asked for in the shell; see `counterfoil import csv --help`."""

    file: Path
    preset: str | None = None
    mapped: str | None = None
    currency: str | None = None
    date_format: str | None = None
    return_prefix: str | None = None
    charges: str | None = None
    rejects: Path | None = None
    open_from: date | None = None
    workspace: str | None = None
    dry_run: bool = False


def run_import(asked: Asked, *, as_json: bool) -> int:
    """Import a file and print the summary; gives the exit status. Raises `Stop`."""
    import django

    django.setup()
    summary = import_file(asked)
    print(json.dumps(summary.facts()) if as_json else summary)
    return 0


def import_file(asked: Asked) -> "Summary":
    """Import a file as an admin of the workspace, which must exist. Raises `Stop` for whatever can't be done."""
    from django.db import Error

    from counterfoil.access.problems import Problem
    from counterfoil.imports.actions import Interrupted, import_csv

    rejects = asked.rejects or Path(f"{asked.file.name.removesuffix('.gz').removesuffix('.csv')}.rejects.csv")
    try:
        columns = _columns(asked)
        viewer, store = _place(asked.workspace)
        with _bar() as progress:
            return import_csv(
                viewer=viewer,
                store=store,
                path=asked.file,
                columns=columns,
                rejects=rejects,
                open_from=asked.open_from,
                dry_run=asked.dry_run,
                progress=progress,
            )
    except Problem as problem:
        raise Stop(problem.message) from None
    except Interrupted as interrupted:
        raise Stop(str(interrupted)) from None
    except Error as error:
        reason = str(error).splitlines()[0]
        raise Stop(f"the database can't be used ({reason}). Is it there, and counterfoil manage migrate run?") from None


def _columns(asked: Asked) -> "ColumnMap":
    from counterfoil.imports.columns import column_map

    return column_map(
        preset=asked.preset,
        mapped=asked.mapped,
        currency=asked.currency,
        date_format=asked.date_format,
        return_prefix=asked.return_prefix,
        charges=asked.charges,
    )


def _place(named: str | None) -> tuple["Viewer", "Store"]:
    """The first admin of a workspace, and its first store; `named` is its id or name, None where there is but one."""
    from counterfoil.access.models import StaffMember
    from counterfoil.access.viewer import Role, Viewer, ViewerKind
    from counterfoil.site.choosing import workspace_named
    from counterfoil.workspaces.models import Store

    workspace = workspace_named(named)
    member = StaffMember.objects.filter(workspace=workspace, role=Role.ADMIN).order_by("pk").first()
    store = Store.objects.filter(workspace=workspace).order_by("pk").first()
    if member is None or store is None:
        raise Stop(f"{workspace.name} has no {'store' if member else 'admin'} yet.")
    viewer = Viewer(
        kind=ViewerKind.STAFF,
        workspace_id=member.workspace_id,
        name=member.name,
        staff_id=member.pk,
        role=Role(member.role),
    )
    return viewer, store


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TextColumn("rows"), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("import", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
