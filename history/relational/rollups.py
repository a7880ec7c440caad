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
from history.counters import Rules, Steps, shared

QUARTER = 15 * MINUTE
QUARTERS_A_DAY = DAY // QUARTER
SHAPE = 4  # rows: counts, firsts, lasts, known
# The sums over a quarter hour of larger values might overflow.
LARGEST_SUMMED = 1e290
# Decoding fewer readings is as fast as decoding their rollup.
WORTH_SUMMING = 2 * QUARTERS_A_DAY
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
    """What sealing needs to know of a Metric; `lookback` in microseconds, `rules` of a counter."""

    lookback: int
    rules: Rules | None = None


class EncodedRollup(NamedTuple):
    """The rollup of a day as a chunk keeps it, but for a counter's increments.

    All is None where it is not kept. `extremes` are the lows, then the highs. There are no `lasts`
    where each last value is the high, and no means of counters.
    """

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


def encoded_rollups(
    batch: ReadingBatch, days: Ints, traits: Sequence[Traits]
) -> list[EncodedRollup]:
    """The rollup of each day of a de-duplicated batch; `days` int64[n] numbers them from 0."""
    lookbacks = np.array([each.lookback for each in traits])
    quarters = days * QUARTERS_A_DAY + batch.timestamps % DAY // QUARTER
    rollups = rolled_up(quarters, batch.timestamps, batch.values, lookback=lookbacks[days])
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
        is_kept = size >= WORTH_SUMMING and (np.abs(values[:, inside]) <= LARGEST_SUMMED).all()
        is_counter = traits[index].rules is not None
        encoded.append(
            _encoded(shape[:, inside], values[:, inside], is_counter)
            if is_kept
            else EncodedRollup()
        )
    return encoded


def _encoded(shape: Ints, values: Floats, is_counter: bool) -> EncodedRollup:
    # A shape that is the same all day is kept once.
    moments = compressed(shape[:, :1] if (shape == shape[:, :1]).all() else shape)
    _, high, last, mean = values
    lasts = None if (last == high).all() else compressed(last)
    means = None if is_counter else compressed(mean)
    return EncodedRollup(moments, means, lasts, compressed(values[:2]))


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
    are kept encoded: `places` says which days, `rows` which rows they came in, and the others how
    they are (`EncodedRollup`, `Added`); values are decoded when they are needed. `computed`, keyed
    by quarter hour from the first day on, are those of the readings of other days.
    """

    count: int
    offset: int
    places: Sequence[int]
    rows: Sequence[int]
    shapes: Sequence[bytes]
    means: Sequence[bytes | None]
    lasts: Sequence[bytes | None]
    extremes: Sequence[bytes | None]
    increments: Sequence[bytes | None]
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
            # Highs that are last values come behind the lows.
            grid[place] = simple_decompress(lasts or extremes)[-QUARTERS_A_DAY:]
        if self.computed:
            self.computed.put(grid, (self.computed.last,))
        return grid.ravel()[self.offset :]

    def increase(self, steps: Steps, cuts: Ints) -> Floats:
        """How far a counter rose in each quarter hour between `cuts`; NaN where nothing is known.

        `steps`: what it rose apart from what the kept days tell.
        """
        grid = np.full((self.count, QUARTERS_A_DAY), np.nan)
        for place, each in zip(self.places, self.increments, strict=True):
            simple_decompress_into(each, grid[place])
        kept, apart = grid.ravel()[self.offset :][: cuts.size - 1], shared(steps, cuts)[0]
        return np.where(np.isnan(kept), apart, kept + np.nan_to_num(apart))

    def _decoded(self, encoded: Sequence[bytes | None], width: int) -> Floats:
        whole = np.empty if len(self.places) == self.count else np.zeros
        grid = whole((self.count, width * QUARTERS_A_DAY))
        for place, each in zip(self.places, encoded, strict=True):
            simple_decompress_into(each, grid[place])
        return grid.reshape(self.count, width, QUARTERS_A_DAY)
