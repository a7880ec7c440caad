"""What a page's query string asks of history."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils import timezone

from metrics.models import Metric
from metrics.vocabulary import MetricType
from timeseries.forms import DEFAULT_RANGE, LOCAL_MINUTES, RANGES, HistoryForm
from timeseries.queries import TimeSeriesQuery

CUSTOM = "custom"


class HistoryRequest:
    """Range, resolution, aggregate and zone that a page's query string asks for.

    A wrong value is an error of `form`; then there is no window.
    """

    def __init__(
        self, metrics: Sequence[Metric], query: QueryDict, user: Any, zone: ZoneInfo, now: datetime
    ) -> None:
        self.metrics = metrics
        self.query = query
        self.now = now
        custom = query.get("start") or query.get("end")
        self.range = CUSTOM if custom else query.get("range") or DEFAULT_RANGE
        of_sites = {metric.device.site.time_zone for metric in metrics}
        self.zones = list(dict.fromkeys([zone.key, *sorted(of_sites), user.time_zone, "UTC"]))
        asked = query.get("time_zone", "")
        self.zone = ZoneInfo(asked) if asked in self.zones else zone
        self.form = self._bound_form()

    @property
    def window(self) -> tuple[datetime, datetime]:
        """The half-open window [start, end); needs a valid form."""
        if self.range == CUSTOM:
            return self.form.cleaned_data["start"], self.form.cleaned_data["end"]
        return self.now - RANGES[self.range][1], self.now

    @property
    def is_raw(self) -> bool:
        """Whether single readings are asked for."""
        return bool(self.form.cleaned_data["resolution"] == "raw")

    def time_series_query(self) -> TimeSeriesQuery:
        """The same for the domain. Raises DomainError naming the field at fault."""
        asked = self.form.cleaned_data
        start, end = self.window
        return TimeSeriesQuery(
            start=start,
            end=end,
            resolution=asked["resolution"] or "auto",
            aggregate=asked["aggregate"] or None,
            envelope=not self.is_raw,
            time_zone=self.zone.key,
            time_format="ms",
        )

    def api_parameters(self) -> dict[str, str]:
        """The same for the API, which the chart asks."""
        query = self.time_series_query()
        start, end = self.window
        wanted = {
            "start": rfc3339(start),
            "end": rfc3339(end),
            "resolution": query.resolution,
            "aggregate": query.aggregate,
            "envelope": "true" if self._draws_envelope(query) else None,
            "time_zone": query.time_zone,
            "time_format": "ms",
        }
        return {name: value for name, value in wanted.items() if value}

    def export_parameters(self, resolution: str) -> dict[str, str]:
        """The same for an export."""
        aggregate = self.form.cleaned_data["aggregate"] if resolution != "raw" else None
        start, end = self.window
        wanted = {
            "format": "csv",
            "start": rfc3339(start),
            "end": rfc3339(end),
            "resolution": resolution,
            "aggregate": aggregate,
            "time_zone": self.zone.key,
        }
        return {name: value for name, value in wanted.items() if value}

    def up_to(self, moment: datetime) -> str:
        """The query string of the day that ends with `moment`, all else the same."""
        asked = self.query.copy()
        for name in ("range", "page"):
            asked.pop(name, None)
        asked["start"] = rfc3339(moment - RANGES[DEFAULT_RANGE][1])
        # Windows are half-open: a second more brings the moment itself in.
        asked["end"] = rfc3339(moment + timedelta(seconds=1))
        return asked.urlencode()

    def _bound_form(self) -> HistoryForm:
        _, span = RANGES.get(self.range, RANGES[DEFAULT_RANGE])
        shown = {
            "start": (self.now - span).astimezone(self.zone).strftime(LOCAL_MINUTES),
            "end": self.now.astimezone(self.zone).strftime(LOCAL_MINUTES),
            "resolution": "auto",
            "time_zone": self.zone.key,
        }
        given = {name: value for name, value in self.query.items() if value}
        types = {metric.type for metric in self.metrics}
        form = HistoryForm({**shown, **given}, zones=self.zones, types=types)
        with timezone.override(self.zone):
            form.full_clean()
        if self.range not in (*RANGES, CUSTOM):
            form.add_error(None, f"“{self.range}” is no range: choose one of {', '.join(RANGES)}.")
        return form

    def _draws_envelope(self, query: TimeSeriesQuery) -> bool:
        """One gauge shows the band between its extremes; several would hide one another."""
        types = [metric.type for metric in self.metrics]
        return query.envelope and types == [MetricType.GAUGE] and query.aggregate in (None, "mean")


def rfc3339(moment: datetime) -> str:
    """`moment` in UTC with Z."""
    return moment.astimezone(timezone.get_default_timezone()).isoformat().replace("+00:00", "Z")
