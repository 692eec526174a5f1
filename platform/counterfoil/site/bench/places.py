"""Where the benchmark's shops lie: a temporary folder, and in it or on PostgreSQL a database of its own for each.

On PostgreSQL each shop has a schema in the database that was named. That database must be empty, and is again
afterwards.
"""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from counterfoil.site.command import Stop

type Environment = Mapping[str, str]
_TABLES = """
    SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
"""


@contextlib.contextmanager
def places(names: list[str], database: str | None) -> Iterator[dict[str, Environment]]:
    """The environment of each shop's processes. Raises `Stop` for a database that can't be used or is not empty."""
    for name in [name for name in os.environ if name.startswith("COUNTERFOIL_")]:
        del os.environ[name]  # what is measured is the product as it comes
    with tempfile.TemporaryDirectory(prefix="counterfoil-bench-") as folder, contextlib.ExitStack() as made:
        yield {name: _place(Path(folder) / name, database, made) for name in names}


def _place(folder: Path, database: str | None, made: contextlib.ExitStack) -> Environment:
    environment = {
        "COUNTERFOIL_DATA_DIR": str(folder),
        "COUNTERFOIL_DATABASE": database or f"sqlite:///{folder}/shop.sqlite3",
        "COUNTERFOIL_SECRET_KEY": secrets.token_urlsafe(32),
        # Nobody waits here; reserves are as large, and the buckets asked as often, as they are by default.
        "COUNTERFOIL_COST_A_MINUTE": str(10**9),
        "COUNTERFOIL_COST_A_MINUTE_AND_NETWORK": str(10**9),
    }
    folder.mkdir()
    if database:
        environment["PGOPTIONS"] = f"-c search_path={made.enter_context(_schema(database, folder.name))},public"
    return environment


@contextlib.contextmanager
def _schema(database: str, name: str) -> Iterator[str]:
    schema = f"counterfoil_bench_{name}"
    with _connected(database) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    try:
        yield schema
    finally:
        with _connected(database) as connection:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


def refuse_unless_empty(database: str) -> None:
    """Raise `Stop` for a database that is no PostgreSQL, can't be reached, or holds tables."""
    if not database.startswith(("postgresql://", "postgres://")):
        raise Stop(
            "--database takes an address of PostgreSQL: postgresql://… Without it a temporary SQLite file serves."
        )
    with _connected(database) as connection:
        found = connection.execute(_TABLES).fetchone()
    if found and found[0]:
        raise Stop(f"this database holds {found[0]} tables. The benchmark only fills an empty one: name another.")


@contextlib.contextmanager
def _connected(database: str) -> Iterator[psycopg.Connection]:
    try:
        with psycopg.connect(database, autocommit=True, connect_timeout=5) as connection:
            yield connection
    except psycopg.Error as error:
        raise Stop(f"the database can't be used: {str(error).splitlines()[0]}") from None
