"""What the counters of a block rose in a window, from chunks and from the readings between them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from history.arrays import Samples
from history.buckets import DAY
from history.counters import CounterState, Rules, Steps
from history.counting import Readings, Run, brought_forward, steps_of
from history.relational.increments import States
from history.relational.states import beginnings
from history.store import SeriesQuery

Used = tuple[int, int]  # the day of a chunk that is used, and the place of its state
# Stands for the state before the first day, until that is looked up.
_TO_BEGIN = CounterState()


class BlockCounters:
    """The counters of one block of Metrics, from the first day of a window up to its `end`."""

    def __init__(
        self, queries: Sequence[SeriesQuery], day: int, end: int, readings: Readings
    ) -> None:
        self.rules: dict[int, Rules] = {
            query.metric_id: query.rules for query in queries if query.needs == "increase"
        }
        self._day, self._end = day, end
        self._readings = readings
        self._beginnings = beginnings(self.rules, day) if self.rules else {}

    def rewritten(self, metric_id: int) -> int:
        """The first day at or behind which the head has readings of a counter."""
        return self._beginnings[metric_id].oldest // DAY

    def steps(
        self,
        samples: Mapping[int, Samples],
        used: Mapping[int, Sequence[Used]],
        states: States,
    ) -> dict[int, Steps]:
        """What each counter rose, apart from what chunks tell of their own days.

        `samples`: all readings from the first day on that no used chunk has, and the first behind
        the window; `used`: the chunks of each counter whose increments are used, by day.
        """
        runs = [
            run
            for metric_id, own in used.items()
            for run in self._runs(metric_id, samples[metric_id], own, states)
        ]
        runs = self._begun(runs)
        parts = {key: [states.entries([place for _, place in own])] for key, own in used.items()}
        for run, steps in zip(runs, steps_of(runs, self._end, self._readings), strict=True):
            parts[run.metric_id].append(steps)
        return {metric_id: Steps.sorted(some) for metric_id, some in parts.items()}

    def _runs(
        self, metric_id: int, samples: Samples, used: Sequence[Used], states: States
    ) -> Iterator[Run]:
        """The readings before, between and behind the days of used chunks."""
        part = samples.behind(self._day * DAY)
        cuts = np.searchsorted(part.timestamps, [day * DAY for day, _ in used])
        bounds = pairwise([0, *cuts.tolist(), len(part)])
        before = [_TO_BEGIN, *(states[place] for _, place in used)]
        for state, (low, high) in zip(before, bounds, strict=True):
            if low < high:
                yield Run(metric_id, self.rules[metric_id], state, part.between(low, high))

    def _begun(self, runs: Sequence[Run]) -> list[Run]:
        """The runs, those from the first day on with the state that the counter was in before."""
        first = {run.metric_id for run in runs if run.state is _TO_BEGIN}
        kept = {metric_id: self._beginnings[metric_id].kept for metric_id in first}
        found = brought_forward(kept, self.rules, self._day * DAY, self._readings)
        return [
            run._replace(state=found[run.metric_id].state) if run.state is _TO_BEGIN else run
            for run in runs
        ]
