"""What the readings of quarter hours come to: computed, and as the bytes that chunks keep. Pure.

The shape of a day's 96 quarter hours says how many readings each has, when they were measured and
for how long a value is known. The values are arrays of their own: means are asked for by themselves
as a rule, and differ too much from what was measured to be compressed well with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig
from pcodec.standalone import simple_compress, simple_decompress, simple_decompress_into

from history.arrays import Floats, Ints, ReadingBatch
from history.buckets import DAY, MINUTE

QUARTER = 15 * MINUTE
QUARTERS_A_DAY = DAY // QUARTER
SHAPE = 4  # rows: counts, firsts, lasts, known
# The sums over a quarter hour of larger values might overflow.
LARGEST_SUMMED = 1e290
# Decoding fewer readings is as fast as decoding their rollup.
_WORTH_SUMMING = 2 * QUARTERS_A_DAY
# Level 8, the default, takes twice the time for half a percent.
_COMPRESSION = ChunkConfig(compression_level=6)


@dataclass(frozen=True, slots=True)
class Rollups:
    """What the readings of some quarter hours come to; one entry for each that has any.

    `keys` int64[n] ascending: which quarter hour. `counts` int64[n]; `firsts` and `lasts` int64[n]:
    when the first and last of its readings were measured, in microseconds from its beginning;
    `known` int64[n]: microseconds for which a value is known from the first reading to the end.
    float64[n]: the `low`, `high` and `last` value and the `mean` over the known time.
    """

    keys: Ints
    counts: Ints
    firsts: Ints
    lasts: Ints
    known: Ints
    low: Floats
    high: Floats
    last: Floats
    mean: Floats

    @property
    def shape(self) -> tuple[Ints, Ints, Ints, Ints]:
        """The rows of the shape."""
        return self.counts, self.firsts, self.lasts, self.known

    def between(self, low: int, high: int) -> "Rollups":
        """Those from one index up to another."""
        return Rollups(*(getattr(self, field.name)[low:high] for field in fields(self)))

    def put(self, grid: NDArray[np.generic], numbers: Sequence[NDArray[np.generic]]) -> None:
        """Put numbers, one each, in their places in [days, len(numbers), 96]."""
        days, quarters = np.divmod(self.keys, QUARTERS_A_DAY)
        grid[days, :, quarters] = np.column_stack(numbers)


class Traits(NamedTuple):
    """What rolling up needs to know of a Metric; `lookback` in microseconds."""

    is_counter: bool
    lookback: int


class EncodedRollup(NamedTuple):
    """The rollup of a day as a chunk keeps it.

    All is None where it is not kept. Of a counter that never fell, `rise` is the steepest rise, the
    `extremes` (lows, then highs) are its first and last values, and there are no others.
    """

    rise: float | None = None
    shape: bytes | None = None
    means: bytes | None = None
    lasts: bytes | None = None
    extremes: bytes | None = None


@np.errstate(over="ignore", invalid="ignore")
def rolled_up(
    keys: Ints, timestamps: Ints, values: Floats, *, lookback: Ints, until: int | None = None
) -> Rollups:
    """The rollups of one or more readings, ascending by key, then time.

    `keys` are not negative and differ between quarter hours. Each reading stands for at most its
    `lookback` in microseconds, and not beyond `until`.
    """
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    ends = np.append(begins[1:], keys.size) - 1
    counts = ends - begins + 1
    stops = np.append(timestamps[1:], 0)
    stops[ends] = timestamps[ends] - timestamps[ends] % QUARTER + QUARTER
    stops = np.minimum(stops, timestamps + lookback)
    if until is not None:
        stops = np.minimum(stops, until)
    spans = np.maximum(stops - timestamps, 0)
    known, last = np.add.reduceat(spans, begins), values[ends]
    # Averaging the differences from one of the values keeps constants constant.
    differences = np.add.reduceat(spans * (values - np.repeat(last, counts)), begins)
    return Rollups(
        keys=keys[begins],
        counts=counts,
        firsts=timestamps[begins] % QUARTER,
        lasts=timestamps[ends] % QUARTER,
        known=known,
        low=np.minimum.reduceat(values, begins),
        high=np.maximum.reduceat(values, begins),
        last=last,
        mean=last + differences / np.maximum(known, 1),
    )


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def steepest(groups: Ints, timestamps: Ints, values: Floats, count: int) -> Floats:
    """The fastest rise of each of `count` groups of readings; infinite where one falls.

    `groups` int64[n] names each reading's group, from 0, ascending. float64[count], the counter's
    unit per microsecond since it last moved; 0 for groups without a step.
    """
    fastest = np.zeros(count)
    if groups.size < 2:
        return fastest
    changes, inside = np.diff(values), groups[1:] == groups[:-1]
    begins = np.append(True, ~inside | (changes != 0))
    since = timestamps[np.maximum.accumulate(np.where(begins, np.arange(groups.size), 0))]
    rates = changes / (timestamps[1:] - since[:-1])
    rates = np.where((changes < 0) | ~np.isfinite(rates), np.inf, rates)
    np.maximum.at(fastest, groups[1:][inside], rates[inside])
    return fastest


def encoded_rollups(
    batch: ReadingBatch, days: Ints, traits: Sequence[Traits]
) -> list[EncodedRollup]:
    """The rollup of each day of a de-duplicated batch; `days` int64[n] numbers them from 0."""
    lookbacks = np.array([each.lookback for each in traits])
    quarters = days * QUARTERS_A_DAY + batch.timestamps % DAY // QUARTER
    rollups = rolled_up(quarters, batch.timestamps, batch.values, lookback=lookbacks[days])
    rises = steepest(days, batch.timestamps, batch.values, len(traits)).tolist()
    shape = np.zeros((SHAPE, len(traits) * QUARTERS_A_DAY), np.int64)
    shape[:, rollups.keys] = rollups.shape
    # Empty quarter hours repeat the one before, which takes no room and is never looked at.
    sources = np.zeros(shape.shape[1], np.int64)
    sources[rollups.keys] = np.arange(rollups.keys.size)
    sources = np.maximum.accumulate(sources)
    values = np.array((rollups.low, rollups.high, rollups.last, rollups.mean))[:, sources]
    encoded = []
    for index, size in enumerate(np.bincount(days, minlength=len(traits)).tolist()):
        inside = slice(index * QUARTERS_A_DAY, (index + 1) * QUARTERS_A_DAY)
        rise = rises[index] if traits[index].is_counter else np.inf
        is_kept = size >= _WORTH_SUMMING
        rollup = _encoded(shape[:, inside], values[:, inside], rise) if is_kept else None
        encoded.append(rollup or EncodedRollup())
    return encoded


def _encoded(shape: Ints, values: Floats, rise: float) -> EncodedRollup | None:
    """None for values whose sums might overflow."""
    if not (np.abs(values) <= LARGEST_SUMMED).all():
        return None
    # A shape that is the same all day is kept once.
    moments = compressed(shape[:, :1] if (shape == shape[:, :1]).all() else shape)
    extremes, last, mean = compressed(values[:2]), values[2], values[3]
    if np.isfinite(rise):
        return EncodedRollup(rise=rise, shape=moments, extremes=extremes)
    means, lasts = compressed(mean), compressed(last)
    return EncodedRollup(None, moments, means, lasts, extremes)


@lru_cache(maxsize=64)
def decoded_shape(shape: bytes) -> Ints:
    """The shape of one day, int64[4, 96]; most Metrics have the same, day after day."""
    return np.broadcast_to(simple_decompress(shape).reshape(SHAPE, -1), (SHAPE, QUARTERS_A_DAY))


def compressed(numbers: NDArray[np.int64] | NDArray[np.float64]) -> bytes:
    """One array, whatever its shape was; `pcodec.standalone` reads it."""
    return bytes(simple_compress(np.ascontiguousarray(numbers).ravel(), _COMPRESSION))


@dataclass(frozen=True, slots=True)
class DayRollups:
    """The rollups of the days that a window touches, of one Metric.

    `count`: how many days; the window's first quarter hour is number `offset` of the first. Some
    are kept encoded: `places` says which days, and the others how they are (`EncodedRollup`), of
    which the values are decoded when they are needed. `computed`, keyed by quarter hour from the
    first day on, are those of the readings of other days.
    """

    count: int
    offset: int
    places: Sequence[int]
    shapes: Sequence[bytes]
    means: Sequence[bytes | None]
    lasts: Sequence[bytes | None]
    extremes: Sequence[bytes | None]
    computed: Rollups | None = None

    @property
    def moments(self) -> tuple[Any, ...]:
        """Equal for days whose readings were measured at the same moments."""
        numbers = (self.computed.keys, *self.computed.shape) if self.computed else ()
        return (*self.places, *self.shapes, *(each.tobytes() for each in numbers))

    def shape(self, quarters: int) -> Ints:
        """int64[4, quarters] of the window."""
        shape = np.zeros((self.count, SHAPE, QUARTERS_A_DAY), np.int64)
        for place, encoded in zip(self.places, self.shapes, strict=True):
            shape[place] = decoded_shape(encoded)
        if self.computed:
            self.computed.put(shape, self.computed.shape)
        rows = shape.swapaxes(0, 1).reshape(SHAPE, -1)
        return rows[:, self.offset : self.offset + quarters]

    def low_and_high(self) -> Floats:
        """float64[2, quarter hours from the window's first on]."""
        grid = self._decoded(self.extremes, 2)
        if self.computed:
            self.computed.put(grid, (self.computed.low, self.computed.high))
        return grid.swapaxes(0, 1).reshape(2, -1)[:, self.offset :]

    def mean(self) -> Floats:
        """float64[quarter hours from the window's first on], as the next."""
        grid = self._decoded(self.means, 1)
        if self.computed:
            self.computed.put(grid, (self.computed.mean,))
        return grid.ravel()[self.offset :]

    def last(self) -> Floats:
        grid = np.zeros((self.count, 1, QUARTERS_A_DAY))
        for place, lasts, extremes in zip(self.places, self.lasts, self.extremes, strict=True):
            # What rises has its high last, which comes behind the lows.
            grid[place] = simple_decompress(lasts or extremes)[-QUARTERS_A_DAY:]
        if self.computed:
            self.computed.put(grid, (self.computed.last,))
        return grid.ravel()[self.offset :]

    def _decoded(self, encoded: Sequence[bytes | None], width: int) -> Floats:
        whole = np.empty if len(self.places) == self.count else np.zeros
        grid = whole((self.count, width * QUARTERS_A_DAY))
        for place, each in zip(self.places, encoded, strict=True):
            simple_decompress_into(each, grid[place])
        return grid.reshape(self.count, width, QUARTERS_A_DAY)
