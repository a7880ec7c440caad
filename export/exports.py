"""An export before it is written: which rows, how many of them, and in whose clocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from energy.errors import DomainError
from energy.instants import to_micros
from export import readings
from export.blocks import Layout
from export.extent import clipped
from export.formats import Format
from export.texts import identity
from history.buckets import CALENDAR, Window, divide_finely
from metrics.models import Metric
from timeseries.queries import TimeSeriesQuery
from timeseries.summaries import aggregate_of
from timeseries.windows import resolve_window, resolve_zone

_ROW_ENDS = 32  # bytes of the time and the punctuation of a row
_NUMBER = 8  # bytes of a number as text, on average


@dataclass(frozen=True, slots=True)
class Export:
    """Rows to be written. `layout` is None for raw readings, `zone` None for UTC."""

    metrics: Sequence[Metric]
    window: Window
    resolution: str
    zone: ZoneInfo | None
    layout: Layout | None

    def rows(self) -> int:
        """How many rows there are; with empty buckets left out, how many at most."""
        if self.layout:
            return self.layout.rows()
        return readings.count(self.metrics, self.window)

    def text_bytes(self, rows: int) -> int:
        """How large so many rows are as text, roughly."""
        if self.layout:
            return rows * (_ROW_ENDS + self.layout.width * (_NUMBER + 1))
        names = sum(sum(map(len, identity(metric))) + 4 for metric in self.metrics)
        return rows * (_ROW_ENDS + _NUMBER + names // max(1, len(self.metrics)))

    def stream(self, written: Format) -> Iterator[bytes]:
        """The file, piece by piece."""
        if self.layout:
            return written.of_buckets(headings(self.layout), self.layout.blocks(), self.zone)
        return written.of_readings(readings.pages(self.metrics, self.window), self.zone)


def prepare(
    metrics: Sequence[Metric], query: TimeSeriesQuery, now: datetime, *, coverage: bool = False
) -> Export:
    """What is to be exported of `metrics`, which the asker may see, with Device and Site fetched.

    Times are written in the zone asked for, else in UTC; those of days and longer always in the
    zone they are days of. Raises DomainError naming the field at fault.
    """
    if query.aggregate == "duration":
        message = "Durations have a column for each state, which a file cannot know ahead."
        raise DomainError(message, code="contradiction", field="aggregate")
    zone = resolve_zone(query.time_zone, metrics, query.own_time_zone)
    window = resolve_window(query.start, query.end, zone, now)
    resolution = query.resolution
    if resolution == "auto":
        resolution, _ = divide_finely(*window, zone, at_most=query.max_points)
    layout = None
    if resolution != "raw":
        layout = Layout(
            metrics=metrics,
            aggregates=[aggregate_of(metric, query.aggregate) for metric in metrics],
            window=window,
            resolution=resolution,
            zone=zone,
            parts=_parts(query, coverage=coverage),
            fill=query.fill,
            known_until=to_micros(now),
        )
        layout.refuse_the_impossible()
        layout = clipped(layout)
    shown = zone if query.time_zone or resolution in CALENDAR else None
    return Export(metrics, window, resolution, shown, layout)


def headings(layout: Layout) -> list[str]:
    """The names of a bucket's numbers, with unit, such as `site/device/active_power mean [W]`."""
    found = []
    for metric, aggregate in zip(layout.metrics, layout.aggregates, strict=True):
        site, device, key, unit = identity(metric)
        for part in layout.parts:
            shown = aggregate if part == "values" else part
            of_unit = "1" if "count" in shown or part == "coverage" else unit
            found.append(f"{site}/{device}/{key} {shown} [{of_unit}]")
    return found


def _parts(query: TimeSeriesQuery, *, coverage: bool) -> tuple[str, ...]:
    """The columns of each Metric; none twice where the aggregate is part of the envelope."""
    envelope = [part for part in ("min", "max") if query.envelope and part != query.aggregate]
    return ("values", *envelope, *(["coverage"] if coverage else []))
