"""How the empty buckets of a series are filled. Pure."""

import numpy as np

from history.arrays import Floats, Ints

FILLS = ("null", "none", "previous", "linear")
_CIRCLE = 360.0  # degrees


def previous(values: Floats, before: float) -> Floats:
    """Each NaN replaced by the value ahead of it; those at the front by `before`."""
    known = np.where(np.isnan(values), -1, np.arange(values.size))
    sources = np.maximum.accumulate(known)
    return np.where(sources >= 0, values[sources], before)


def linear(values: Floats, starts: Ints, *, circular: bool = False) -> Floats:
    """Each NaN between two values replaced by what lies on the line between them.

    `starts` are the instants of the values. Nothing is put in front of the first or behind the
    last. `circular` values are degrees, and go the shorter way round.
    """
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        return values
    ends = slice(known[0], known[-1] + 1)
    instants = starts - starts[0]
    heights = np.unwrap(values[known], period=_CIRCLE) if circular else values[known]
    filled = values.copy()
    filled[ends] = np.interp(instants[ends], instants[known], heights)
    return filled % _CIRCLE if circular else filled
