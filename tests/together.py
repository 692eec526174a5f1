"""Things that happen at the same moment: each in a thread with a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection


def together[T](*acts: Callable[[], T]) -> list[T | Exception]:
    """Run all `acts` at once; gives what each returned or raised, in their order. Needs a test with real commits."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T | Exception:
        try:
            start.wait(timeout=20)
            return act()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))
