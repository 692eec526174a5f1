"""What the followers of one event share, so that a thousand streams on one order read it once.

Something is shared by those alone who would be given the same: the key names everything that it depends on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

# Seconds that something is kept after it was made: longer than streams take to come to the same event one after
# another, and so short that nobody is told of an order as it was.
KEPT = 2.0


class _Making:
    """Something that is being made, or was."""

    __slots__ = ("_task", "_there")

    def __init__(self, making: Awaitable[Any], done: Callable[[bool], None]) -> None:
        self._task = asyncio.ensure_future(making)
        self._there = asyncio.Event()

        def tell(task: asyncio.Future[Any]) -> None:
            self._there.set()
            done(not task.cancelled() and task.exception() is None)

        self._task.add_done_callback(tell)

    async def result(self) -> Any:
        """What was made. Who waits may be cancelled; it is made nevertheless."""
        # Not asyncio.shield: each of n who wait would go through the list of all others when it is done.
        if not self._task.done():
            await self._there.wait()
        return self._task.result()


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, _Making]] = WeakKeyDictionary()


async def once[T](key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
    """What `make` gives, made by the first who asks for `key`; those who ask in the next two seconds get the same.

    It is made to its end even when the first one leaves. What fails is raised to all who wait for it, then forgotten.
    """
    loop = asyncio.get_running_loop()
    made = _by_loop.get(loop)
    if made is None:
        made = _by_loop[loop] = {}
    making = made.get(key)
    if making is None:

        def done(well: bool) -> None:
            if well:
                loop.call_later(KEPT, made.pop, key, None)
            else:
                made.pop(key, None)

        making = made[key] = _Making(make(), done)
    found: T = await making.result()
    return found


_made_in_threads: dict[Hashable, tuple[float, Future[tuple[Any, bool]]]] = {}
_making = Lock()


def once_in_threads[T](key: Hashable, make: Callable[[], tuple[T, bool]]) -> T:
    """As `once`, for the threads that answer requests: those who come meanwhile wait for the first.

    `make` also says whether the others may have what it made; if not, each makes its own. What fails is raised to all
    who wait for it, then forgotten.
    """
    now = monotonic()
    with _making:
        for old in [one for one, (until, _) in _made_in_threads.items() if until < now]:
            del _made_in_threads[old]
        found = _made_in_threads.get(key)
        making: Future[tuple[T, bool]] = found[1] if found else Future()
        if found is None:
            _made_in_threads[key] = (now + KEPT, making)
    if found is not None:
        value, is_for_all = making.result()
        return value if is_for_all else make()[0]
    try:
        value, is_for_all = make()
    except BaseException as error:
        _made_in_threads.pop(key, None)
        making.set_exception(error)
        raise
    if not is_for_all:
        _made_in_threads.pop(key, None)
    making.set_result((value, is_for_all))
    return value


def forget_all() -> None:
    """Forget what threads share: for whoever puts another database in the place of the one that it was read from."""
    _made_in_threads.clear()


def frozen(value: object) -> Hashable:
    """A value, lists and dictionaries included, as something that keys can be made of."""
    match value:
        case dict():
            return frozenset((key, frozen(item)) for key, item in value.items())
        case list():
            return tuple(frozen(item) for item in value)
        case Hashable():
            return value
        case _:
            return object()  # equal to nothing: never shared
