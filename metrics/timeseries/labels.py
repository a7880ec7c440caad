"""Instants as they are written in answers, whole arrays at once. Pure."""

from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from metrics.history.arrays import Ints
from metrics.instants import MICROS_PER_SECOND, from_micros

_MICROS_PER_MILLI = 1_000
_ONE_MINUTE = timedelta(minutes=1)

Labels = list[str] | list[int]
Formatter = Callable[[Ints], Labels]


def milliseconds(instants: Ints) -> list[int]:
    """Whole milliseconds since the Unix epoch."""
    return (instants // _MICROS_PER_MILLI).tolist()


def rfc3339(instants: Ints) -> list[str]:
    """RFC 3339 in UTC with Z, to the second, millisecond or microsecond, as exact as needed."""
    unit: Literal["us", "ms", "s"] = "us"
    if not np.any(instants % _MICROS_PER_MILLI):
        unit = "s" if not np.any(instants % MICROS_PER_SECOND) else "ms"
    moments: NDArray[np.datetime64] = instants.astype("datetime64[us]")
    return np.datetime_as_string(moments, unit=unit, timezone="UTC").tolist()


def rfc3339_local(instants: Ints, zone: ZoneInfo) -> list[str]:
    """RFC 3339 as the clocks of `zone` show it, with their offset then; Z for none."""
    return [_local(instant, zone) for instant in instants.tolist()]


def _local(instant: int, zone: ZoneInfo) -> str:
    moment = from_micros(instant).astimezone(zone)
    offset = moment.utcoffset() or timedelta()
    if offset % _ONE_MINUTE:
        # RFC 3339 has no seconds in offsets; zones had them until Monrovia's in 1972.
        moment = moment.astimezone(timezone(offset // _ONE_MINUTE * _ONE_MINUTE))
    return moment.isoformat().replace("+00:00", "Z")
