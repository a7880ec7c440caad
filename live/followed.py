"""What a process knows of a Metric that streams follow."""

from live.frames import frame
from live.newest import Newest
from live.streams import Stream

# In microseconds. Whoever stores readings notes when they came and commits later: looking again so
# far back finds those that others have overtaken.
OVERLAP = 2_000_000


class Followed:
    """The newest reading of a Metric, its event, and the streams that are told of it.

    Each change gets a number that is greater than all before it, near the clock's microseconds. A
    client that names the last one it was sent is offered what has changed since. One whose number
    is from before the Metric was followed here is offered what has arrived since: it may be told
    once more what arrived just before.
    """

    __slots__ = ("_event", "_left_at", "_newest", "_number", "_since", "_streams")

    def __init__(self) -> None:
        self._newest: Newest | None = None
        self._number = 0
        self._since = 0
        self._event = b""
        self._streams: set[Stream] = set()
        self._left_at = 0.0

    def join(self, stream: Stream) -> None:
        """Tell a stream of each change from now on."""
        self._streams.add(stream)

    def leave(self, stream: Stream, now: float) -> None:
        """Tell it no more."""
        self._streams.discard(stream)
        self._left_at = now

    def was_left_before(self, instant: float) -> bool:
        """Whether nobody has followed it since then."""
        return not self._streams and self._left_at < instant

    @property
    def is_read(self) -> bool:
        """Whether it was read first."""
        return bool(self._since)

    def begin(self, number: int) -> None:
        """Notice each change from this number on, unless they were noticed before."""
        self._since = self._since or number

    def read(self, newest: Newest, number: int) -> None:
        """Take what was read first, unless a change was noticed meanwhile."""
        if self._newest is None:
            self._set(newest, number)

    def differs(self, newest: Newest) -> bool:
        """Whether this is another reading than the one known, or says something else."""
        return newest != self._newest

    def change(self, newest: Newest, number: int) -> None:
        """Take a new reading, and offer it to the streams."""
        self._set(newest, number)
        for stream in self._streams:
            stream.offer(newest.metric, number, self._event)

    def greet(self, stream: Stream) -> None:
        """Offer the reading to a stream that begins, unless its client has it already."""
        newest, last = self._newest, stream.feed.last_event_id
        if newest and (last is None or self._is_news(newest, last)):
            stream.offer(newest.metric, self._number, self._event)

    def _is_news(self, newest: Newest, last: int) -> bool:
        if last >= self._since:
            return self._number > last
        return newest.received_at > last - OVERLAP

    def _set(self, newest: Newest, number: int) -> None:
        self._newest = newest
        self._number = number
        self._event = frame(number, newest.reading())
