"""What every history store can do. Stores take Metric ids, never a user: resolve
`Metric.objects.visible_to(user)` first."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from django.core.checks import CheckMessage

from history.arrays import ReadingBatch, Samples
from history.rollups import Quarters

# Metrics whose readings are held in memory at once: a month of minutes of each is 45 MB.
BLOCK = 64
# What is needed of the time before a window: the reading held into it, and one more, by which a
# counter's glitch is told from a reset.
NEIGHBOURS_BEFORE = 2


@dataclass(frozen=True, slots=True)
class Position:
    """The last reading of a page of raw readings; the next page begins after it."""

    metric_id: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Page:
    """Raw readings by Metric, and where to go on; `position` is None on the last page."""

    samples: Mapping[int, Samples]
    position: Position | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of the quarter hours of one Metric.

    `what`: that they have a time-weighted mean, that they tell how far a counter rose, or neither.
    `extremes`: that they have the least and the greatest value. `hold`: for how many microseconds a
    value is held at most; `max_rate`: how much a counter gains in one at most, if known.
    """

    metric_id: int
    what: Literal["mean", "rise", "other"]
    extremes: bool
    hold: int
    max_rate: float | None = None


class HistoryStore(ABC):
    """The readings of all Metrics: one value for each Metric and instant.

    Instants are microseconds since the Unix epoch; windows are half-open, and None leaves a side
    open. Every engine passes the same contract test.
    """

    # Whether `seal` has anything to do.
    seals: ClassVar[bool] = False

    @abstractmethod
    def append(self, batch: ReadingBatch) -> None:
        """Store readings; one of the same Metric and instant replaces what was there.

        Appending the same batch again changes nothing.
        """

    @abstractmethod
    def read(
        self, metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool = False
    ) -> dict[int, Samples]:
        """The readings of [start, end), with an entry for every Metric asked for.

        `with_neighbours` adds the last NEIGHBOURS_BEFORE readings before `start` and the first at
        or after `end`, however far away.
        """

    @abstractmethod
    def read_page(
        self,
        metric_ids: Sequence[int],
        start: int,
        end: int,
        *,
        after: Position | None = None,
        limit: int,
    ) -> Page:
        """At most `limit` readings of [start, end), by Metric id, then time, behind `after`.

        Going on from position to position returns each reading once, those that arrive meanwhile
        behind the position included.
        """

    @abstractmethod
    def delete(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        """Delete readings of these Metrics, in [start, end) where given; return how many."""

    @abstractmethod
    def count(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        """How many readings these Metrics have, in [start, end) where given."""

    @abstractmethod
    def prune(self, before: int, metric_ids: Sequence[int] | None = None) -> int:
        """Delete the readings before an instant, of all Metrics or these; return how many."""

    @abstractmethod
    def prunable(self, before: int, metric_ids: Sequence[int] | None = None) -> int:
        """How many readings `prune` would delete."""

    def append_history(self, batch: ReadingBatch, now: int) -> None:
        """Like `append`, for many readings of days long past at `now`, as imports bring them."""
        self.append(batch)

    def seal(self, now: int, *, rest: float = 0) -> int:
        """Put what was appended and is complete at `now` into its final form; return how much.

        `rest` is for how many times as long as each step took to leave the store to others then.
        """
        return 0

    def forget(self, metric_ids: Sequence[int]) -> None:
        """Delete all readings of Metrics that go, uncounted: a store that is away refuses not."""
        self.delete(metric_ids)

    def migrate(self) -> list[str]:
        """Create or change what the store needs outside the database; name the steps taken."""
        return []

    def close(self) -> None:  # noqa: B027 - most stores hold nothing
        """Let go of connections and locks; the next call takes them again."""

    def check(self) -> list[CheckMessage]:
        """What is wrong with the store's configuration, for `manage.py check`."""
        return []

    def read_blocks(
        self, metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool = False
    ) -> Iterator[tuple[int, Samples]]:
        """Like `read`, Metric by Metric in the order given, holding one block of them at a time."""
        for begin in range(0, len(metric_ids), BLOCK):
            block = metric_ids[begin : begin + BLOCK]
            samples = self.read(block, start, end, with_neighbours=with_neighbours)
            yield from ((metric_id, samples[metric_id]) for metric_id in block)

    def read_quarters(
        self, wanted: Sequence[Wanted], start: int, end: int, *, known_until: int
    ) -> Iterator[tuple[int, Quarters | Samples]]:
        """What the quarter hours of [start, end) come to, Metric by Metric in the order given.

        Nothing is known of the time after `known_until`. A Metric whose quarter hours are not kept,
        or would not tell exactly, is answered by its readings, with neighbours.
        """
        ids = [each.metric_id for each in wanted]
        yield from self.read_blocks(ids, start, end, with_neighbours=True)
