"""A day of readings as bytes, and back. Pure.

Timestamps, values and the day's quarter hours (`packs.summaries`) are arrays compressed by pcodec,
each by itself: a query decodes what it needs.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from pcodec.standalone import simple_decompress

from history.arrays import Floats, Ints, ReadingBatch
from history.buckets import DAY
from history.relational.blobs import compressed
from history.relational.rollups import Nature, summed


class Sealed(NamedTuple):
    """A UTC day of one Metric, `day` counted from the Unix epoch; a row of history_chunk.

    `first` and `last` in microseconds since the epoch; `low` and `high` the extreme values;
    `hold` as it was for the quarter hours, in microseconds. `quarters` and `extremes`: see
    `Summary`.
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
    extremes: bytes | None


def moments(times: bytes) -> Ints:
    """When the readings of a sealed day were measured; it may be that of many, and is read only."""
    timestamps: Ints = simple_decompress(times)
    timestamps.flags.writeable = False
    return timestamps


def values(vals: bytes) -> Floats:
    """What the readings of a sealed day were."""
    numbers: Floats = simple_decompress(vals)
    return numbers


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
    summaries = summed(batch, np.cumsum(changes) - 1, [natures[metric_id] for metric_id in ids])
    lows = np.minimum.reduceat(batch.values, begins).tolist()
    highs = np.maximum.reduceat(batch.values, begins).tolist()
    clock: dict[bytes, bytes] = {}  # most Metrics are measured at the same moments
    bounds = zip(begins.tolist(), ends.tolist(), strict=True)
    for index, (begin, end) in enumerate(bounds):
        timestamps = batch.timestamps[begin:end]
        moments = timestamps.tobytes()
        if moments not in clock:
            clock[moments] = compressed(timestamps)
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
            vals=compressed(batch.values[begin:end]),
            **summaries[index]._asdict(),
        )
