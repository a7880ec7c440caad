"""What all streams of a process share: the newest readings of what they follow, read once."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from energy.errors import TooManyRequests
from energy.instants import to_micros
from live.feeds import still_valid, visible_metrics
from live.followed import OVERLAP, Followed
from live.newest import Newest, newest_of, received_since
from live.streams import Stream
from live.wakeups import Wakeups, wakeups

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

# Every so many seconds everything is read again, and every stream's user is asked about.
SWEEP_SECONDS = 3.0
# Metrics that nobody follows any more are kept as long as a client needs to come back.
LINGER_SECONDS = 60.0
# Wake-ups that come within this time are answered by one query.
GATHER_SECONDS = 0.02
RETRY_AFTER = 5


class Hub:
    """Follows the Metrics of all streams with one connection for its queries."""

    def __init__(self) -> None:
        self._followed: dict[int, Followed] = {}
        self._streams: set[Stream] = set()
        self._of_user: Counter[int] = Counter()
        self._thread = ThreadPoolExecutor(1, "live-database")
        self._last_number = 0
        self._read_until = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def ask(self, question: Callable[..., Answer], *arguments: Any) -> Answer:
        """Ask the database; questions are answered one after the other, in their order."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, _answered, question, *arguments)

    def count(self, stream: Stream) -> None:
        """Let a stream in. Raises TooManyRequests where its user has as many as may run at once."""
        user = stream.feed.topic.user
        if self._of_user[user] >= settings.STREAMS_PER_USER:
            raise TooManyRequests(
                f"You have {settings.STREAMS_PER_USER} streams open, as many as may be at once.",
                code="too_many_streams",
                retry_after=RETRY_AFTER,
            )
        self._of_user[user] += 1
        self._streams.add(stream)

    def forget(self, stream: Stream) -> None:
        """Give up all that a stream has here."""
        self._streams.discard(stream)
        self._of_user[stream.feed.topic.user] -= 1
        self._of_user += Counter()  # drops those at 0
        for metric in stream.feed.metrics:
            if followed := self._followed.get(metric):
                followed.leave(stream, monotonic())

    async def follow(self, stream: Stream) -> None:
        """Offer the newest readings to a stream, and from then on each new one."""
        self._start()
        metrics = stream.feed.metrics
        for metric in metrics:
            self._followed.setdefault(metric, Followed()).join(stream)
        await self._read_first(metrics)
        for metric in metrics:
            self._followed[metric].greet(stream)

    async def _read_first(self, metrics: Collection[int]) -> None:
        """Read what there is now, of Metrics known and new alike."""
        begun = self._next_number()
        read = await self.ask(newest_of, metrics)
        self._tell(newest for newest in read if self._followed[newest.metric].is_read)
        for newest in read:
            self._followed[newest.metric].read(newest, self._next_number())
        for metric in metrics:
            self._followed[metric].begin(begun)

    def _next_number(self) -> int:
        self._last_number = max(self._last_number + 1, to_micros(timezone.now()))
        return self._last_number

    def _start(self) -> None:
        if not self._tasks:
            self._read_until = to_micros(timezone.now())
            news = wakeups(self)
            loops = (news.listen, lambda: self._read(news), self._sweep)
            self._tasks = [asyncio.create_task(_for_ever(loop)) for loop in loops]

    async def _read(self, news: Wakeups) -> None:
        """Read what a wake-up is about."""
        await asyncio.sleep(GATHER_SECONDS)
        ids = await news.taken()
        if ids is None:
            self._tell(await self.ask(received_since, self._read_until - OVERLAP))
        elif known := ids & self._followed.keys():
            self._tell(await self.ask(newest_of, list(known)))

    def _tell(self, read: Iterable[Newest]) -> None:
        """Offer to the streams what has changed."""
        for newest in read:
            self._read_until = max(self._read_until, newest.received_at)
            followed = self._followed.get(newest.metric)
            if followed is not None and followed.differs(newest):
                followed.change(newest, self._next_number())

    async def _sweep(self) -> None:
        """Find what no wake-up told of, and end the streams of who may not see them any more."""
        await asyncio.sleep(SWEEP_SECONDS)
        for metric, followed in list(self._followed.items()):
            if followed.was_left_before(monotonic() - LINGER_SECONDS):
                del self._followed[metric]
        if not self._streams:
            return
        self._tell(await self.ask(newest_of, list(self._followed)))
        streams = list(self._streams)
        given = {stream.feed.credentials for stream in streams}
        valid = await self.ask(still_valid, given, timezone.now())
        seen: dict[Any, Any] = {}
        for stream in streams:
            feed = stream.feed
            if feed.credentials in valid and feed.topic not in seen:
                seen[feed.topic] = await self.ask(visible_metrics, feed.topic)
            if feed.credentials not in valid or seen[feed.topic] != feed.metrics:
                stream.end()


async def _for_ever(loop: Callable[[], Any]) -> None:
    """Do it again and again; a database that is away is waited for."""
    is_away = False
    while True:
        try:
            await loop()
            is_away = False
        except (DatabaseError, InterfaceError) as error:
            if not is_away:
                log.warning("The database is away: %s", error)
            is_away = True
            await asyncio.sleep(1)
        except Exception:
            # A loop that ended would leave all streams silent.
            log.exception("Streams go on after an error")
            await asyncio.sleep(1)


def _answered(question: Callable[..., Answer], *arguments: Any) -> Answer:
    close_old_connections()
    return question(*arguments)
