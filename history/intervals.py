"""Amounts of intervals that begin at their timestamps, shared out over buckets by time. Pure."""

import numpy as np

from history.arrays import Floats, Ints, Samples
from history.steps import Steps, shared


def amounts(samples: Samples, edges: Ints, length: int) -> tuple[Floats, Floats]:
    """What the intervals of each bucket come to, and the share of it, 0 to 1, that they cover.

    Each reading of `samples` is the amount of the interval that begins at its timestamp and lasts
    `length` microseconds, or until the next one begins, if that is sooner: a month, or the day on
    which clocks go forward, is shorter than the longest. Float64[buckets] each; an amount is NaN
    where no interval is known.
    """
    found, known = shared(_steps(samples, length), edges)
    return found, known / np.diff(edges)


def _steps(samples: Samples, length: int) -> Steps:
    """The intervals, and the gaps between them, of which nothing is known."""
    begins = samples.timestamps
    if not begins.size:
        return Steps.none()
    following = np.append(begins[1:], begins[-1] + length)
    ends = np.minimum(begins + length, following)
    since, until = (
        np.column_stack((begins, ends)).ravel(),
        np.column_stack((ends, following)).ravel(),
    )
    amount = np.column_stack((samples.values, np.zeros(begins.size))).ravel()
    known = np.tile([True, False], begins.size)
    lasting = until > since
    return Steps(since[lasting], until[lasting], amount[lasting], known[lasting])
