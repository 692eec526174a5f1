"""What the followers of one event share, so that a thousand streams on one order read it once.

Something is shared by those alone who would be given the same: the key names everything that it depends on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any
from weakref import WeakKeyDictionary

# Seconds that something is kept after it was made: longer than streams take to come to the same event one after
# another, and so short that nobody is told of an order as it was.
KEPT = 2.0

type _Made = dict[Hashable, asyncio.Future[Any]]

_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Made] = WeakKeyDictionary()


async def once[T](key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
    """What `make` gives, made by the first who asks for `key`; those who ask in the next two seconds get the same.

    It is made to its end even when the first one leaves. What fails is raised to all who wait for it, then forgotten.
    """
    loop = asyncio.get_running_loop()
    made = _by_loop.setdefault(loop, {})
    if key not in made:
        making: asyncio.Future[Any] = asyncio.ensure_future(make())

        def done(_: asyncio.Future[Any]) -> None:
            if making.cancelled() or making.exception():
                made.pop(key, None)
            else:
                loop.call_later(KEPT, made.pop, key, None)

        making.add_done_callback(done)
        made[key] = making
    shared: T = await asyncio.shield(made[key])
    return shared


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
