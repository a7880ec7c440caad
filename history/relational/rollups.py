"""The quarter hours of sealed days as bytes, and back. Pure.

A day's summary begins with a head and with the shape of its 96 quarter hours: how many readings,
when, for how long a value is known. A shape that is the same all day is kept once. The values
follow as arrays of their own, compressed by pcodec: means are asked for by themselves as a rule,
and differ too much from what was measured to be compressed well with it.
"""

import struct
from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pcodec.standalone import simple_decompress, simple_decompress_into

from history.arrays import Floats, Ints, ReadingBatch
from history.buckets import DAY
from history.quarter_hours import QUARTER, QUARTERS_A_DAY, cells_of, steepest
from history.relational.blobs import compressed

# Decoding fewer readings is as fast as decoding their quarter hours.
_WORTH_SUMMING = 2 * QUARTERS_A_DAY
# The sums over a quarter hour of larger values might overflow.
LARGEST_SUMMED = 1e290
_HEADER = struct.Struct("<BBHHd")  # layout, uniform, bytes of shape and of means, steepest rise
_HEAD = np.dtype(
    [("layout", "u1"), ("uniform", "u1"), ("shape", "<u2"), ("means", "<u2"), ("rise", "<f8")]
)
_NO_HEAD = bytes(_HEADER.size)
_SHAPE = ("counts", "firsts", "lasts", "known")


class Layout(IntEnum):
    """Which values of the quarter hours lie behind the shape.

    1 and 2 were others; a day of theirs is read as one without a summary.
    """

    MEASURED = 3  # means, then the last values; lows and highs are kept apart
    RISING = 4  # lows and highs: the first and the last values of a counter that never fell


class Nature(NamedTuple):
    """What sealing needs to know of a Metric; `hold` in microseconds."""

    is_counter: bool
    hold: int


class Summary(NamedTuple):
    """What the quarter hours of a day come to; `quarters` is empty where that is not kept.

    `extremes`: the lows and highs, where they are not in `quarters`.
    """

    quarters: bytes
    extremes: bytes | None


_NONE = Summary(b"", None)


def heads_of(summaries: Sequence[bytes]) -> NDArray[Any]:
    """What each day's summary begins with: among others its `layout`, 0 for one without any.

    Of a RISING one, `rise` is the steepest rise.
    """
    return np.frombuffer(b"".join([each[: _HEADER.size] or _NO_HEAD for each in summaries]), _HEAD)


class Kept(NamedTuple):
    """The summaries of some days of one Metric, or of several.

    `places` int64[n]: which days of a window, counted from its first; `uniform` and `rising`
    bool[n] tell how they were written, `bounds` int64[n, 2] where means begin and end in
    `summaries`. `extremes` are None where they were not fetched, or lie in the summaries.
    """

    places: Ints
    uniform: NDArray[np.bool_]
    rising: NDArray[np.bool_]
    bounds: Ints
    shapes: Sequence[bytes]
    summaries: Sequence[bytes]
    extremes: Sequence[bytes | None]

    @classmethod
    def of(
        cls,
        places: Ints,
        heads: NDArray[Any],
        summaries: Sequence[bytes],
        extremes: Sequence[bytes | None],
    ) -> "Kept":
        """`heads`: see `heads_of`."""
        sizes = np.column_stack((heads["shape"], heads["means"])).astype(np.int64)
        bounds = _HEADER.size + np.cumsum(sizes, axis=1)
        written = zip(summaries, bounds[:, 0].tolist(), strict=True)
        return cls(
            places,
            heads["uniform"] != 0,
            heads["layout"] == Layout.RISING,
            bounds,
            [summary[_HEADER.size : end] for summary, end in written],
            summaries,
            extremes,
        )

    def between(self, low: int, high: int) -> "Kept":
        """Those from one index up to another."""
        inside = slice(low, high)
        return Kept(
            self.places[inside],
            self.uniform[inside],
            self.rising[inside],
            self.bounds[inside],
            self.shapes[inside],
            self.summaries[inside],
            self.extremes[inside],
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

    def means(self, days: int) -> Floats:
        """float64[days, 96], of days that are not rising."""
        parts = zip(self.summaries, *self.bounds.T.tolist(), strict=True)
        return self._opened(days, 1, [summary[begin:end] for summary, begin, end in parts])[:, 0]

    def lasts(self, days: int) -> Floats:
        """float64[days, 96]."""
        lasts = np.zeros((days, QUARTERS_A_DAY))
        for place, written in zip(self.places.tolist(), self._behind(), strict=True):
            # What rises had its high last, which comes behind the lows.
            lasts[place] = simple_decompress(written)[-QUARTERS_A_DAY:]
        return lasts

    def lows_and_highs(self, days: int) -> Floats:
        """float64[days, 2, 96]."""
        apart = zip(self.rising.tolist(), self._behind(), self.extremes, strict=True)
        return self._opened(days, 2, [behind if rises else away for rises, behind, away in apart])

    def _behind(self) -> list[bytes]:
        """What lies behind the means of each day."""
        ends = self.bounds[:, 1].tolist()
        return [summary[end:] for summary, end in zip(self.summaries, ends, strict=True)]

    def _opened(self, days: int, width: int, written: Iterable[bytes | None]) -> Floats:
        whole = np.empty if self.places.size == days else np.zeros
        opened = whole((days, width * QUARTERS_A_DAY))
        for place, each in zip(self.places.tolist(), written, strict=True):
            simple_decompress_into(each, opened[place])
        return opened.reshape(days, width, QUARTERS_A_DAY)


@lru_cache(maxsize=64)
def shape_of(written: bytes, is_uniform: bool) -> Ints:
    """The shape of one day, int64[4, 96]; most Metrics have the same, day after day."""
    if is_uniform:
        numbers = np.frombuffer(written, np.int64).reshape(-1, 1)
        return np.broadcast_to(numbers, (len(_SHAPE), QUARTERS_A_DAY))
    return simple_decompress(written).reshape(len(_SHAPE), QUARTERS_A_DAY)


def summed(batch: ReadingBatch, days: Ints, natures: Sequence[Nature]) -> list[Summary]:
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
            else _NONE
        )
    return summaries


def _summary(shape: Ints, columns: Floats, nature: Nature, rise: float) -> Summary:
    if not (np.abs(columns) <= LARGEST_SUMMED).all():
        return _NONE
    extremes, last, mean = compressed(columns[:2]), columns[2], columns[3]
    uniform = bool((shape == shape[:, :1]).all())
    written = shape[:, 0].tobytes() if uniform else compressed(shape)
    if nature.is_counter and np.isfinite(rise):
        head = _HEADER.pack(Layout.RISING, uniform, len(written), 0, rise)
        return Summary(head + written + extremes, None)
    means = compressed(mean)
    head = _HEADER.pack(Layout.MEASURED, uniform, len(written), len(means), rise)
    return Summary(head + written + means + compressed(last), extremes)
