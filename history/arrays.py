"""Readings as arrays: what travels between ingest, the history store and the aggregates. Pure."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Samples:
    """The readings of one Metric, ascending in time, no instant twice.

    `timestamps` int64[n] in microseconds since the Unix epoch, `values` float64[n], finite.
    """

    timestamps: Ints
    values: Floats

    @classmethod
    def empty(cls) -> Self:
        """No readings."""
        return cls(np.empty(0, np.int64), np.empty(0, np.float64))

    def __len__(self) -> int:
        return self.timestamps.size

    def within(self, start: int, end: int) -> Self:
        """The readings of the half-open window [start, end)."""
        if len(self) and start <= self.timestamps[0] and self.timestamps[-1] < end:
            return self
        return self.between(*np.searchsorted(self.timestamps, (start, end)))

    def behind(self, instant: int) -> Self:
        """The readings from an instant on."""
        return self.between(int(np.searchsorted(self.timestamps, instant)), len(self))

    def around(self, start: int, end: int) -> Self:
        """The readings of [start, end), the last one before and the first one behind."""
        low, high = np.searchsorted(self.timestamps, (start, end))
        return self.between(max(0, low - 1), high + 1)

    def between(self, low: int, high: int) -> Self:
        """The readings from one index up to another."""
        return type(self)(self.timestamps[low:high], self.values[low:high])


@dataclass(frozen=True, slots=True, eq=False)
class ReadingBatch:
    """Readings of any Metrics in the order they arrived.

    `metric_ids` int64[n], `timestamps` int64[n] in microseconds since the Unix epoch, `values`
    float64[n], all of one length.
    """

    metric_ids: Ints
    timestamps: Ints
    values: Floats

    def __post_init__(self) -> None:
        if not self.metric_ids.shape == self.timestamps.shape == self.values.shape:
            raise ValueError("The three arrays of a batch must have one length.")

    @classmethod
    def of(cls, metric_ids: ArrayLike, timestamps: ArrayLike, values: ArrayLike) -> Self:
        """A batch from any sequences, converted where they are not arrays of the right type yet."""
        return cls(
            np.asarray(metric_ids, np.int64),
            np.asarray(timestamps, np.int64),
            np.asarray(values, np.float64),
        )

    def __len__(self) -> int:
        return self.metric_ids.size

    def __getitem__(self, chosen: slice | NDArray[np.bool_]) -> Self:
        """Some of them: a slice, or those where bool[n] is true."""
        return type(self)(self.metric_ids[chosen], self.timestamps[chosen], self.values[chosen])

    def deduplicated(self) -> Self:
        """Sorted by Metric, then time; of readings of one Metric and instant the last one wins."""
        if self._is_strictly_ascending():
            return self
        order = np.lexsort((self.timestamps, self.metric_ids))  # stable: arrival order in ties
        ids, timestamps = self.metric_ids[order], self.timestamps[order]
        last = np.ones(order.size, bool)
        last[:-1] = (ids[1:] != ids[:-1]) | (timestamps[1:] != timestamps[:-1])
        return type(self)(ids[last], timestamps[last], self.values[order][last])

    def by_metric(self) -> dict[int, Samples]:
        """The readings of each Metric of the batch, de-duplicated."""
        if not len(self):
            return {}
        batch = self.deduplicated()
        cuts = np.flatnonzero(np.diff(batch.metric_ids)) + 1
        bounds = [0, *cuts.tolist(), len(batch)]
        return {
            int(batch.metric_ids[begin]): Samples(
                batch.timestamps[begin:end], batch.values[begin:end]
            )
            for begin, end in pairwise(bounds)
        }

    def _is_strictly_ascending(self) -> bool:
        step = np.diff(self.metric_ids)
        return bool(np.all((step > 0) | ((step == 0) & (np.diff(self.timestamps) > 0))))
