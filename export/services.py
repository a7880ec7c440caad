"""What an export consists of, before any of it is written."""

from collections.abc import Sequence
from datetime import datetime

from energy.errors import DomainError
from energy.instants import to_micros
from export.buckets import BucketsExport
from export.extent import clip
from export.readings import ReadingsExport
from history.buckets import CALENDAR, divide_finely
from metrics.models import Metric
from timeseries.queries import TimeSeriesQuery
from timeseries.summaries import aggregate_of
from timeseries.windows import resolve_window, resolve_zone

Export = ReadingsExport | BucketsExport


def prepare_export(
    metrics: Sequence[Metric], query: TimeSeriesQuery, now: datetime, *, coverage: bool = False
) -> Export:
    """The export of `metrics`, which the user may see, each fetched with its Device and Site.

    Times are written in the zone asked for, else in UTC; those of days and longer always in the
    zone they are days of. Raises DomainError naming the field at fault.
    """
    if query.aggregate == "duration":
        message = "Durations have a column for each state, which a file cannot know ahead."
        raise DomainError(message, code="contradiction", field="aggregate")
    calendar = resolve_zone(query.time_zone, metrics, query.own_time_zone)
    window = resolve_window(query.start, query.end, calendar, now)
    if query.resolution == "raw":
        return ReadingsExport(metrics, window, calendar if query.time_zone else None)
    resolution = query.resolution
    if resolution == "auto":
        resolution, _ = divide_finely(*window, calendar, at_most=query.max_points)
    export = BucketsExport(
        metrics=metrics,
        aggregates=[aggregate_of(metric, query.aggregate) for metric in metrics],
        window=window,
        covered=window,
        resolution=resolution,
        calendar=calendar,
        zone=calendar if query.time_zone or resolution in CALENDAR else None,
        parts=_parts(query, coverage=coverage),
        fill=query.fill,
        known_until=to_micros(now),
    )
    return clip(export)


def _parts(query: TimeSeriesQuery, *, coverage: bool) -> tuple[str, ...]:
    """The columns of each Metric; none twice where the aggregate is part of the envelope."""
    envelope = [part for part in ("min", "max") if query.envelope and part != query.aggregate]
    return ("values", *envelope, *(["coverage"] if coverage else []))
