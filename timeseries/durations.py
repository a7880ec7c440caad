"""How long a Metric was in each of its states. Pure."""

from dataclasses import replace

import numpy as np

from energy.instants import MICROS_PER_SECOND
from history.arrays import Floats, Ints, Samples
from history.series import SampleSeries

MAX_STATES = 32  # of a series
STATE = "state "  # begins the name of a state's column
_MICROSECONDS = 6  # digits


class TooManyStatesError(ValueError):
    """A Metric has more different values than a state has."""


def known_seconds(coverage: Floats, edges: Ints) -> Floats:
    """For how long a state is known in each bucket; NaN where it is not at all."""
    seconds = coverage * np.diff(edges) / MICROS_PER_SECOND
    return np.where(coverage > 0, seconds, np.nan).round(_MICROSECONDS)


def durations(series: SampleSeries) -> dict[str, Floats]:
    """Seconds of each bucket spent in each state, by the name of its column, ascending.

    As long as a value is known (`aggregates`), the Metric is in that state; the states of a bucket
    add up to its known seconds. NaN where nothing is known. Raises TooManyStatesError past
    MAX_STATES.
    """
    samples, edges = series.samples, series.edges
    low = np.searchsorted(samples.timestamps, edges[0], side="right") - 1  # known when it begins
    high = np.searchsorted(samples.timestamps, edges[-1])
    states = np.unique(samples.values[max(0, low) : high])
    if states.size > MAX_STATES:
        raise TooManyStatesError(f"{states.size} different values")
    seconds = known_seconds(series.coverage(), edges)
    shares = {
        state: replace(series, samples=_being(samples, state)).mean() for state in states.tolist()
    }
    return {
        STATE + _label(state): (share * seconds).round(_MICROSECONDS)
        for state, share in shares.items()
    }


def _being(samples: Samples, state: float) -> Samples:
    """1 while in that state, 0 while in another."""
    return Samples(samples.timestamps, (samples.values == state).astype(np.float64))


def _label(state: float) -> str:
    return str(int(state)) if state.is_integer() else repr(state)
