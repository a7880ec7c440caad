"""What counters add in a window: the state that it begins with, and the steps that end in it.

What a reading adds follows from all readings before it and those right behind. So a counter is read
from the latest state on that is kept of it from before the window, and on behind the window's end
until a reading there is decided.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from history.arrays import Samples
from history.buckets import DAY
from history.counters import NEVER_READ, CounterState, Rules, Steps, advance, advance_all

BEGINNING, END = -(2**62), 2**62  # of time
# Readings of so much time are in memory at once while a state is brought forward.
_SPAN = 32 * DAY
# Nearly always the first reading behind a window is decided by itself, or by the next.
_AT_ONCE = 16


class Readings(Protocol):
    """Where readings are read: see HistoryStore."""

    def read(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]: ...

    def count(self, metric_ids: Sequence[int], start: int, end: int) -> int: ...

    def read_first(
        self, metric_ids: Sequence[int], start: int, end: int, limit: int
    ) -> dict[int, Samples]: ...


class Kept(NamedTuple):
    """The state of a counter behind all its readings before `since`."""

    since: int = BEGINNING
    state: CounterState = NEVER_READ


class Run(NamedTuple):
    """Readings of a counter that follow one another, and the state that it was in before them."""

    metric_id: int
    rules: Rules
    state: CounterState
    samples: Samples


def brought_forward(
    kept: Mapping[int, Kept], rules: Mapping[int, Rules], instant: int, readings: Readings
) -> dict[int, Kept]:
    """The states of counters, by Metric id, behind all their readings before `instant`."""
    states = {metric_id: state for metric_id, (_, state) in kept.items()}
    for since, ids in _by_beginning(kept, instant, readings):
        for begin in range(since, instant, _SPAN):
            found = readings.read(ids, begin, min(begin + _SPAN, instant))
            for metric_id in ids:
                part, own = found[metric_id], rules[metric_id]
                _, states[metric_id] = advance(states[metric_id], part.timestamps, part.values, own)
    return {metric_id: Kept(instant, state) for metric_id, state in states.items()}


def steps_of(runs: Sequence[Run], end: int, readings: Readings) -> list[Steps]:
    """The steps that the readings of each run decide.

    Where a run ends with the first reading from `end` on, later ones are read until there is a step
    that ends at `end` or behind.
    """
    if not runs:
        return []
    steps, bounds, states = advance_all(
        [run.state for run in runs],
        np.append(0, np.cumsum([len(run.samples) for run in runs])),
        np.concatenate([run.samples.timestamps for run in runs]),
        np.concatenate([run.samples.values for run in runs]),
        [run.rules for run in runs],
    )
    parts = [steps.between(low, high) for low, high in pairwise(bounds.tolist())]
    return [
        _reaching(run._replace(state=state), part, end, readings)
        for run, part, state in zip(runs, parts, states, strict=True)
    ]


def _reaching(run: Run, steps: Steps, end: int, readings: Readings) -> Steps:
    """The steps of a run, and those that later readings decide; its state is the one behind it."""
    parts, state, samples = [steps], run.state, run.samples
    while len(samples) and samples.timestamps[-1] >= end and not _reaches(parts[-1], end):
        behind = int(samples.timestamps[-1]) + 1
        found = readings.read_first([run.metric_id], behind, END, _AT_ONCE)
        samples = found.get(run.metric_id, Samples.empty())
        more, state = advance(state, samples.timestamps, samples.values, run.rules)
        parts.append(more)
    return Steps.joined(parts)


def _reaches(steps: Steps, end: int) -> bool:
    return bool(len(steps) and steps.until[-1] >= end)


def _by_beginning(
    kept: Mapping[int, Kept], instant: int, readings: Readings
) -> Iterator[tuple[int, list[int]]]:
    """Counters that are read from the same instant on; those without a state each by itself."""
    together: dict[int, list[int]] = defaultdict(list)
    for metric_id, (since, _) in kept.items():
        if since > BEGINNING:
            together[since].append(metric_id)
        elif first := readings.read_first([metric_id], since, instant, 1).get(metric_id):
            yield int(first.timestamps[0]), [metric_id]
    yield from together.items()
