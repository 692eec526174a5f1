"""Whose call it was, and what it cost (AC-11): each operation of a partner's program is counted once, failed or not."""

from contextvars import ContextVar
from time import thread_time
from typing import Any

from strawberry.extensions import SchemaExtension
from strawberry.extensions.context import OperationContextManager
from strawberry.types import ExecutionContext
from strawberry.types.graphql import OperationType

from counterfoil.partners.usage import USAGE
from schema.context import Context


class _Spent:
    """CPU seconds of the operation that runs here."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0


_spent: ContextVar[_Spent | None] = ContextVar("spent", default=None)


class Measured:
    """`with Measured():` what runs inside is part of the present operation's cost. It stays in this thread."""

    __slots__ = ("_began",)

    def __enter__(self) -> None:
        self._began = thread_time()

    def __exit__(self, *_: object) -> None:
        spent = _spent.get()
        if spent is not None:
            spent.seconds += thread_time() - self._began


class Call:
    """A program's operation: counted when it ends, and a subscription when it begins, for it may go on for days."""

    __slots__ = ("_counted", "_execution", "_spent")

    def __init__(self, execution: ExecutionContext) -> None:
        self._execution = execution
        self._spent = _Spent()
        self._counted = False

    def begin(self) -> None:
        """From here on what this thread, or one that it lends its context, measures is this call's cost."""
        _spent.set(self._spent)

    def parsed(self) -> None:
        """Its kind is known."""
        if self._execution.operation_type is OperationType.SUBSCRIPTION:
            self.count()

    def count(self) -> None:
        """Count it, unless it was counted."""
        if not self._counted:
            self._counted = True
            context: Context = self._execution.context
            context.attributed = True
            USAGE.count(context.viewer, self._execution.operation_name, self._spent.seconds)


class CountedOperation(OperationContextManager):
    """An operation that is counted, however it ends."""

    __slots__ = ("_call",)

    def __init__(self, extensions: list[SchemaExtension], call: Call) -> None:
        super().__init__(extensions)
        self._call = call

    def __enter__(self) -> None:
        self._call.begin()
        super().__enter__()

    def __exit__(self, *error: Any) -> None:
        self._call.count()
        super().__exit__(*error)

    async def __aenter__(self) -> None:
        self._call.begin()
        await super().__aenter__()

    async def __aexit__(self, *error: Any) -> None:
        self._call.count()
        await super().__aexit__(*error)


def count_unanswered(context: Context) -> None:
    """Count a request that never became an operation: its body was none."""
    if not context.attributed:
        USAGE.count(context.viewer, None, 0.0)
