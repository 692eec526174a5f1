"""One running subscription for all connections that would be told the same by it.

Whoever asks the same with the same credential gets the same events. A connection runs its subscription by itself until
its first event, by which it is known where it stands. From there on it is a member of a broadcast: one subscription
runs, and each of its frames goes to all members. A member that was told up to a position gets the frames behind it, so
joining loses nothing and doubles nothing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Hashable
from contextlib import aclosing
from weakref import WeakKeyDictionary

_KEPT = 500  # frames, for members that stand behind
_MOST_WAITING = 2_000  # frames of a member that does not take them; it is let go, and comes back where it was


class TooSlow(Exception):
    """A connection takes its frames more slowly than they come."""


class Member:
    """A connection's share in a broadcast."""

    def __init__(self, broadcast: "Broadcast", after: int) -> None:
        self._broadcast = broadcast
        self._after = after
        self._waiting: deque[str] = deque()
        self._woken = asyncio.Event()
        self._over = False

    def give(self, frame: str, position: int | None) -> None:
        """Have a frame, unless it was told before. Beats have no position."""
        if position is None or position > self._after:
            self._waiting.append(frame)
            self._woken.set()

    def end(self) -> None:
        """No more frames will come."""
        self._over = True
        self._woken.set()

    async def frames(self) -> AsyncGenerator[str]:
        """The frames, as many at once as are there. Raises `TooSlow`."""
        try:
            while self._waiting or not self._over:
                if not self._waiting:
                    self._woken.clear()
                    await self._woken.wait()
                if len(self._waiting) > _MOST_WAITING:
                    raise TooSlow
                if self._waiting:
                    told = "".join(self._waiting)
                    self._waiting.clear()
                    yield told
        finally:
            self._broadcast.leave(self)


class Broadcast:
    """A running subscription and its members."""

    def __init__(self, key: Hashable, after: int) -> None:
        self._key = key
        self._floor = after  # every frame behind it is among the recent ones
        self._recent: deque[tuple[int, str]] = deque()
        self._members: set[Member] = set()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def find(cls, key: Hashable, after: int) -> "Broadcast | None":
        """The one that whoever was told up to this position may join."""
        found = _here().get(key)
        return found if found is not None and found._floor <= after else None

    @classmethod
    def begin(cls, key: Hashable, after: int) -> "Broadcast | None":
        """A new one, whose subscription has told everything up to this position; None where there is one."""
        if key in _here():
            return None
        made = _here()[key] = cls(key, after)
        return made

    def run(self, frames: AsyncGenerator[tuple[int | None, str]]) -> None:
        """Tell its members what the subscription tells, until it ends or nobody listens."""
        self._task = asyncio.create_task(self._tell(frames), name="broadcast")

    def join(self, after: int) -> Member:
        """A member that was told everything up to this position."""
        member = Member(self, after)
        for position, frame in self._recent:
            member.give(frame, position)
        self._members.add(member)
        return member

    def leave(self, member: Member) -> None:
        """One member less; with the last one the subscription ends."""
        self._members.discard(member)
        if not self._members and self._task is not None:
            self._close()
            self._task.cancel()

    async def beat(self) -> None:
        """Tell the members that they are still heard."""
        self._give(": beat\r\n\r\n", None)

    async def _tell(self, frames: AsyncGenerator[tuple[int | None, str]]) -> None:
        try:
            async with aclosing(frames):
                async for position, frame in frames:
                    self._keep(frame, position)
                    self._give(frame, position)
        finally:
            self._close()
            for member in self._members:
                member.end()

    def _keep(self, frame: str, position: int | None) -> None:
        if position is not None:
            self._recent.append((position, frame))
        if len(self._recent) > _KEPT:
            self._floor, _ = self._recent.popleft()

    def _give(self, frame: str, position: int | None) -> None:
        for member in self._members:
            member.give(frame, position)

    def _close(self) -> None:
        """Take no new members."""
        if _here().get(self._key) is self:
            del _here()[self._key]


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, Broadcast]] = WeakKeyDictionary()


def _here() -> dict[Hashable, Broadcast]:
    return _by_loop.setdefault(asyncio.get_running_loop(), {})
