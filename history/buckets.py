"""Buckets: the half-open intervals that a window of history is aggregated into. Pure.

Buckets shorter than a day (the 6-hour ones included) begin at whole multiples of their length
since the Unix epoch, in UTC; so they are of equal length through every change of clocks. Days,
weeks (from Monday) and months are those of a time zone: each begins at the first instant at which
its clocks show its date, and lasts until the next one begins, be that 23, 24.5 or 25 hours later.
A date that a zone skipped (Apia's 30 December 2011) has no bucket.

A window need not be aligned. Its first and last bucket are then cut to it: they are named by the
start of the whole bucket, but have only the readings, and the length, of the part in the window.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from energy.instants import MICROS_PER_SECOND, from_micros, to_micros
from history.arrays import Ints

MINUTE = 60 * MICROS_PER_SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_ONE_DAY = timedelta(days=1)

FIXED = {
    "1m": MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1h": HOUR,
    "6h": 6 * HOUR,
}
# No bucket is longer: a zone that moves west over the date line shows one date twice.
_LONGEST = FIXED | {"1d": 2 * DAY, "1w": 8 * DAY, "1mo": 32 * DAY}
CALENDAR = ("1d", "1w", "1mo")
RESOLUTIONS = tuple(_LONGEST)  # from the finest


class Window(NamedTuple):
    """The half-open window [start, end) in microseconds since the Unix epoch."""

    start: int
    end: int


class TooManyBucketsError(ValueError):
    """The window holds more buckets than allowed."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets of a window.

    `starts` int64[n]: where each whole bucket begins, by which it is named. `edges` int64[n + 1]:
    the buckets cut to the window, bucket i being [edges[i], edges[i + 1]). All in microseconds
    since the Unix epoch, strictly ascending.
    """

    starts: Ints
    edges: Ints

    def __len__(self) -> int:
        return self.starts.size


def divide(start: int, end: int, resolution: str, zone: ZoneInfo, *, at_most: int) -> Buckets:
    """The buckets of [start, end), in microseconds since the epoch; `start` is before `end`.

    Raises TooManyBucketsError, before any is made, when there are more than `at_most`.
    """
    too_many = end - start > at_most * _LONGEST[resolution]
    bounds = None if too_many else _bounds(start, end, resolution, zone)
    if bounds is None or bounds.size - 1 > at_most:
        raise TooManyBucketsError(f"More than {at_most} buckets of {resolution}.")
    edges = bounds.copy()
    edges[0], edges[-1] = start, end
    return Buckets(bounds[:-1], edges)


def divide_finely(start: int, end: int, zone: ZoneInfo, *, at_most: int) -> tuple[str, Buckets]:
    """The finest resolution of which [start, end) holds `at_most` buckets, and the buckets.

    Raises TooManyBucketsError when even months are too many.
    """
    for resolution in RESOLUTIONS[:-1]:
        try:
            return resolution, divide(start, end, resolution, zone, at_most=at_most)
        except TooManyBucketsError:
            continue
    return RESOLUTIONS[-1], divide(start, end, RESOLUTIONS[-1], zone, at_most=at_most)


def midnight(day: date, zone: ZoneInfo) -> int:
    """The first instant at which the clocks of `zone` show `day`, or a date behind it."""
    wall = datetime.combine(day, time(), tzinfo=zone)
    instant = to_micros(wall)
    if from_micros(instant).astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    return _jump_between(to_micros(wall.replace(fold=1)), instant, zone)


def _bounds(start: int, end: int, resolution: str, zone: ZoneInfo) -> Ints:
    """The bounds of the whole buckets that [start, end) touches."""
    if resolution in FIXED:
        length = FIXED[resolution]
        return np.arange(start - start % length, end + -end % length + 1, length, dtype=np.int64)
    first, last = (from_micros(instant).astimezone(zone).date() for instant in (start, end))
    begins = _begins(first - _ONE_DAY, last + _ONE_DAY, resolution)
    bounds = np.unique(np.fromiter((midnight(begin, zone) for begin in begins), np.int64))
    low = int(np.searchsorted(bounds, start, side="right")) - 1
    return bounds[low : int(np.searchsorted(bounds, end)) + 1]


def _begins(first: date, last: date, resolution: str) -> Iterator[date]:
    """The first dates of the days, weeks or months from the one of `first` to behind `last`."""
    begin = first
    if resolution == "1w":
        begin -= first.weekday() * _ONE_DAY
    elif resolution == "1mo":
        begin = first.replace(day=1)
    while begin <= last:
        yield begin
        begin = _next(begin, resolution)
    yield begin


def _next(begin: date, resolution: str) -> date:
    if resolution == "1mo":
        return (begin + 31 * _ONE_DAY).replace(day=1)
    return begin + (7 if resolution == "1w" else 1) * _ONE_DAY


def _jump_between(low: int, high: int, zone: ZoneInfo) -> int:
    """The whole second in (low, high] at which the clocks of `zone` jumped."""
    before = _offset(low, zone)
    while high - low > MICROS_PER_SECOND:
        middle = (low + high) // 2 // MICROS_PER_SECOND * MICROS_PER_SECOND
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high


def _offset(instant: int, zone: ZoneInfo) -> timedelta | None:
    return from_micros(instant).astimezone(zone).utcoffset()
