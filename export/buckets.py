"""An export of aggregated history: all Metrics on one set of buckets, some buckets at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from energy.errors import DomainError
from export.readings import NUMBER_BYTES, ROW_BYTES, identity
from history.arrays import Ints
from history.buckets import DAY, FIXED, Buckets, TooManyBucketsError, Window, divide
from metrics.models import Metric
from timeseries import fills
from timeseries.summaries import Columns, Summary, columns_of, is_direction

VALUES = 500_000  # numbers in memory at once
ROWS = 50_000  # buckets in memory at once: as text, each takes many times what its numbers take
MAX_LINEAR = 1_000_000  # values that lines can be drawn between
_MAX_CALENDAR = 200_000  # days of three centuries
_OVER_A_MONTH = 40 * DAY  # no bucket is longer


@dataclass(frozen=True, slots=True)
class BucketBlock:
    """Some buckets of all Metrics.

    `starts` int64[n]; `columns`: for each Metric its `values`, and `min`, `max` and `coverage`
    where they are asked for, float64[n] each, NaN where nothing is known.
    """

    starts: Ints
    columns: list[Columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketsExport:
    """Each Metric's history in the buckets of a window, by the aggregate at the same index.

    Buckets of a day and longer are those of `calendar`; times are written in `zone`, None being
    UTC. `parts` are the columns of each Metric. Nothing is known of the time after `known_until`.
    Only the buckets of `covered` are written, the part of the window that may have values. Raises
    DomainError where lines would be drawn between more values than fit in memory.
    """

    metrics: Sequence[Metric]
    aggregates: Sequence[str]
    window: Window
    covered: Window
    resolution: str
    calendar: ZoneInfo
    zone: ZoneInfo | None
    parts: tuple[str, ...]
    fill: str
    known_until: int

    def __post_init__(self) -> None:
        if self.fill == "linear" and self.rows() * len(self.metrics) > MAX_LINEAR:
            raise DomainError(
                f"Lines are drawn between at most {MAX_LINEAR:,} values: ask for a shorter window, "
                "a coarser resolution or another fill.",
                code="too_many_points",
                field="fill",
            )

    def rows(self) -> int:
        """How many buckets are written; with empty ones left out, how many at most."""
        start, end = self.covered
        if start == end:
            return 0
        if length := FIXED.get(self.resolution):
            return -(-end // length) - start // length
        return len(self._calendar_buckets())

    def buckets_touching(self, first: int, last: int) -> Window:
        """The part of the window whose buckets touch [first, last); it may be empty."""
        start, end = self.window
        if length := FIXED.get(self.resolution):
            since, until = first - first % length, last + -last % length
        else:
            near = Window(max(start, first - _OVER_A_MONTH), min(end, last + _OVER_A_MONTH))
            if near.start >= near.end:
                return Window(start, start)
            edges = replace(self, covered=near)._calendar_buckets().edges
            low, high = np.searchsorted(edges, (first, last - 1), side="right").tolist()
            since, until = int(edges[max(0, low - 1)]), int(edges[min(edges.size - 1, high)])
        since = min(max(start, since), end)
        return Window(since, max(since, min(end, until)))

    def text_bytes(self, rows: int) -> int:
        """How large so many rows are as text, roughly."""
        return rows * (ROW_BYTES + self._width * (NUMBER_BYTES + 1))

    def headings(self) -> list[str]:
        """The names of a bucket's numbers, such as `site/device/active_power mean [W]`."""
        headings = []
        for metric, aggregate in zip(self.metrics, self.aggregates, strict=True):
            site, device, key, unit = identity(metric)
            for part in self.parts:
                name = aggregate if part == "values" else part
                shown = "1" if "count" in name or part == "coverage" else unit
                headings.append(f"{site}/{device}/{key} {name} [{shown}]")
        return headings

    def blocks(self) -> Iterator[BucketBlock]:
        """All buckets in time, filled as asked."""
        blocks = (self._block(buckets) for buckets in self._divided())
        if self.fill == "none":
            return map(_without_empty, blocks)
        if self.fill == "previous":
            return self._carried(blocks)
        return self._interpolated(blocks) if self.fill == "linear" else blocks

    @property
    def _width(self) -> int:
        """How many numbers a bucket has."""
        return len(self.metrics) * len(self.parts)

    def _divided(self) -> Iterator[Buckets]:
        """The buckets, as many at once as fit in memory."""
        if not self.rows():
            return
        at_once = max(1, min(ROWS, VALUES // max(1, self._width)))
        length = FIXED.get(self.resolution)
        if length is None:
            whole = self._calendar_buckets()
            for low in range(0, len(whole), at_once):
                high = low + at_once
                yield Buckets(whole.starts[low:high], whole.edges[low : high + 1])
            return
        start, end = self.covered
        while start < end:
            stop = min(end, start - start % length + at_once * length)
            yield divide(start, stop, self.resolution, self.calendar, at_most=at_once)
            start = stop

    def _calendar_buckets(self) -> Buckets:
        try:
            return divide(*self.covered, self.resolution, self.calendar, at_most=_MAX_CALENDAR)
        except TooManyBucketsError as error:
            raise DomainError(str(error), code="too_many_points", field="resolution") from error

    def _block(self, buckets: Buckets) -> BucketBlock:
        # Only the first block looks for a value before it; the others carry it on.
        looks_back = self.fill == "previous" and buckets.edges[0] == self.covered.start
        fill = "previous" if looks_back else "null"
        envelope = not {"min", "max"}.isdisjoint(self.parts)
        summaries = [
            Summary(metric, aggregate, buckets, self.known_until)
            for metric, aggregate in zip(self.metrics, self.aggregates, strict=True)
        ]
        columns = [
            {part: found[part] for part in self.parts}
            for found in columns_of(summaries, envelope=envelope, fill=fill)
        ]
        return BucketBlock(buckets.starts, columns)

    def _carried(self, blocks: Iterator[BucketBlock]) -> Iterator[BucketBlock]:
        """Empty buckets take the value before them, across blocks; future ones stay empty."""
        last = [np.nan] * len(self.metrics)
        for block in blocks:
            past = int(np.searchsorted(block.starts, self.known_until, side="right"))
            for index, columns in enumerate(block.columns):
                values = columns["values"]
                filled = fills.previous(values[:past], last[index])
                columns["values"] = np.concatenate((filled, values[past:]))
                last[index] = float(filled[-1]) if past else np.nan
            yield block

    def _interpolated(self, blocks: Iterator[BucketBlock]) -> Iterator[BucketBlock]:
        """Empty buckets on the line between their neighbours, for which all are read at once."""
        every = list(blocks)
        if not every:
            return
        starts = np.concatenate([block.starts for block in every])
        ends = np.cumsum([block.starts.size for block in every])[:-1]
        for index, (metric, aggregate) in enumerate(
            zip(self.metrics, self.aggregates, strict=True)
        ):
            values = np.concatenate([block.columns[index]["values"] for block in every])
            circular = aggregate == "mean" and is_direction(metric)
            filled = fills.linear(values, starts, circular=circular)
            for block, part in zip(every, np.split(filled, ends), strict=True):
                block.columns[index]["values"] = part
        yield from every


def _without_empty(block: BucketBlock) -> BucketBlock:
    filled = np.zeros(block.starts.size, bool)
    for columns in block.columns:
        filled |= ~np.isnan(columns["values"])
    return BucketBlock(
        block.starts[filled],
        [{part: numbers[filled] for part, numbers in columns.items()} for columns in block.columns],
    )
