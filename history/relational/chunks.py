"""Days of readings as the bytes of chunks, and back. Pure.

Timestamps and values are arrays compressed by pcodec, each by itself, beside the day's rollup: a
query decodes what it needs.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from pcodec.standalone import simple_decompress

from history.arrays import Ints, ReadingBatch, Samples
from history.buckets import DAY
from history.relational.base import Row
from history.relational.rollups import Traits, compressed, encoded_rollups


class ChunkRow(NamedTuple):
    """A UTC day of one Metric, `day` counted from the Unix epoch: a row of history_chunk.

    It has `n` readings. `lookback` in microseconds, as it was for the rollup; see `EncodedRollup`.
    """

    metric_id: int
    day: int
    n: int
    lookback: int
    times: bytes
    vals: bytes
    rise: float | None
    shape: bytes | None
    means: bytes | None
    lasts: bytes | None
    extremes: bytes | None


def encoded_chunks(batch: ReadingBatch, traits: Mapping[int, Traits]) -> Iterator[ChunkRow]:
    """The chunks of de-duplicated readings.

    Raises ValueError for values that are not finite.
    """
    if not np.isfinite(batch.values).all():
        raise ValueError("Only finite values are sealed.")
    if not len(batch):
        return
    days = batch.timestamps // DAY
    changes = (np.diff(batch.metric_ids, prepend=-1) != 0) | (np.diff(days, prepend=days[0]) != 0)
    begins = np.flatnonzero(changes).tolist()
    ids = batch.metric_ids[changes].tolist()
    rollups = encoded_rollups(batch, np.cumsum(changes) - 1, [traits[each] for each in ids])
    encoded: dict[bytes, bytes] = {}  # most Metrics are measured at the same moments
    bounds = zip(begins, [*begins[1:], len(batch)], strict=True)
    for metric_id, rollup, (begin, end) in zip(ids, rollups, bounds, strict=True):
        timestamps = batch.timestamps[begin:end]
        moments = timestamps.tobytes()
        if moments not in encoded:
            encoded[moments] = compressed(timestamps)
        day, values = int(days[begin]), compressed(batch.values[begin:end])
        lookback = traits[metric_id].lookback
        yield ChunkRow(metric_id, day, end - begin, lookback, encoded[moments], values, *rollup)


def decoded_chunks(rows: Iterable[Row]) -> dict[int, Samples]:
    """The readings of chunks by Metric; each row has its id, n, times and values.

    The arrays may be those of several Metrics, and are read only.
    """
    found: dict[int, list[Samples]] = {}
    decoded: dict[bytes, Ints] = {}  # most Metrics are measured at the same moments
    for metric_id, _, times, vals in rows:
        if times not in decoded:
            decoded[times] = simple_decompress(times)
            decoded[times].flags.writeable = False
        found.setdefault(metric_id, []).append(Samples(decoded[times], simple_decompress(vals)))
    return {metric_id: _joined(parts) for metric_id, parts in found.items()}


def _joined(parts: list[Samples]) -> Samples:
    """Days in any order as one series."""
    if len(parts) == 1:
        return parts[0]
    ordered = sorted(parts, key=lambda part: int(part.timestamps[0]))
    return Samples(
        np.concatenate([part.timestamps for part in ordered]),
        np.concatenate([part.values for part in ordered]),
    )
