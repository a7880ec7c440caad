"""A day of readings as bytes, and back. Pure.

Timestamps, values and the day's quarter hours are arrays compressed by pcodec, each by itself: a
query decodes what it needs. What a day's 96 quarter hours hold besides values (how many readings,
when, for how long a value is known) is the same for each in a day that misses nothing; then it is
kept once.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig
from pcodec.standalone import simple_compress, simple_decompress, simple_decompress_into

from metrics.history.arrays import Floats, Ints, ReadingBatch, Samples
from metrics.history.buckets import DAY
from metrics.history.cells import QUARTER, QUARTERS_A_DAY, cells_of, steepest

# Level 8, the default, takes twice the time for half a percent.
_CONFIG = ChunkConfig(compression_level=6)
# Decoding fewer readings is as fast as decoding their quarter hours.
_WORTH_SUMMING = 2 * QUARTERS_A_DAY
# The sums over a quarter hour of larger values might overflow.
LARGEST_SUMMED = 1e290
_HEADER = struct.Struct("<BBHd")  # layout, uniform, bytes of the shape, steepest rise
_HEAD = np.dtype([("layout", "u1"), ("uniform", "u1"), ("size", "<u2"), ("rise", "<f8")])
_NO_HEAD = bytes(_HEADER.size)
_SHAPE = ("counts", "firsts", "lasts", "known")


class Layout(IntEnum):
    """Which values are kept of each quarter hour."""

    MEASURED = 1  # low, high, last, mean
    RISING = 2  # low and high: the first and the last value of a counter that never fell

    @property
    def width(self) -> int:
        """How many."""
        return 4 if self is Layout.MEASURED else 2


class Nature(NamedTuple):
    """What sealing needs to know of a Metric; `hold` in microseconds."""

    is_counter: bool
    hold: int


class Sealed(NamedTuple):
    """A UTC day of one Metric, `day` counted from the Unix epoch; a row of metrics_pack.

    `first` and `last` in microseconds since the epoch; `low` and `high` the extreme values;
    `hold` as it was for the quarter hours, in microseconds.
    """

    metric_id: int
    day: int
    n: int
    first: int
    last: int
    low: float
    high: float
    hold: int
    times: bytes
    vals: bytes
    quarters: bytes


def opened(times: bytes, vals: bytes) -> Samples:
    """The readings of a sealed day."""
    return Samples(simple_decompress(times), simple_decompress(vals))


def sealed(batch: ReadingBatch, natures: Mapping[int, Nature]) -> Iterator[Sealed]:
    """The days of some readings in any order, sorted, the last of each instant kept.

    Raises ValueError for values that are not finite.
    """
    batch = batch.deduplicated()
    if not np.isfinite(batch.values).all():
        raise ValueError("Only finite values are sealed.")
    if not len(batch):
        return
    days = batch.timestamps // DAY
    changes = (np.diff(batch.metric_ids, prepend=-1) != 0) | (np.diff(days, prepend=days[0]) != 0)
    begins = np.flatnonzero(changes)
    ends = np.append(begins[1:], len(batch))
    ids = batch.metric_ids[begins].tolist()
    summed = _summed(batch, np.cumsum(changes) - 1, [natures[metric_id] for metric_id in ids])
    lows = np.minimum.reduceat(batch.values, begins).tolist()
    highs = np.maximum.reduceat(batch.values, begins).tolist()
    clock: dict[bytes, bytes] = {}  # most Metrics are measured at the same moments
    bounds = zip(begins.tolist(), ends.tolist(), strict=True)
    for index, (begin, end) in enumerate(bounds):
        timestamps = batch.timestamps[begin:end]
        moments = timestamps.tobytes()
        if moments not in clock:
            clock[moments] = _compressed(timestamps)
        yield Sealed(
            metric_id=ids[index],
            day=int(days[begin]),
            n=end - begin,
            first=int(timestamps[0]),
            last=int(timestamps[-1]),
            low=lows[index],
            high=highs[index],
            hold=natures[ids[index]].hold,
            times=clock[moments],
            vals=_compressed(batch.values[begin:end]),
            quarters=summed[index],
        )


# Quarter hours ------------------------------------------------------------------------------------


def heads_of(summaries: Sequence[bytes]) -> NDArray[Any]:
    """What each day's summary begins with: among others its `layout`, 0 for one without any.

    Of a RISING one, `rise` is the steepest rise.
    """
    return np.frombuffer(b"".join([each[: _HEADER.size] or _NO_HEAD for each in summaries]), _HEAD)


class Kept(NamedTuple):
    """The summaries of some days of one Metric, or of several.

    `places` int64[n]: which days of a window, counted from its first. Of each the `shapes` and
    `columns` as they were written; `uniform` and `rising` bool[n] tell how.
    """

    places: Ints
    uniform: NDArray[np.bool_]
    rising: NDArray[np.bool_]
    shapes: Sequence[bytes]
    columns: Sequence[bytes]

    @classmethod
    def of(cls, places: Ints, heads: NDArray[Any], summaries: Sequence[bytes]) -> "Kept":
        """`heads`: see `heads_of`."""
        begin, ends = _HEADER.size, (heads["size"].astype(np.int64) + _HEADER.size).tolist()
        return cls(
            places,
            heads["uniform"] != 0,
            heads["layout"] == Layout.RISING,
            [summary[begin:end] for summary, end in zip(summaries, ends, strict=True)],
            [summary[end:] for summary, end in zip(summaries, ends, strict=True)],
        )

    def between(self, low: int, high: int) -> "Kept":
        """Those from one index up to another."""
        inside = slice(low, high)
        return Kept(
            self.places[inside],
            self.uniform[inside],
            self.rising[inside],
            self.shapes[inside],
            self.columns[inside],
        )

    @property
    def moments(self) -> tuple[bytes, bytes, tuple[bytes, ...]]:
        """What the shape is made of; Metrics whose are equal were measured at the same moments."""
        return self.places.tobytes(), self.uniform.tobytes(), tuple(self.shapes)

    def shape(self, days: int) -> Ints:
        """int64[days, 4, 96]: count, first and last as offsets in the quarter hour, known time."""
        shape = np.zeros((days, len(_SHAPE), QUARTERS_A_DAY), np.int64)
        written = zip(self.places.tolist(), self.shapes, self.uniform.tolist(), strict=True)
        for place, each, is_uniform in written:
            shape[place] = shape_of(each, is_uniform)
        return shape

    def opened(self, days: int) -> Floats:
        """float64[days, 4, 96]: low, high, last, mean, whatever of them a day's layout has."""
        whole = np.empty if len(self.columns) == days else np.zeros
        columns = whole((days, 4 * QUARTERS_A_DAY))
        for place, written in zip(self.places.tolist(), self.columns, strict=True):
            simple_decompress_into(written, columns[place])
        grid = columns.reshape(-1, 4, QUARTERS_A_DAY)
        if self.rising.any():
            rising = self.places[self.rising]
            grid[rising, 2] = grid[rising, 1]
        return grid


@lru_cache(maxsize=64)
def shape_of(written: bytes, is_uniform: bool) -> Ints:
    """The shape of one day, int64[4, 96]; most Metrics have the same, day after day."""
    if is_uniform:
        numbers = np.frombuffer(written, np.int64).reshape(-1, 1)
        return np.broadcast_to(numbers, (len(_SHAPE), QUARTERS_A_DAY))
    return simple_decompress(written).reshape(len(_SHAPE), QUARTERS_A_DAY)


def _summed(batch: ReadingBatch, days: Ints, natures: Sequence[Nature]) -> list[bytes]:
    """The summary of each day of a de-duplicated batch; `days` int64[n] numbers them from 0."""
    holds = np.array([nature.hold for nature in natures])
    quarters = batch.timestamps % DAY // QUARTER
    cells = cells_of(
        days * QUARTERS_A_DAY + quarters, batch.timestamps, batch.values, hold=holds[days]
    )
    rises = steepest(days, batch.timestamps, batch.values, len(natures)).tolist()
    shape = np.zeros((len(_SHAPE), len(natures) * QUARTERS_A_DAY), np.int64)
    offsets = (cells.firsts % QUARTER, cells.lasts % QUARTER)
    shape[:, cells.keys] = (cells.counts, *offsets, cells.known)
    # Empty quarter hours repeat the one before, which takes no room and is never looked at.
    filled = np.zeros(shape.shape[1], np.int64)
    filled[cells.keys] = np.arange(cells.keys.size)
    filled = np.maximum.accumulate(filled)
    columns = np.array((cells.low, cells.high, cells.last, cells.mean))[:, filled]
    sizes = np.bincount(days, minlength=len(natures))
    summaries = []
    for index, nature in enumerate(natures):
        inside = slice(index * QUARTERS_A_DAY, (index + 1) * QUARTERS_A_DAY)
        summaries.append(
            _summary(shape[:, inside], columns[:, inside], nature, rises[index])
            if sizes[index] >= _WORTH_SUMMING
            else b""
        )
    return summaries


def _summary(shape: Ints, columns: Floats, nature: Nature, rise: float) -> bytes:
    if not (np.abs(columns) <= LARGEST_SUMMED).all():
        return b""
    is_rising = nature.is_counter and np.isfinite(rise)
    layout = Layout.RISING if is_rising else Layout.MEASURED
    uniform = bool((shape == shape[:, :1]).all())
    written = shape[:, 0].tobytes() if uniform else _compressed(shape.ravel())
    header = _HEADER.pack(layout, uniform, len(written), rise)
    return header + written + _compressed(columns[: layout.width].ravel())


def _compressed(numbers: NDArray[np.int64] | NDArray[np.float64]) -> bytes:
    return bytes(simple_compress(np.ascontiguousarray(numbers), _CONFIG))
