"""What the timestamps of a write count. Pure."""

import numpy as np

from energy.errors import DomainError
from history.arrays import Ints

AUTO = "auto"
NANOS = "ns"
_NANOS_IN = {
    "ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9,
}  # fmt: skip
# As the three generations of the API spell them.
_SPELLINGS = {
    "": NANOS, "n": "ns", "u": "us", "µ": "us", "nanosecond": "ns", "microsecond": "us",
    "millisecond": "ms", "second": "s", "minute": "m", "hour": "h", AUTO: AUTO,
} | {name: name for name in _NANOS_IN}  # fmt: skip
_NANOS_IN_MICRO = 1_000
_GREATEST = 2**63 - 1
# Up to where a number counts seconds, milliseconds and microseconds, where it does not say.
_GUESSED = ((5 * 10**9, "s"), (5 * 10**12, "ms"), (5 * 10**15, "us"))


def precision_of(text: str) -> str:
    """The precision that a query parameter names, "" being nanoseconds. Raises DomainError."""
    try:
        return _SPELLINGS[text.lower()]
    except KeyError as error:
        raise DomainError(
            "The precision must be ns, us, ms, s, m, h or auto.", field="precision"
        ) from error


def to_micros(timestamps: Ints, precision: str) -> Ints:
    """Timestamps int64[n] as microseconds, cut; what is beyond their range as its end.

    `auto` tells by its size what each counts, which is right from 1970 on and until 2128.
    """
    if precision != AUTO:
        return _scaled(timestamps, precision)
    sizes = np.abs(timestamps)
    return np.select(
        [sizes < limit for limit, _ in _GUESSED],
        [_scaled(timestamps, name) for _, name in _GUESSED],
        _scaled(timestamps, NANOS),
    )


def _scaled(timestamps: Ints, precision: str) -> Ints:
    nanos = _NANOS_IN[precision]
    if nanos < _NANOS_IN_MICRO:
        return timestamps // (_NANOS_IN_MICRO // nanos)
    factor = nanos // _NANOS_IN_MICRO
    return np.clip(timestamps, -(_GREATEST // factor), _GREATEST // factor) * factor
