"""Days of readings as the bytes of chunks, and back. Pure.

Timestamps and values are arrays compressed by pcodec, each by itself, beside the day's rollup: a
query decodes what it needs.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from pcodec.standalone import simple_decompress

from history.arrays import Ints, Samples
from history.counters import CounterState
from history.merge import Level, batch_of
from history.relational.increments import Added, added
from history.relational.rollups import Traits, compressed, encoded_rollups

Row = tuple[Any, ...]


class ChunkRow(NamedTuple):
    """A UTC day of one Metric, `day` counted from the Unix epoch: a row of history_chunk.

    It has `n` readings. `lookback` in microseconds, as it was for the rollup; see `EncodedRollup`
    and, of counters, `Added`.
    """

    metric_id: int
    day: int
    n: int
    lookback: int
    times: bytes
    vals: bytes
    shape: bytes | None
    means: bytes | None
    lasts: bytes | None
    extremes: bytes | None
    increments: bytes | None = None
    state: bytes | None = None


def encoded_chunks(
    day: int,
    readings: Level,
    traits: Mapping[int, Traits],
    states: Mapping[int, CounterState],
) -> Iterator[ChunkRow]:
    """The chunks of the readings that Metrics have of a day, which are one or more each.

    `states`: those that counters were in before it, where they are known. Raises ValueError for
    values that are not finite.
    """
    if not readings:
        return
    batch = batch_of(readings)
    if not np.isfinite(batch.values).all():
        raise ValueError("Only finite values are sealed.")
    ids = sorted(readings)
    places = np.repeat(np.arange(len(ids)), [len(readings[metric_id]) for metric_id in ids])
    rollups = encoded_rollups(batch, places, [traits[metric_id] for metric_id in ids])
    counted = added_to(day, readings, traits, states)
    encoded: dict[bytes, bytes] = {}  # most Metrics are measured at the same moments
    for metric_id, rollup in zip(ids, rollups, strict=True):
        samples = readings[metric_id]
        moments = samples.timestamps.tobytes()
        if moments not in encoded:
            encoded[moments] = compressed(samples.timestamps)
        blobs = encoded[moments], compressed(samples.values)
        lookback = traits[metric_id].lookback
        own = counted.get(metric_id, ())
        yield ChunkRow(metric_id, day, len(samples), lookback, *blobs, *rollup, *own)


def added_to(
    day: int,
    readings: Level,
    traits: Mapping[int, Traits],
    states: Mapping[int, CounterState],
) -> dict[int, Added]:
    """What the readings of a day added to those counters whose state before it is known."""
    rules = {key: traits[key].rules for key in sorted(readings.keys() & states.keys())}
    counters = {key: own for key, own in rules.items() if own is not None}
    days = [readings[metric_id] for metric_id in counters]
    before = [states[metric_id] for metric_id in counters]
    found = added(day, days, before, list(counters.values()))
    return dict(zip(counters, found, strict=True))


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
