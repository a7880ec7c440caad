"""One client's stream: what waits for it, and how often it is sent."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import uniform
from time import monotonic

from live.buckets import TokenBucket
from live.feeds import Feed
from live.frames import HEARTBEAT, opening

BURST = 4
FLUSHES_A_SECOND = 4
HEARTBEAT_SECONDS = 15.0
RETRY_SECONDS = 2.0
# A client that takes longer for one flush is dropped.
SLOWEST_FLUSH = 20.0
# A stream ends after so many seconds, a little apart from the others; its client asks again.
LONGEST_LIFE = 3600.0

Send = Callable[[bytes], Awaitable[None]]


class Stream:
    """Holds for its client the newest event of each Metric that changed since the last flush.

    What waits is bounded by the number of its Metrics, however slowly the client reads.
    """

    __slots__ = ("_bucket", "_ends_at", "_is_over", "_waiting", "_woken", "feed")

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self._waiting: dict[int, tuple[int, bytes]] = {}
        self._woken = asyncio.Event()
        self._bucket = TokenBucket(BURST, FLUSHES_A_SECOND, monotonic())
        self._ends_at = monotonic() + uniform(0.9, 1.0) * LONGEST_LIFE  # noqa: S311  # They should not all end at once.
        self._is_over = False

    def offer(self, metric: int, number: int, event: bytes) -> None:
        """Have the event sent with the next flush, in place of an older one of the Metric."""
        self._waiting[metric] = (number, event)
        self._woken.set()

    def end(self) -> None:
        """Send nothing more."""
        self._is_over = True
        self._woken.set()

    async def run(self, send: Send) -> None:
        """Send until the stream is ended, has lasted long enough, or is read too slowly."""
        with suppress(TimeoutError):
            await self._flush(send, opening(RETRY_SECONDS))
            while await self._is_to_go_on():
                await self._flush(send, self.taken() or HEARTBEAT)

    async def _is_to_go_on(self) -> bool:
        """Wait for news and for the bucket; False once the stream is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await self._woken.wait()
        if self._waiting and not self._is_over:
            await asyncio.sleep(self._bucket.wait(monotonic()))
            self._bucket.take()
        return not self._is_over and monotonic() < self._ends_at

    def taken(self) -> bytes:
        """All that waits, in the order of its numbers."""
        events = b"".join(event for _, event in sorted(self._waiting.values()))
        self._waiting.clear()
        self._woken.clear()
        return events

    async def _flush(self, send: Send, events: bytes) -> None:
        async with asyncio.timeout(SLOWEST_FLUSH):
            await send(events)
