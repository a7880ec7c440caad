"""Instants written out by the million: RFC 3339 as bytes, whole arrays at once. Pure."""

from datetime import timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from energy.instants import MICROS_PER_SECOND, from_micros
from history.arrays import Ints
from history.buckets import HOUR, MINUTE
from timeseries.labels import rfc3339_local

# Clocks change at whole quarter hours of UTC, and have done so for fifty years.
_QUARTER = 15 * MINUTE
_DATE_AND_HOUR = len("2026-06-01T12")
_ONE_MICROSECOND = timedelta(microseconds=1)

Bytes = NDArray[np.uint8]


def stamps(instants: Ints, zone: ZoneInfo | None) -> list[bytes]:
    """Ascending microseconds since the Unix epoch as RFC 3339, microseconds only where needed.

    As the clocks of `zone` show them, with their offset then; None is UTC, written Z.
    """
    if not instants.size:
        return []
    begins, quarter_of = _runs(instants // _QUARTER)
    quarters = instants[begins] // _QUARTER * _QUARTER
    offsets = None if zone is None else _offsets(quarters, zone)
    if zone is not None and offsets is None:
        return [text.encode() for text in rfc3339_local(instants, zone)]
    if offsets is None:
        return _joined(instants, [b"Z"], np.zeros_like(quarter_of))
    suffixes = [_suffix(offset) for offset in offsets.tolist()]
    return _joined(instants + offsets[quarter_of], suffixes, quarter_of)


def _joined(local: Ints, suffixes: list[bytes], suffix_of: Ints) -> list[bytes]:
    """The rows of one byte matrix: date and hour, minutes and seconds, fraction, offset."""
    begins, hour_of = _runs(local // HOUR)
    hours = local[begins].astype("datetime64[us]").astype("datetime64[h]")
    seconds = local // MICROS_PER_SECOND
    dates = _matrix(np.datetime_as_string(hours).astype(f"S{_DATE_AND_HOUR}"))
    parts = [dates[hour_of], _within_the_hour()[seconds % 3600]]
    micros = local - seconds * MICROS_PER_SECOND
    if micros.any():
        parts.append(_fractions(micros))
    parts.append(_matrix(np.array(suffixes))[suffix_of])
    rows = np.hstack(parts)  # offsets of several lengths have zero bytes behind, which go here:
    return rows.view(f"S{rows.shape[1]}").ravel().tolist()


def _runs(keys: Ints) -> tuple[Ints, Ints]:
    """Where each run of equal keys begins, and the number of the run that each key is in."""
    changes = np.diff(keys, prepend=keys[0] - 1) != 0
    return np.flatnonzero(changes), np.cumsum(changes) - 1


def _offsets(quarters: Ints, zone: ZoneInfo) -> Ints | None:
    """Each quarter hour's offset from UTC in microseconds.

    None where clocks changed within a quarter hour, or were off by odd seconds.
    """
    begin, end = (
        np.array([_offset(instant, zone) for instant in (quarters + shift).tolist()], np.int64)
        for shift in (0, _QUARTER - 1)
    )
    return begin if np.array_equal(begin, end) and not np.any(begin % MINUTE) else None


def _offset(instant: int, zone: ZoneInfo) -> int:
    return (from_micros(instant).astimezone(zone).utcoffset() or timedelta()) // _ONE_MICROSECOND


def _suffix(offset: int) -> bytes:
    if not offset:
        return b"Z"
    hours, minutes = divmod(abs(offset) // MINUTE, 60)
    return f"{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}".encode()


def _matrix(texts: NDArray[np.generic]) -> Bytes:
    """One row of bytes for each text."""
    flat = np.ascontiguousarray(texts.astype("S"))
    return flat.view(np.uint8).reshape(flat.size, -1)


def _fractions(micros: Ints) -> Bytes:
    digits = micros[:, None] // 10 ** np.arange(5, -1, -1) % 10 + ord("0")
    return np.hstack((np.full((micros.size, 1), ord("."), np.uint8), digits.astype(np.uint8)))


@cache
def _within_the_hour() -> Bytes:
    return _matrix(np.array([f":{second // 60:02}:{second % 60:02}" for second in range(3600)]))
