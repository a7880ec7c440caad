"""What every history store can do. Stores take Metric ids, never a user: resolve
`Metric.objects.visible_to(user)` first."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.core.checks import CheckMessage

from metrics.history.arrays import ReadingBatch, Samples

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


class HistoryStore(ABC):
    """The readings of all Metrics: one value for each Metric and instant.

    Instants are microseconds since the Unix epoch; windows are half-open, and None leaves a side
    open. Every engine passes the same contract test.
    """

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
    def prune(self, before: int) -> int:
        """Delete the readings of all Metrics before an instant; return how many."""

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
