"""What the readings of each bucket come to. Pure, and vectorised over all buckets of a series.

Every function takes the Samples of one Metric, which may reach beyond the window on both sides, and
the buckets' `edges`: int64[n + 1], microseconds, strictly ascending. Each returns float64[n], NaN
where a bucket has no answer.

`minimum`, `maximum`, `total`, `count`, `first` and `last` are over the readings measured inside
the bucket. The others look at the time between readings:
a reading stands for the time until the next one, but for no longer than its `lookback`; later time,
and time behind `known_until`, is unknown. `coverage` is the known share of a bucket, and the means
weight each value by the known time it stands for. How far counters rise is told by `history.steps`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from energy.instants import MICROS_PER_SECOND
from history.arrays import Floats, Ints, Samples

_LOOKBACK_INTERVALS = 5
_CIRCLE = 360.0  # degrees
# Below this length the mean of unit vectors points nowhere: only rounding gives it a direction.
_NO_DIRECTION = 1e-9
# The largest floats overflow when they are added; a bucket in which they do has no answer.
_overflowing = np.errstate(over="ignore", invalid="ignore")


def lookback_of(expected_interval: int, *, is_interval: bool = False) -> int:
    """For how many microseconds a reading stands, where one is expected each so many seconds.

    The amount of an interval stands for that interval alone.
    """
    intervals = 1 if is_interval else _LOOKBACK_INTERVALS
    return intervals * expected_interval * MICROS_PER_SECOND


def minimum(samples: Samples, edges: Ints) -> Floats:
    """The least value measured in each bucket."""
    return _reduced(np.minimum, samples, edges)


def maximum(samples: Samples, edges: Ints) -> Floats:
    """The greatest value measured in each bucket."""
    return _reduced(np.maximum, samples, edges)


def total(samples: Samples, edges: Ints) -> Floats:
    """The plain sum of the values measured in each bucket."""
    return _reduced(np.add, samples, edges)


def count(samples: Samples, edges: Ints) -> Floats:
    """How many readings were measured in each bucket; NaN, not 0, where none was."""
    counted = np.diff(np.searchsorted(samples.timestamps, edges)).astype(np.float64)
    return np.where(counted > 0, counted, np.nan)


def first(samples: Samples, edges: Ints) -> Floats:
    """The first value measured in each bucket."""
    offsets = np.searchsorted(samples.timestamps, edges)
    return _picked(samples, offsets, offsets[:-1])


def last(samples: Samples, edges: Ints) -> Floats:
    """The last value measured in each bucket."""
    offsets = np.searchsorted(samples.timestamps, edges)
    return _picked(samples, offsets, offsets[1:] - 1)


def coverage(samples: Samples, edges: Ints, lookback: int, known_until: int) -> Floats:
    """The share of each bucket, 0 to 1, for which a value is known; never NaN.

    `lookback` and `known_until` (nothing is known of the time behind it) in microseconds.
    """
    pieces = _pieces(samples, edges, lookback, known_until)
    return np.add.reduceat(pieces.known, pieces.offsets) / np.diff(edges)


@_overflowing
def mean(samples: Samples, edges: Ints, lookback: int, known_until: int) -> Floats:
    """The time-weighted mean of each bucket over the time for which a value is known."""
    if not len(samples):
        return np.full(edges.size - 1, np.nan)
    pieces = _pieces(samples, edges, lookback, known_until)
    # Averaging the differences from one of the bucket's own values keeps constants constant.
    ends = np.append(pieces.offsets[1:], pieces.sources.size)
    closing = samples.values[pieces.sources[ends - 1]]
    differences = samples.values[pieces.sources] - np.repeat(closing, pieces.counts)
    return _finite(closing + pieces.weighted(differences))


def circular_mean(samples: Samples, edges: Ints, lookback: int, known_until: int) -> Floats:
    """The time-weighted mean direction of each bucket in degrees, [0, 360).

    That of the sum of unit vectors (Mardia and Jupp, Directional Statistics, 2000, section 2.2);
    NaN where they cancel out.
    """
    if not len(samples):
        return np.full(edges.size - 1, np.nan)
    pieces = _pieces(samples, edges, lookback, known_until)
    angles = np.radians(samples.values)[pieces.sources]
    east, north = pieces.weighted(np.sin(angles)), pieces.weighted(np.cos(angles))
    degrees = np.degrees(np.arctan2(east, north)) % _CIRCLE
    degrees[degrees == _CIRCLE] = 0  # the remainder of a negative angle too small to tell
    return np.where(np.hypot(east, north) > _NO_DIRECTION, degrees, np.nan)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The window cut at every edge and every reading; one reading stands for each piece.

    `sources` int64[pieces]: the index of that reading; `known` int64[pieces]: for how many
    microseconds it stands; `offsets` int64[buckets]: the first piece of each bucket.
    """

    sources: Ints
    known: Ints
    offsets: Ints

    @property
    def counts(self) -> Ints:
        """How many pieces each bucket has."""
        return np.diff(self.offsets, append=self.sources.size)

    def weighted(self, amounts: Floats) -> Floats:
        """The mean of `amounts`, one a piece, over each bucket's known time; NaN without any."""
        known = np.add.reduceat(self.known, self.offsets)
        weighted = np.where(self.known > 0, self.known * amounts, 0.0)
        sums = np.add.reduceat(weighted, self.offsets)
        return np.where(known > 0, sums / np.maximum(known, 1), np.nan)


def _pieces(samples: Samples, edges: Ints, lookback: int, known_until: int) -> _Pieces:
    timestamps = samples.timestamps
    low, high = np.searchsorted(timestamps, edges[[0, -1]])
    inside = timestamps[low:high]
    positions = np.searchsorted(inside, edges)
    cuts = np.insert(inside, positions, edges)
    begins = cuts[:-1]
    sources = np.searchsorted(timestamps, begins, side="right") - 1
    if not timestamps.size:
        return _Pieces(sources, np.zeros_like(begins), positions[:-1] + np.arange(edges.size - 1))
    expiries = timestamps[sources] + lookback
    ends = np.minimum(np.minimum(cuts[1:], expiries), known_until)
    known = np.where(sources >= 0, np.maximum(ends - begins, 0), 0)
    offsets = positions[:-1] + np.arange(edges.size - 1)
    return _Pieces(np.maximum(sources, 0), known, offsets)


@_overflowing
def _reduced(ufunc: np.ufunc, samples: Samples, edges: Ints) -> Floats:
    offsets = np.searchsorted(samples.timestamps, edges)
    filled = offsets[1:] > offsets[:-1]
    result = np.full(edges.size - 1, np.nan)
    if filled.any():
        values = samples.values[: offsets[-1]]
        result[filled] = ufunc.reduceat(values, offsets[:-1][filled])
    return _finite(result)


def _finite(results: Floats) -> Floats:
    return np.where(np.isfinite(results), results, np.nan)


def _picked(samples: Samples, offsets: NDArray[Any], chosen: NDArray[Any]) -> Floats:
    filled = offsets[1:] > offsets[:-1]
    result = np.full(offsets.size - 1, np.nan)
    result[filled] = samples.values[chosen[filled]]
    return result
