"""Timestamps of an export: RFC 3339 as bytes, whole arrays at once. Pure."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from energy.instants import MICROS_PER_SECOND, from_micros
from history.arrays import Ints
from history.buckets import MINUTE
from timeseries.labels import encoded, rfc3339, rfc3339_local

# Clocks change at whole quarter hours of UTC, and have done so for fifty years.
_QUARTER = 15 * MINUTE


def format_timestamps(instants: Ints, zone: ZoneInfo | None) -> list[bytes]:
    """Ascending microseconds since the Unix epoch as RFC 3339, microseconds only where needed.

    As the clocks of `zone` show them, with their offset at that time; in UTC where it is None.
    """
    if zone is None:
        return _with_suffix(instants, b"Z")
    quarters, quarter_of = np.unique(instants // _QUARTER, return_inverse=True)
    offsets = _offsets(quarters * _QUARTER, zone)
    if offsets is None:
        return [text.encode() for text in rfc3339_local(instants, zone)]
    shifts = offsets[quarter_of]
    changes = np.flatnonzero(np.diff(shifts)) + 1
    return [
        text
        for local, shift in zip(
            np.split(instants + shifts, changes), np.split(shifts, changes), strict=True
        )
        if local.size
        for text in _with_suffix(local, _suffix(int(shift[0])))
    ]


def _with_suffix(local: Ints, suffix: bytes) -> list[bytes]:
    """Date and time of each, with one suffix for all."""
    listed = bytes(encoded(rfc3339(local)))  # ["2026-06-01T12:00:00Z","2026-06-01T12:01:00Z"]
    return listed[2:-2].replace(b"Z", suffix).split(b'","') if local.size else []


def _offsets(quarters: Ints, zone: ZoneInfo) -> Ints | None:
    """The offset from UTC of each quarter hour, in microseconds.

    None where clocks changed within a quarter hour, or were off by odd seconds.
    """
    begin, end = (
        np.array([_offset(instant, zone) for instant in (quarters + shift).tolist()], np.int64)
        for shift in (0, _QUARTER - 1)
    )
    return begin if np.array_equal(begin, end) and not np.any(begin % MINUTE) else None


def _offset(instant: int, zone: ZoneInfo) -> int:
    offset = from_micros(instant).astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds()) * MICROS_PER_SECOND


def _suffix(offset: int) -> bytes:
    if not offset:
        return b"Z"
    hours, minutes = divmod(abs(offset) // MINUTE, 60)
    return f"{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}".encode()
