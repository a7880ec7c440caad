"""Which part of history a page shows, and how."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils import timezone

from energy.forms import LocalTimeField, local_text
from metrics.models import Metric
from metrics.vocabulary import MetricType
from timeseries.parameters import HistoryParameters
from timeseries.queries import TimeSeriesQuery

RANGES = {
    "1h": ("1 h", timedelta(hours=1)),
    "6h": ("6 h", timedelta(hours=6)),
    "24h": ("24 h", timedelta(hours=24)),
    "7d": ("7 d", timedelta(days=7)),
    "30d": ("30 d", timedelta(days=30)),
}
DEFAULT_RANGE = "24h"
CUSTOM_RANGE = "custom"  # between a start and an end
RESOLUTIONS = {
    "auto": "Automatic",
    "raw": "Every reading",
    "1m": "1 minute",
    "5m": "5 minutes",
    "15m": "15 minutes",
    "30m": "30 minutes",
    "1h": "1 hour",
    "6h": "6 hours",
    "1d": "1 day",
    "1w": "1 week",
    "1mo": "1 month",
}
AGGREGATES = {
    "mean": "Mean",
    "min": "Minimum",
    "max": "Maximum",
    "sum": "Sum",
    "count": "Number of readings",
    "first": "First",
    "last": "Last",
    "increase": "Increase",
}
_PARAMETERS: Any = HistoryParameters().fields


class HistoryForm(forms.Form):
    """The part of a page's query string that picks history of `metrics`, read in `zone`.

    Every field may be left out. The window is that of `range`, unless a start or an end is given.
    """

    start = LocalTimeField(label="From", required=False)
    end = LocalTimeField(label="To", required=False)
    resolution = forms.ChoiceField(
        choices=[(name, RESOLUTIONS[name]) for name in _PARAMETERS["resolution"].choices],
        required=False,
    )
    aggregate = forms.ChoiceField(label="Combine readings by", required=False)
    time_zone = forms.ChoiceField(label="Time zone", required=False)

    def __init__(
        self, query: QueryDict, metrics: Sequence[Metric], user: Any, zone: ZoneInfo, now: datetime
    ) -> None:
        self.query, self.metrics, self.now = query, metrics, now
        is_custom = query.get("start") or query.get("end")
        self.range = CUSTOM_RANGE if is_custom else query.get("range") or DEFAULT_RANGE
        of_sites = sorted({metric.device.site.time_zone for metric in metrics})
        zones = list(dict.fromkeys([zone.key, *of_sites, user.time_zone, "UTC"]))
        name = query.get("time_zone", "")
        self.zone = ZoneInfo(name) if name in zones else zone
        given = {name: value for name, value in query.items() if value}
        super().__init__(
            {**self._defaults(), **given}, label_suffix="", use_required_attribute=False
        )
        fields: Any = self.fields
        fields["time_zone"].choices = [(name, name) for name in zones]
        fields["aggregate"].choices = [("", "What suits the metric"), *self._aggregates()]
        for name in ("start", "end"):
            fields[name].widget.zone = self.zone
        self.full_clean()

    def clean(self) -> None:
        if self.range not in (*RANGES, CUSTOM_RANGE):
            known = ", ".join(RANGES)
            raise forms.ValidationError(f"“{self.range}” is no range: choose one of {known}.")

    @property
    def window(self) -> tuple[datetime, datetime]:
        """The half-open window [start, end) of a valid form."""
        if self.range == CUSTOM_RANGE:
            return self.cleaned_data["start"], self.cleaned_data["end"]
        return self.now - RANGES[self.range][1], self.now

    @property
    def draws_envelope(self) -> bool:
        """Whether the chart has a band from minimum to maximum: several would hide one another."""
        types = [metric.type for metric in self.metrics]
        is_mean = self.cleaned_data["aggregate"] in ("", "mean")
        return types == [MetricType.GAUGE] and is_mean and self.cleaned_data["resolution"] != "raw"

    def time_series_query(self) -> TimeSeriesQuery:
        """What a valid form asks of history. Raises DomainError naming the field at fault."""
        start, end = self.window
        resolution = self.cleaned_data["resolution"] or "auto"
        return TimeSeriesQuery(
            start=start,
            end=end,
            resolution=resolution,
            aggregate=self.cleaned_data["aggregate"] or None,
            envelope=resolution != "raw",
            time_zone=self.zone.key,
            time_format="ms",
        )

    def query_string(self, resolution: str = "", **more: str) -> str:
        """The same for the API, in another `resolution` where one is given."""
        start, end = self.window
        resolution = resolution or self.cleaned_data["resolution"] or "auto"
        parameters = {
            **more,
            "start": _rfc3339(start),
            "end": _rfc3339(end),
            "resolution": resolution,
            "aggregate": self.cleaned_data["aggregate"] if resolution != "raw" else "",
            "time_zone": self.zone.key,
        }
        return urlencode({name: value for name, value in parameters.items() if value})

    def query_string_up_to(self, moment: datetime) -> str:
        """The page's query string for the day that ends with `moment`, all else the same."""
        query = self.query.copy()
        for name in ("range", "page"):
            query.pop(name, None)
        query["start"] = _rfc3339(moment - RANGES[DEFAULT_RANGE][1])
        # Windows are half-open: a second more brings the moment itself in.
        query["end"] = _rfc3339(moment + timedelta(seconds=1))
        return query.urlencode()

    def _defaults(self) -> dict[str, str]:
        _, span = RANGES.get(self.range, RANGES[DEFAULT_RANGE])
        return {
            "start": local_text(self.now - span, self.zone),
            "end": local_text(self.now, self.zone),
            "resolution": "auto",
            "time_zone": self.zone.key,
        }

    def _aggregates(self) -> list[tuple[str, str]]:
        """Those with one value a bucket; an increase only where there is a counter."""
        counting = any(metric.type == MetricType.COUNTER for metric in self.metrics)
        names = [name for name in _PARAMETERS["aggregate"].choices if name in AGGREGATES]
        return [(name, AGGREGATES[name]) for name in names if name != "increase" or counting]


# What the query string of a page with history may have.
HISTORY_PARAMETERS = {*HistoryForm.base_fields, "range", "start_offset", "end_offset", "page"}


def _rfc3339(moment: datetime) -> str:
    """`moment` in UTC with Z."""
    return moment.astimezone(timezone.get_default_timezone()).isoformat().replace("+00:00", "Z")
