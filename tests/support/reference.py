"""The aggregates again, slow and obvious: plain loops over (timestamp, value) pairs.

None is a bucket without an answer. `readings` ascend in time, `bucket` is (start, end).
"""

import math
from collections.abc import Sequence

Readings = Sequence[tuple[int, float]]
Bucket = tuple[int, int]


def inside(readings: Readings, bucket: Bucket) -> list[float]:
    return [value for timestamp, value in readings if bucket[0] <= timestamp < bucket[1]]


def held(
    readings: Readings, bucket: Bucket, interval: int, known_until: int
) -> list[tuple[int, float]]:
    """(how long, value) for every reading held in the bucket."""
    pieces = []
    for index, (timestamp, value) in enumerate(readings):
        end = timestamp + 5 * interval
        if index + 1 < len(readings):
            end = min(end, readings[index + 1][0])
        end = min(end, known_until, bucket[1])
        begin = max(timestamp, bucket[0])
        if end > begin:
            pieces.append((end - begin, value))
    return pieces


def coverage(readings: Readings, bucket: Bucket, interval: int, known_until: int) -> float:
    known = sum(length for length, _ in held(readings, bucket, interval, known_until))
    return known / (bucket[1] - bucket[0])


def mean(readings: Readings, bucket: Bucket, interval: int, known_until: int) -> float | None:
    pieces = held(readings, bucket, interval, known_until)
    known = sum(length for length, _ in pieces)
    return math.fsum(length / known * value for length, value in pieces) if known else None


def direction(
    readings: Readings, bucket: Bucket, interval: int, known_until: int
) -> tuple[float, float] | None:
    """The mean vector (east, north) of directions in degrees."""
    angles = [(t, math.radians(value)) for t, value in readings]
    east = mean([(t, math.sin(a)) for t, a in angles], bucket, interval, known_until)
    north = mean([(t, math.cos(a)) for t, a in angles], bucket, interval, known_until)
    return None if east is None or north is None else (east, north)


def increase(readings: Readings, bucket: Bucket, rate: float | None = None) -> float | None:
    """Each plausible step, shared out by the time it overlaps the bucket."""
    limit = math.inf if rate is None else rate
    kept = without_glitches(readings, limit)
    risen, known = 0.0, 0
    for index in range(1, len(kept)):
        (before, low), (after, high) = kept[index - 1 : index + 1]
        overlap = min(after, bucket[1]) - max(before, bucket[0])
        step = high - low if high >= low else max(high, 0.0)
        if overlap > 0 and step <= limit * (after - last_moved(kept, index - 1)):
            risen += step * overlap / (after - before)
            known += overlap
    return risen if known else None


def last_moved(readings: Readings, index: int) -> int:
    """Since when the counter has stood at what it shows at `index`."""
    while index and readings[index - 1][1] == readings[index][1]:
        index -= 1
    return readings[index][0]


def without_glitches(readings: Readings, limit: float) -> Readings:
    """Leave out what alone breaks a plausible rise; nothing is known to, without a limit."""

    def plausible(before: tuple[int, float], after: tuple[int, float]) -> bool:
        return 0 <= after[1] - before[1] <= limit * (after[0] - before[0])

    def is_glitch(index: int) -> bool:
        before, here, after = readings[index - 1 : index + 2]
        return (
            not plausible(before, here) and not plausible(here, after) and plausible(before, after)
        )

    return [
        reading
        for index, reading in enumerate(readings)
        if math.isinf(limit) or not 0 < index < len(readings) - 1 or not is_glitch(index)
    ]
