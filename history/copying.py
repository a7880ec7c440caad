"""Moving history from one store to another, verified Metric by Metric and day by day.

A day that is the same on both sides, by count and checksum, is not written again: a copy that was
interrupted goes on where it stopped, and one that is complete writes nothing. Nothing is deleted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise

import numpy as np

from history.arrays import ReadingBatch, Samples
from history.blocks import in_blocks
from history.buckets import DAY
from history.store import HistoryStore

# Held at once, on both sides: 60 MB of readings by the minute.
METRICS_AT_ONCE = 32
SPAN = 31 * DAY


@dataclass(frozen=True, slots=True)
class Day:
    """What one Metric has of one UTC day, and what tells whether two such days are the same."""

    samples: Samples
    checksum: bytes


# By Metric id and the number of the UTC day since the Unix epoch.
Days = Mapping[tuple[int, int], Day]


@dataclass(slots=True)
class Tally:
    """How far a copy has come; `differing` are days that are not the same after all."""

    readings: int = 0
    days: int = 0
    copied: int = 0
    differing: list[tuple[int, int]] = field(default_factory=list)


def copy(
    source: HistoryStore,
    target: HistoryStore,
    metric_ids: Sequence[int],
    now: int,
    *,
    write: bool = True,
) -> Iterator[Tally]:
    """Copy what differs, and tell after each block of readings what has been seen so far.

    What was written is read back and compared. Without `write` the stores are only compared.
    """
    tally = Tally()
    for block in in_blocks(metric_ids, METRICS_AT_ONCE):
        for window in _windows((source, target), block):
            at_source = days_of(source.read(block, *window))
            at_target = days_of(target.read(block, *window))
            missing = [day for key, day in at_source.items() if _differ(at_target.get(key), day)]
            if write and missing:
                target.append_history(_batch(at_source, at_target), now)
                at_target = days_of(target.read(block, *window))
                tally.copied += sum(len(day.samples) for day in missing)
            _count(tally, at_source, at_target)
            yield tally


def days_of(levels: Mapping[int, Samples]) -> dict[tuple[int, int], Day]:
    """Readings by Metric and UTC day."""
    found = {}
    for metric_id, samples in levels.items():
        numbers = samples.timestamps // DAY
        cuts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(samples)]
        for begin, end in pairwise(cuts):
            if begin < end:
                day = Samples(samples.timestamps[begin:end], samples.values[begin:end])
                found[metric_id, int(numbers[begin])] = Day(day, checksum(day))
    return found


def checksum(samples: Samples) -> bytes:
    """Equal for equal readings only; -0.0 is 0.0 here: stores do not replace one by the other."""
    digest = blake2b(samples.timestamps.tobytes(), digest_size=16)
    digest.update((samples.values + 0.0).tobytes())
    return digest.digest()


def _differ(at_target: Day | None, at_source: Day) -> bool:
    return at_target is None or at_target.checksum != at_source.checksum


def _batch(at_source: Days, at_target: Days) -> ReadingBatch:
    """The readings of the days that the target has not, or has otherwise."""
    days = {key: day.samples for key, day in at_source.items() if _differ(at_target.get(key), day)}
    ids = np.repeat([metric_id for metric_id, _ in days], [len(day) for day in days.values()])
    timestamps = np.concatenate([day.timestamps for day in days.values()])
    return ReadingBatch.of(ids, timestamps, np.concatenate([day.values for day in days.values()]))


def _count(tally: Tally, at_source: Days, at_target: Days) -> None:
    tally.readings += sum(len(day.samples) for day in at_source.values())
    tally.days += len(at_source)
    tally.differing += [
        key
        for key in sorted(at_source.keys() | at_target.keys())
        if key not in at_source or _differ(at_target.get(key), at_source[key])
    ]


def _windows(stores: Sequence[HistoryStore], block: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Spans of whole UTC days that together cover all readings, but no long time without any."""
    start = _first_day(stores, block, -(2**62))
    while start is not None:
        yield start, start + SPAN
        start = _first_day(stores, block, start + SPAN)


def _first_day(stores: Sequence[HistoryStore], block: Sequence[int], instant: int) -> int | None:
    """Where the day of the first reading from `instant` on begins; None behind the last."""
    found = [
        samples.timestamps[samples.timestamps >= instant]
        for store in stores
        for samples in store.read(block, instant, instant, with_neighbours=True).values()
    ]
    behind = [int(timestamps[0]) for timestamps in found if timestamps.size]
    return max(min(behind) // DAY * DAY, instant) if behind else None
