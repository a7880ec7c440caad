"""Clips a long export to the time that has history, so that empty years cost nothing."""

from collections.abc import Sequence
from dataclasses import replace

from export.buckets import BucketsExport
from history import get_store
from history.buckets import DAY, FIXED, Window
from history.rules import lookback_of_metric
from metrics.models import Metric

# A file of up to so many buckets, the most that a time series has, has the empty ones at both ends
# too.
NEVER_CLIPPED = 10_000
_BEFORE_ALL, _AFTER_ALL = 0, 2**53  # the store keeps years from 1970 to 2200


def clip(export: BucketsExport) -> BucketsExport:
    """Leave out the buckets before the first value and after the last, if there are very many."""
    start, end = export.window
    if end - start <= NEVER_CLIPPED * FIXED.get(export.resolution, DAY):
        return export
    known = _known_span(export)
    covered = export.buckets_touching(*known) if known else Window(start, start)
    return replace(export, covered=covered)


def _known_span(export: BucketsExport) -> tuple[int, int] | None:
    """The time of which anything may be known of the Metrics; None without any reading."""
    firsts = _nearest(export.metrics, _BEFORE_ALL, 0)
    lasts = _nearest(export.metrics, _AFTER_ALL, -1)
    if not firsts:
        return None
    until = max(
        lasts[metric.pk] + lookback_of_metric(metric)
        for metric in export.metrics
        if metric.pk in lasts
    )
    if export.fill == "previous":  # the last value is carried on until now
        until = max(until, export.known_until)
    return min(firsts.values()), until


def _nearest(metrics: Sequence[Metric], instant: int, which: int) -> dict[int, int]:
    """When each Metric's reading nearest to `instant` was measured, of those that have any."""
    ids = [metric.pk for metric in metrics]
    found = get_store().read_blocks(ids, instant, instant + 1, with_neighbours=True)
    return {pk: int(samples.timestamps[which]) for pk, samples in found if len(samples)}
