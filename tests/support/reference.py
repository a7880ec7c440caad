"""The aggregates again, slow and obvious: plain loops over (timestamp, value) pairs.

None is a bucket without an answer. `readings` ascend in time, `bucket` is (start, end).
"""

import math
from collections.abc import Sequence

from tests.support.counter_reference import Step

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


def amounts(readings: Readings, bucket: Bucket, length: int) -> tuple[float | None, float]:
    """What intervals come to that begin at their readings, and which share of the bucket they are.

    Each lasts `length`, or until the next one begins, and is shared out by the time it overlaps.
    """
    parts, known = [], 0
    for index, (timestamp, amount) in enumerate(readings):
        following = [at for at, _ in readings[index + 1 : index + 2]]
        end = min([timestamp + length, *following])
        overlap = min(end, bucket[1]) - max(timestamp, bucket[0])
        if overlap > 0:
            parts.append(amount * overlap / (end - timestamp))
            known += overlap
    return (math.fsum(parts) if known else None), known / (bucket[1] - bucket[0])


def increase(steps: Sequence[Step], bucket: Bucket) -> float | None:
    """What a counter rose, each step shared out by the time it overlaps the bucket."""
    risen, known = 0.0, 0
    for since, until, amount in steps:
        overlap = min(until, bucket[1]) - max(since, bucket[0])
        if overlap > 0 and amount is not None:
            risen += amount * overlap / (until - since)
            known += overlap
    return risen if known else None
