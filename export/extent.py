"""Where there is history: a long export begins and ends there, so that it costs what it brings."""

from collections.abc import Sequence
from dataclasses import replace

from export.buckets import BucketsExport
from history import get_store
from history.aggregates import lookback_of
from history.buckets import DAY, FIXED, Window
from metrics.models import Metric

# Up to so many buckets, as many as a time series has at most, a file has all that were asked for,
# the empty ones at either end as well.
NEVER_CLIPPED = 10_000
_BEFORE_ALL, _AFTER_ALL = 0, 2**53  # the store keeps years from 1970 to 2200


def clip(export: BucketsExport) -> BucketsExport:
    """An export of very many buckets without those before the first value and after the last."""
    start, end = export.window
    if end - start <= NEVER_CLIPPED * FIXED.get(export.resolution, DAY):
        return export
    known = _known_span(export)
    covered = export.buckets_touching(*known) if known else Window(start, start)
    return replace(export, covered=covered)


def _known_span(export: BucketsExport) -> tuple[int, int] | None:
    """From when until when anything may be known of the Metrics; None without any reading."""
    firsts = _nearest(export.metrics, _BEFORE_ALL, 0)
    lasts = _nearest(export.metrics, _AFTER_ALL, -1)
    if not firsts:
        return None
    until = max(
        lasts[metric.pk] + lookback_of(metric.expected_interval)
        for metric in export.metrics
        if metric.pk in lasts
    )
    if export.fill == "previous":  # the last value goes on until now
        until = max(until, export.known_until)
    return min(firsts.values()), until


def _nearest(metrics: Sequence[Metric], instant: int, which: int) -> dict[int, int]:
    """When each Metric's reading nearest to `instant` was measured, of those that have any."""
    ids = [metric.pk for metric in metrics]
    found = get_store().read_blocks(ids, instant, instant + 1, with_neighbours=True)
    return {pk: int(samples.timestamps[which]) for pk, samples in found if len(samples)}
