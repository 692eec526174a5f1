"""Database work from asynchronous code: in a thread, whose connection is given back afterwards."""

from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.db import close_old_connections


async def in_thread[**P, T](function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `function` in a worker thread; SQLite keeps the thread's connection, PostgreSQL's returns to its pool."""

    def run() -> T:
        try:
            return function(*args, **kwargs)
        finally:
            close_old_connections()

    return await sync_to_async(run, thread_sensitive=False)()
