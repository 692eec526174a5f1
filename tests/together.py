"""Things that happen at the same moment: each in a thread with a database connection of its own."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction


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


def overlapping[T](first: Callable[[], T], second: Callable[[], T]) -> list[T | Exception]:
    """Run `second` while the transaction of `first` is still open, having done all that it does.

    What `first` did is not committed for the next 0.2 s: time enough for `second` to come upon it. Where it is slower
    than that the two just follow one another, which is right too.
    """
    begun = threading.Event()

    def hold() -> T:
        try:
            with transaction.atomic():
                result = first()
                begun.set()
                time.sleep(0.2)
            return result
        finally:
            begun.set()

    def follow() -> T:
        begun.wait(timeout=20)
        return second()

    return together(hold, follow)
