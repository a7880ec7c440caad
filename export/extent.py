"""Where there is history: a long export begins and ends there, so that it costs what it brings."""

from collections.abc import Sequence
from dataclasses import replace

from export.blocks import Layout
from history import get_store
from history.aggregates import HELD_INTERVALS
from history.buckets import DAY, FIXED, Window
from metrics.models import Metric
from timeseries.summaries import interval_of

# Up to so many buckets, as many as a time series has at most, a file has all that were asked for,
# the empty ones at either end as well.
SPARED = 10_000
_BEFORE_ALL, _BEHIND_ALL = 0, 2**53  # the store keeps years from 1970 to 2200


def clipped(layout: Layout) -> Layout:
    """A layout of very many buckets without those before the first value and behind the last."""
    start, end = layout.window
    if end - start <= SPARED * FIXED.get(layout.resolution, DAY):
        return layout
    known = _known(layout)
    window = layout.whole_buckets(*known) if known else Window(start, start)
    return replace(layout, window=window)


def _known(layout: Layout) -> tuple[int, int] | None:
    """From when until when anything may be known of the Metrics; None without any reading."""
    firsts = _nearest(layout.metrics, _BEFORE_ALL, 0)
    lasts = _nearest(layout.metrics, _BEHIND_ALL, -1)
    if not firsts:
        return None
    until = max(lasts[metric.pk] + _held(metric) for metric in layout.metrics if metric.pk in lasts)
    if layout.fill == "previous":  # the last value goes on until now
        until = max(until, layout.known_until)
    return min(firsts.values()), until


def _held(metric: Metric) -> int:
    """For how long a reading stands for what follows it, in microseconds."""
    return HELD_INTERVALS * interval_of(metric)


def _nearest(metrics: Sequence[Metric], instant: int, which: int) -> dict[int, int]:
    """When each Metric's reading nearest to `instant` was measured, of those that have any."""
    ids = [metric.pk for metric in metrics]
    found = get_store().read_blocks(ids, instant, instant + 1, with_neighbours=True)
    return {pk: int(samples.timestamps[which]) for pk, samples in found if len(samples)}
