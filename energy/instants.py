"""Instants as integers: microseconds since the Unix epoch, UTC."""

from datetime import UTC, datetime, timedelta

MICROS_PER_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Microseconds since the Unix epoch of an aware datetime, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC datetime of microseconds since the Unix epoch, exactly."""
    return _EPOCH + timedelta(microseconds=micros)
