"""Instants as integers: microseconds since the Unix epoch, UTC."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

MICROS_PER_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Microseconds since the Unix epoch of an aware datetime, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


def each_to_micros(instants: Iterable[datetime]) -> Iterator[int]:
    """`to_micros` of each; equal instants in a row, as of many Metrics, are converted once."""
    last: datetime | None = None
    for instant in instants:
        if instant != last:
            last = instant
            micros = (instant - _EPOCH) // _MICROSECOND
        yield micros


def from_micros(micros: int) -> datetime:
    """The aware UTC datetime of microseconds since the Unix epoch, exactly."""
    return _EPOCH + timedelta(microseconds=micros)
