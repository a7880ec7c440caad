"""Numbers and instants as answers have them, whole arrays at once. Pure."""

from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from energy.instants import from_micros
from history.arrays import Ints

_MICROS_PER_MILLI = 1_000
_ONE_MINUTE = timedelta(minutes=1)
_JSON = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z

Labels = NDArray[Any] | list[str]
Formatter = Callable[[Ints], Labels]


def encoded(values: Labels) -> msgspec.Raw:
    """An array as JSON, which takes a third of the room that it takes as Python's objects.

    Floats that are no numbers, or infinite, are null; instants are RFC 3339 in UTC with Z, to the
    second, or to the microsecond where they are as exact.
    """
    plain = values if isinstance(values, list) else np.ascontiguousarray(values)
    return msgspec.Raw(orjson.dumps(plain, option=_JSON))


def listed(values: Labels) -> list[Any]:
    """The same as Python has it."""
    return list(orjson.loads(bytes(encoded(values))))


def milliseconds(instants: Ints) -> Ints:
    """Whole milliseconds since the Unix epoch."""
    return instants // _MICROS_PER_MILLI


def rfc3339(instants: Ints) -> NDArray[Any]:
    """Instants in UTC: datetime64."""
    return instants.astype("datetime64[us]")


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
