"""Whose call it was, and what it cost (AC-11): each operation of a partner's program is counted once, failed or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import thread_time

from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from counterfoil.partners.usage import USAGE
from schema.context import Context


class _Spent:
    """CPU seconds of the operation that runs here."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0


_spent: ContextVar[_Spent | None] = ContextVar("spent", default=None)


@contextmanager
def measured() -> Iterator[None]:
    """What runs inside is part of the present operation's cost; it stays in this thread."""
    spent, began = _spent.get(), thread_time()
    try:
        yield
    finally:
        if spent is not None:
            spent.seconds += thread_time() - began


class Attribution(SchemaExtension):
    """Counts an operation when it ends, and a subscription when it begins: it may go on for days."""

    _counted = False

    def on_operation(self) -> Iterator[None]:
        """Count it, however it ends."""
        if self.execution_context.context.viewer.client_id is None:
            yield
            return
        spent = _Spent()
        _spent.set(spent)
        try:
            yield
        finally:
            self._count(spent.seconds)

    def on_validate(self) -> Iterator[None]:
        """Count it already when it turns out to be a subscription."""
        yield
        found = self.execution_context
        if found.context.viewer.client_id is not None and found.operation_type is OperationType.SUBSCRIPTION:
            self._count(0.0)

    def _count(self, seconds: float) -> None:
        if not self._counted:
            self._counted = True
            found = self.execution_context
            found.context.attributed = True
            USAGE.count(found.context.viewer, found.operation_name, seconds)


def count_unanswered(context: Context) -> None:
    """Count a request that never became an operation: its body was none."""
    if not context.attributed:
        USAGE.count(context.viewer, None, 0.0)
