"""The live side of the log: one feed a process reads new events once and hands them to whoever follows them.

A follower starts at a position, first gets what it missed from the log, then what happens, in order: nothing missed,
nothing twice.
"""

import asyncio
import logging
import re
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Collection
from contextlib import suppress
from random import uniform
from typing import Any, ClassVar, NamedTuple
from weakref import WeakKeyDictionary

from django.db.models import Q

from counterfoil.events.models import Event
from counterfoil.events.relay import last_position
from counterfoil.events.threads import in_thread
from counterfoil.events.watch import watching

logger = logging.getLogger(__name__)

EVERYTHING = "*"
_STORY = "story_"
_STORY_TOPIC = re.compile(r"story_[0-9]{1,18}")
_BATCH = 500
_MOST_WAITING = 1000
_AGAIN_AFTER = 1.0
_SOONEST = 0.6  # of a beat


class Happened(NamedTuple):
    """An event as followers get it."""

    position: int
    workspace_id: int
    kind: str
    topic: str
    internal: bool
    data: dict[str, Any]
    customer_id: int | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        """What it is followed by: what it is about, and whose story it is a part of."""
        return (self.topic,) if self.customer_id is None else (self.topic, story_of(self.customer_id))


def story_of(customer_id: int) -> str:
    """The topic under which staff follow everything that happens with a customer."""
    return f"{_STORY}{customer_id}"


class Follower:
    """Somebody's place in the feed: the topics of one workspace, with or without internal events."""

    def __init__(self, workspace_id: int, topics: Collection[str], *, internal: bool, after: int) -> None:
        self.workspace_id = workspace_id
        self.topics = frozenset(topics)
        self.internal = internal
        self.position = after
        self.waiting: deque[Happened] = deque()
        self.woken = asyncio.Event()
        self.behind = True  # there may be more in the log than in `waiting`

    def offer(self, happened: Happened) -> None:
        """Hand over one event; a follower that does not keep up reads the rest from the log."""
        if happened.internal and not self.internal:
            return
        if len(self.waiting) >= _MOST_WAITING:
            self.waiting.clear()
            self.behind = True
        if not self.behind:
            self.waiting.append(happened)
        self.woken.set()

    async def next(self, timeout: float) -> list[Happened]:
        """What happened since the last call, in order; an empty list when nothing did for `timeout` seconds."""
        if not self.behind and not self.waiting:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self.woken.wait()
        self.woken.clear()
        if self.behind:
            # From here on new events are kept waiting; what came before is read from the log.
            self.behind = False
            missed = await in_thread(read_after, self.position, self.workspace_id, self.topics, internal=self.internal)
            if len(missed) == _BATCH:
                self.behind = True
                self.waiting.clear()
        else:
            missed = []
        news = []
        for happened in (*missed, *self._taken()):
            if happened.position > self.position:
                self.position = happened.position
                news.append(happened)
        return news

    def _taken(self) -> list[Happened]:
        taken = [] if self.behind else list(self.waiting)
        self.waiting.clear()
        return taken


class Feed:
    """One process's reading of the log. `Feed.here()` is the one of the running event loop."""

    _by_loop: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, "Feed"]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._followers: dict[tuple[int, str], set[Follower]] = defaultdict(set)
        self._wake = asyncio.Event()
        self._position = 0
        self._started = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def here(cls) -> "Feed":
        """The feed of the running event loop, begun when first asked for. Raises what keeps it from reading the log."""
        loop = asyncio.get_running_loop()
        feed = cls._by_loop.setdefault(loop, cls())
        if feed._task is None or feed._task.done():
            feed._task = asyncio.create_task(feed._run(), name="event feed")
        started = asyncio.create_task(feed._started.wait())
        await asyncio.wait((started, feed._task), return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if feed._task.done():
            feed._task.result()
        return feed

    @classmethod
    async def stop_here(cls) -> None:
        """End the running event loop's feed."""
        feed = cls._by_loop.pop(asyncio.get_running_loop(), None)
        if feed is not None and feed._task is not None:
            feed._task.cancel()
            await asyncio.gather(feed._task, return_exceptions=True)

    @property
    def position(self) -> int:
        """How far this feed has read."""
        return self._position

    @property
    def followers(self) -> int:
        """How many follow now."""
        return len(set().union(*self._followers.values()))

    async def follow(
        self, workspace_id: int, topics: Collection[str], *, internal: bool, after: int | None, beat: float
    ) -> AsyncGenerator[list[Happened]]:
        """Batches of what happens to `topics` (or EVERYTHING) after a position; an empty one within `beat` seconds.

        `internal` adds what concerns staff only. Without a position it begins now, and so it does behind a position
        that the log has not reached: a backup was restored.
        """
        if after is not None and after > self._position:
            after = min(after, await in_thread(last_position))
        follower = Follower(workspace_id, topics, internal=internal, after=self._position if after is None else after)
        for topic in follower.topics:
            self._followers[workspace_id, topic].add(follower)
        try:
            while True:
                # Not all at the same moment, or whoever looks something up at the beat waits for everyone.
                yield await follower.next(beat * uniform(_SOONEST, 1))  # noqa: S311
        finally:
            for topic in follower.topics:
                group = self._followers[workspace_id, topic]
                group.discard(follower)
                if not group:
                    del self._followers[workspace_id, topic]

    async def _run(self) -> None:
        self._position = await in_thread(last_position)
        async with watching(self._wake.set):
            self._started.set()
            while True:
                await self._wake.wait()
                self._wake.clear()
                try:
                    while await self._read():
                        pass
                except Exception:
                    logger.exception("The feed could not read the log; it tries again in %s s", _AGAIN_AFTER)
                    await asyncio.sleep(_AGAIN_AFTER)
                    self._wake.set()

    async def _read(self) -> bool:
        news = await in_thread(read_after, self._position)
        for happened in news:
            for follower in self._interested(happened):
                follower.offer(happened)
        if news:
            self._position = news[-1].position
        return len(news) == _BATCH

    def _interested(self, happened: Happened) -> set[Follower]:
        topics = (*happened.topics, EVERYTHING)
        return set[Follower]().union(*(self._followers.get((happened.workspace_id, topic), ()) for topic in topics))


def read_after(
    position: int, workspace_id: int | None = None, topics: Collection[str] = (EVERYTHING,), *, internal: bool = True
) -> list[Happened]:
    """The next events after a position, at most 500, in order."""
    events = Event.objects.filter(position__gt=position).order_by("position")
    if workspace_id is not None:
        events = events.filter(workspace_id=workspace_id)
    if EVERYTHING not in topics:
        stories = [int(topic.removeprefix(_STORY)) for topic in topics if _STORY_TOPIC.fullmatch(topic)]
        about = Q(topic__in=topics)
        events = events.filter(about | Q(customer_id__in=stories) if stories else about)
    if not internal:
        events = events.filter(internal=False)
    rows = events.values_list("position", "workspace_id", "kind", "topic", "internal", "data", "customer_id")[:_BATCH]
    return [Happened(*row) for row in rows]  # type: ignore[arg-type]
