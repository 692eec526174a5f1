"""What every test may ask for."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.contenttypes.management import create_contenttypes
from django.db import connection
from django.db.models.signals import post_migrate

from counterfoil.access.viewer import Viewer
from schema import sharing
from schema.context import Context
from schema.root import schema
from tests.factories import Shop, make_shop
from tests.services import REQUIRED, postgresql_answers

type Ask = Callable[..., dict[str, Any]]


def pytest_configure(config: pytest.Config) -> None:
    """The run on PostgreSQL ends at once, with the reason, where there is no server."""
    import os

    if os.environ.get("COUNTERFOIL_TEST_DATABASE") == "postgresql" and not postgresql_answers():
        reason = "No PostgreSQL answers; set COUNTERFOIL_TEST_POSTGRESQL to run the suite on it."
        pytest.exit(reason if REQUIRED else f"Skipped: {reason}", returncode=1 if REQUIRED else 0)


@pytest.fixture(scope="session", autouse=True)
def no_django_permissions() -> None:
    """The product has a policy of its own. Making Django's permissions anew after each flush would double the time."""
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)


@pytest.fixture(scope="session", autouse=True)
def flushed_by_deletes() -> Iterator[None]:
    """On PostgreSQL a TRUNCATE of every table takes 50 ms, far more than deleting the few rows of a test."""

    def sql_flush(style: Any, tables: list[str], **_: Any) -> list[str]:
        return [f"DELETE FROM {connection.ops.quote_name(table)}" for table in tables]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection.ops, "sql_flush", sql_flush)
        yield


@pytest.fixture(autouse=True)
def nothing_shared() -> None:
    """Positions and ids begin again with each test; what was shared in the one before is none of its business."""
    sharing.forget_all()


@pytest.fixture
def shop(db: None) -> Shop:
    """A workspace at fennel.test."""
    return make_shop()


@pytest.fixture
def other_shop(db: None) -> Shop:
    """Another workspace on the same server, at other.test."""
    return make_shop("Quill & Crate", host="other.test")


@pytest.fixture
def ask() -> Ask:
    """Run an operation in-process: `ask(viewer, text, number="4137")` gives its data; errors fail the test."""

    def run(viewer: Viewer, text: str, **variables: Any) -> dict[str, Any]:
        result = schema.execute_sync(text, variable_values=variables, context_value=Context(viewer=viewer))
        assert not result.errors, result.errors
        assert result.data is not None
        return result.data

    return run
