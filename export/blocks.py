"""Aggregated history for an export: all Metrics on one set of buckets, some buckets at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from energy.errors import DomainError
from energy.instants import MICROS_PER_SECOND
from history.arrays import Ints
from history.buckets import DAY, FIXED, Buckets, TooManyBucketsError, Window, divide
from history.store import BLOCK
from metrics.models import Metric
from timeseries import fills
from timeseries.columns import Columns, columns_of
from timeseries.summaries import Summary, is_direction

CELLS = 500_000  # numbers in memory at once
ROWS = 50_000  # buckets in memory at once: as text each takes many times what its numbers do
READINGS = 3_000_000  # readings in memory at once, as far as Metrics keep to their interval
MAX_LINEAR = 1_000_000  # values that lines can be drawn between
_MAX_CALENDAR = 200_000  # days of three centuries
_OVER_A_MONTH = 40 * DAY  # no bucket is longer


@dataclass(frozen=True, slots=True)
class Block:
    """Some buckets of all Metrics.

    `starts` int64[rows]; `columns`: for each Metric its `values`, and `min`, `max` and `coverage`
    where asked for, float64[rows] each, NaN where nothing is known.
    """

    starts: Ints
    columns: list[Columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which buckets, of which Metrics, aggregated how; `known_until`: nothing is known later."""

    metrics: Sequence[Metric]
    aggregates: Sequence[str]
    window: Window
    resolution: str
    zone: ZoneInfo
    parts: tuple[str, ...]
    fill: str
    known_until: int

    @property
    def width(self) -> int:
        """How many numbers a bucket has."""
        return len(self.metrics) * len(self.parts)

    def rows(self) -> int:
        """How many buckets the window has."""
        start, end = self.window
        if start == end:
            return 0
        if length := FIXED.get(self.resolution):
            return -(-end // length) - start // length
        return len(self._calendar())

    def whole_buckets(self, first: int, last: int) -> Window:
        """The part of the window whose buckets touch [first, last); it may be empty."""
        start, end = self.window
        if length := FIXED.get(self.resolution):
            since, until = first - first % length, last + -last % length
        else:
            near = Window(max(start, first - _OVER_A_MONTH), min(end, last + _OVER_A_MONTH))
            if near.start >= near.end:
                return Window(start, start)
            edges = replace(self, window=near)._calendar().edges
            low, high = np.searchsorted(edges, (first, last - 1), side="right").tolist()
            since, until = int(edges[max(0, low - 1)]), int(edges[min(edges.size - 1, high)])
        since = min(max(start, since), end)
        return Window(since, max(since, min(end, until)))

    def blocks(self) -> Iterator[Block]:
        """All buckets in time, filled as asked."""
        plain = (self._block(buckets) for buckets in self._divided())
        if self.fill == "none":
            return map(_without_empty, plain)
        if self.fill == "previous":
            return self._carried(plain)
        return self._lines(plain) if self.fill == "linear" else plain

    def refuse_the_impossible(self) -> None:
        """Raises DomainError where lines would be drawn between more values than memory takes."""
        if self.fill == "linear" and self.rows() * len(self.metrics) > MAX_LINEAR:
            raise DomainError(
                f"Lines are drawn between at most {MAX_LINEAR:,} values: ask for a shorter window, "
                "a coarser resolution or another fill.",
                code="too_many_points",
                field="fill",
            )

    def _divided(self) -> Iterator[Buckets]:
        """The buckets, as many at once as fit."""
        if not self.rows():
            return
        at_once = max(1, min(ROWS, CELLS // max(1, self.width)))
        length = FIXED.get(self.resolution)
        if length is None:
            whole = self._calendar()
            for row in range(0, len(whole), at_once):
                upto = row + at_once
                yield Buckets(whole.starts[row:upto], whole.edges[row : upto + 1])
            return
        start, end = self.window
        while start < end:
            stop = min(end, start - start % length + at_once * length)
            yield divide(start, stop, self.resolution, self.zone, at_most=at_once)
            start = stop

    def _calendar(self) -> Buckets:
        try:
            return divide(*self.window, self.resolution, self.zone, at_most=_MAX_CALENDAR)
        except TooManyBucketsError as error:
            raise DomainError(str(error), code="too_many_points", field="resolution") from error

    def _block(self, buckets: Buckets) -> Block:
        columns: list[Columns] = []
        for summaries in self._summaries(buckets):
            columns += self._columns(summaries, buckets)
        return Block(buckets.starts, columns)

    def _columns(self, summaries: Sequence[Summary], buckets: Buckets) -> Iterator[Columns]:
        # Only the first block looks back at what stood before it; the others carry it on.
        looks_back = self.fill == "previous" and buckets.edges[0] == self.window.start
        fill = "previous" if looks_back else "null"
        envelope = not {"min", "max"}.isdisjoint(self.parts)
        for columns in columns_of(summaries, envelope=envelope, fill=fill):
            yield {part: columns[part] for part in self.parts}

    def _summaries(self, buckets: Buckets) -> Iterator[list[Summary]]:
        """The Metrics, as many at once as their readings fit."""
        span = int(buckets.edges[-1] - buckets.edges[0])
        group: list[Summary] = []
        room = READINGS
        for metric, aggregate in zip(self.metrics, self.aggregates, strict=True):
            room -= span // (metric.expected_interval * MICROS_PER_SECOND)
            if group and (room < 0 or len(group) == BLOCK):
                yield group
                group, room = [], READINGS
            group.append(Summary(metric, aggregate, buckets, self.known_until))
        if group:
            yield group

    def _carried(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """Empty buckets take the value before them, across blocks; those to come stay empty."""
        last = [np.nan] * len(self.metrics)
        for block in blocks:
            begun = int(np.searchsorted(block.starts, self.known_until, side="right"))
            for place, columns in enumerate(block.columns):
                values = columns["values"]
                filled = fills.previous(values[:begun], last[place])
                columns["values"] = np.concatenate((filled, values[begun:]))
                last[place] = float(filled[-1]) if begun else np.nan
            yield block

    def _lines(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """Empty buckets on the line between their neighbours, for which all are looked at once."""
        parts = list(blocks)
        if not parts:
            return
        starts = np.concatenate([part.starts for part in parts])
        for place, (metric, aggregate) in enumerate(
            zip(self.metrics, self.aggregates, strict=True)
        ):
            values = np.concatenate([part.columns[place]["values"] for part in parts])
            circular = aggregate == "mean" and is_direction(metric)
            filled, row = fills.linear(values, starts, circular=circular), 0
            for part in parts:
                part.columns[place]["values"] = filled[row : row + part.starts.size]
                row += part.starts.size
        yield from parts


def _without_empty(block: Block) -> Block:
    filled = np.zeros(block.starts.size, bool)
    for columns in block.columns:
        filled |= ~np.isnan(columns["values"])
    return Block(
        block.starts[filled],
        [{part: numbers[filled] for part, numbers in columns.items()} for columns in block.columns],
    )
