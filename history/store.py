"""What every history store can do. Stores take Metric ids, never a user: resolve
`Metric.objects.visible_to(user)` first."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.core.checks import CheckMessage

from history import counting, merge
from history.arrays import Ints, ReadingBatch, Samples
from history.blocks import in_blocks
from history.buckets import DAY
from history.counters import NO_RULES, Rules, Steps
from history.counting import Kept, Run
from history.series import BucketedSeries, SampleSeries

# Metrics whose readings are in memory at once: a month of minutes of each is 45 MB.
BLOCK = 64
# Readings that are in memory at once, where one Metric alone has not more: 16 MB.
READINGS_AT_ONCE = 1_000_000
# A counter's window is read together with what lies between it and the latest state that is kept,
# as a rule the days that are not sealed yet, unless that is more time than this.
_READ_ALONG = 4 * DAY


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
class SeriesQuery:
    """What a series is to tell of one Metric.

    `needs`: time-weighted means, how far a counter rose, what only its readings tell, or none of
    these. `extremes`: the least and the greatest values too. `lookback`: for how many microseconds
    a reading stands at most; `rules`: what is known of the counter, if it is one.
    """

    metric_id: int
    needs: Literal["mean", "increase", "readings", "other"]
    extremes: bool
    lookback: int
    rules: Rules = NO_RULES

    def series_of(
        self, samples: Samples, edges: Ints, known_until: int, steps: Steps | None = None
    ) -> SampleSeries:
        """The series, computed from readings, and from the steps of a counter."""
        return SampleSeries(samples, edges, self.lookback, known_until, steps or Steps.none())


class HistoryStore(ABC):
    """The readings of all Metrics: one value for each Metric and instant.

    Instants are microseconds since the Unix epoch; windows are half-open, and None leaves a side
    open. Every engine passes the same contract test.
    """

    @abstractmethod
    def append(self, batch: ReadingBatch) -> ReadingBatch:
        """Store readings; one of the same Metric and instant replaces what was there.

        Appending the same batch again changes nothing. Returns the readings as they were stored,
        sorted and de-duplicated.
        """

    @abstractmethod
    def read(
        self, metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool = False
    ) -> dict[int, Samples]:
        """The readings of [start, end), with an entry for every Metric asked for.

        `with_neighbours` adds the last reading before `start` and the first at or after `end`,
        however far away.
        """

    @abstractmethod
    def read_first(
        self, metric_ids: Sequence[int], start: int, end: int, limit: int
    ) -> dict[int, Samples]:
        """The first `limit` readings of [start, end), and maybe more, of `metrics_at_once`."""

    def metrics_at_once(self, start: int, end: int) -> int:
        """Of how many Metrics the store looks at all of [start, end) at once."""
        return BLOCK

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
        found: dict[int, Samples] = {}
        missing = limit + 1  # one more tells whether this page is the last
        size = self.metrics_at_once(start, end)
        for block, since in _behind(metric_ids, start, after, size):
            if since < end:
                found |= merge.first(self.read_first(block, since, end, missing), missing)
                missing = limit + 1 - sum(map(len, found.values()))
            if not missing:
                break
        return _page(found, limit)

    @abstractmethod
    def delete(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        """Delete readings of these Metrics, in [start, end) where given; return how many."""

    @abstractmethod
    def prune(self, metric_ids: Sequence[int], before: int) -> int:
        """Delete the readings before the beginning of a UTC day, which are not kept any longer.

        What those behind have added to counters stays. Returns how many readings were deleted.
        """

    @abstractmethod
    def count(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        """How many readings these Metrics have, in [start, end) where given."""

    @abstractmethod
    def append_history(self, batch: ReadingBatch, now: int) -> ReadingBatch:
        """Like `append`, for many readings of days long past at `now`, as imports bring them."""

    def seal(self, now: int, *, rest: float = 0) -> int:
        """Put what was appended and is complete at `now` into its final form; return how much.

        `rest` is for how many times as long as each step took to leave the store to others then.
        """
        return 0

    def forget(self, metric_ids: Sequence[int]) -> None:
        """Delete all readings of Metrics that are deleted, even while the store is away."""
        self.delete(metric_ids)

    def migrate(self) -> list[str]:
        """Create or change what the store needs outside the database; name the steps taken."""
        return []

    def close(self) -> None:  # noqa: B027 - most stores have none
        """Close connections and release locks; the next call opens them again."""

    def check(self) -> list[CheckMessage]:
        """What is wrong with the store's configuration, for `manage.py check`."""
        return []

    def read_blocks(
        self, metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool = False
    ) -> Iterator[tuple[int, Samples]]:
        """Like `read`, Metric by Metric in the order given, holding one block of them at a time."""
        for block in in_blocks(metric_ids, BLOCK):
            samples = self.read(block, start, end, with_neighbours=with_neighbours)
            yield from ((metric_id, samples[metric_id]) for metric_id in block)

    def read_series(
        self, queries: Sequence[SeriesQuery], edges: Ints, *, known_until: int
    ) -> Iterator[tuple[int, BucketedSeries]]:
        """The series in the buckets between `edges`, Metric by Metric in the order given.

        Nothing is known of the time after `known_until`.
        """
        return self.series_of_readings(queries, edges, known_until=known_until)

    def series_of_readings(
        self, queries: Sequence[SeriesQuery], edges: Ints, *, known_until: int
    ) -> Iterator[tuple[int, SampleSeries]]:
        """The same, computed from readings."""
        counters = [query for query in queries if query.needs == "increase"]
        others = [query for query in queries if query.needs != "increase"]
        of_counters = self._series_of_counters(counters, edges, known_until)
        of_others = self._series_of_readings(others, edges, known_until)
        for query in queries:
            yield next(of_counters if query.needs == "increase" else of_others)

    @abstractmethod
    def kept_states(self, rules: Mapping[int, Rules], instant: int) -> dict[int, Kept]:
        """By Metric id, the latest state of each counter that is kept from before `instant`.

        An entry for each; one that was never read where none is kept.
        """

    def _series_of_readings(
        self, queries: Sequence[SeriesQuery], edges: Ints, known_until: int
    ) -> Iterator[tuple[int, SampleSeries]]:
        ids = [query.metric_id for query in queries]
        found = self.read_blocks(ids, *edges[[0, -1]].tolist(), with_neighbours=True)
        for query, (metric_id, samples) in zip(queries, found, strict=True):
            yield metric_id, query.series_of(samples, edges, known_until)

    def _series_of_counters(
        self, queries: Sequence[SeriesQuery], edges: Ints, known_until: int
    ) -> Iterator[tuple[int, SampleSeries]]:
        start, end = edges[[0, -1]].tolist()
        for block in in_blocks(queries, BLOCK):
            rules = {query.metric_id: query.rules for query in block}
            kept = self.kept_states(rules, start)
            far = {key: each for key, each in kept.items() if each.since < start - _READ_ALONG}
            kept |= counting.brought_forward(far, rules, start, self)
            since = min(each.since for each in kept.values())
            found = self.read_blocks(list(rules), since, end, with_neighbours=True)
            for query, (metric_id, samples) in zip(block, found, strict=True):
                origin, state = kept[metric_id]
                run = Run(metric_id, query.rules, state, samples.behind(origin))
                (steps,) = counting.steps_of([run], end, self)
                yield metric_id, query.series_of(samples, edges, known_until, steps)


def _behind(
    metric_ids: Sequence[int], start: int, after: Position | None, size: int
) -> Iterator[tuple[Sequence[int], int]]:
    """Blocks of Metrics in the order of pages, each with where its window begins behind `after`."""
    ids = sorted(set(metric_ids))
    if after is not None:
        if after.metric_id in ids:
            yield [after.metric_id], max(start, after.timestamp + 1)
        ids = [metric_id for metric_id in ids if metric_id > after.metric_id]
    yield from ((block, start) for block in in_blocks(ids, size))


def _page(found: Mapping[int, Samples], limit: int) -> Page:
    """At most `limit` readings, and the position behind them where there are more."""
    shown = {metric_id: part for metric_id, part in merge.first(found, limit).items() if len(part)}
    if sum(map(len, found.values())) <= limit:
        return Page(shown, None)
    last = max(shown)
    return Page(shown, Position(last, int(shown[last].timestamps[-1])))
