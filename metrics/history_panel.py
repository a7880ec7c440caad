"""The history of some Metrics on a page: chart, statistics and the same values as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone

from devices.templatetags.kinds import carrier
from energy.errors import DomainError
from metrics.forms import AGGREGATES, DEFAULT_RANGE, LOCAL_MINUTES, RANGES, RESOLUTIONS, HistoryForm
from metrics.models import Metric
from metrics.quantities import Scale, scale_for
from metrics.timeseries import Series, TimeSeries, TimeSeriesQuery, answer
from metrics.vocabulary import MetricType

CUSTOM = "custom"
ROWS_A_PAGE = 50
_SERIES_COLOURS = 8


class ValueRow(NamedTuple):
    """The values of all series at one time, written out."""

    at: datetime
    values: list[str]


@dataclass(frozen=True, slots=True)
class SeriesView:
    """One series as the page shows it: its scale, colour and statistics."""

    metric: Metric
    label: str
    css: str
    scale: Scale
    series: Series

    @property
    def known(self) -> list[float]:
        """The values that are known."""
        return [value for value in self.series["values"] if value is not None]

    @property
    def minimum(self) -> float | None:
        """The smallest reading, or value where the readings are not known one by one."""
        return min(self._known("min"), default=None)

    @property
    def maximum(self) -> float | None:
        """The largest reading, or value where the readings are not known one by one."""
        return max(self._known("max"), default=None)

    @property
    def mean(self) -> float | None:
        """The mean of the values, each weighted with how much of its bucket is known."""
        values = self.series["values"]
        weights = self.series["coverage"] or [1.0] * len(values)
        pairs = [(v, w or 0.0) for v, w in zip(values, weights, strict=True) if v is not None]
        weight = sum(w for _, w in pairs)
        return sum(v * w for v, w in pairs) / weight if weight else None

    @property
    def total(self) -> float | None:
        """The increase of a counter over the whole range; None for other aggregates."""
        return sum(self.known) if self.series["aggregate"] == "increase" and self.known else None

    @property
    def statistics(self) -> list[tuple[str, float | None]]:
        """(name, value) of what sums the range up."""
        named = [("Minimum", self.minimum), ("Mean", self.mean), ("Maximum", self.maximum)]
        return named if self.total is None else [("Increase", self.total), *named]

    def _known(self, name: str) -> list[float]:
        column = self.series.get(name) if self.series["aggregate"] != "increase" else None
        return [value for value in column or self.series["values"] if value is not None]  # type: ignore[attr-defined]


class HistoryPanel:
    """What a page's query string asks of the history of `metrics`, answered.

    `api_url` is where the chart fetches the same. A wrong value is an error of `form`, and then
    there is nothing to show.
    """

    def __init__(
        self,
        metrics: Sequence[Metric],
        query: QueryDict,
        *,
        user: Any,
        zone: ZoneInfo,
        now: datetime,
        api_url: str,
        heading: str,
        styles: Sequence[str] = (),
    ) -> None:
        self.metrics = metrics
        self.query = query
        self.user = user
        self.now = now
        self.api_url = api_url
        self.heading = heading
        self.styles = styles
        self.range = self._range()
        self.zones = list(dict.fromkeys([zone.key, *self._site_zones(), user.time_zone, "UTC"]))
        asked = query.get("time_zone", "")
        self.zone = ZoneInfo(asked) if asked in self.zones else zone
        self.form = self._bound_form()
        self.answer = self._answer()

    # What was asked

    def _range(self) -> str:
        if self.query.get("start") or self.query.get("end"):
            return CUSTOM
        return self.query.get("range") or DEFAULT_RANGE

    def _site_zones(self) -> set[str]:
        return {metric.device.site.time_zone for metric in self.metrics}

    def _bound_form(self) -> HistoryForm:
        _, span = RANGES.get(self.range, RANGES[DEFAULT_RANGE])
        defaults = {
            "start": (self.now - span).astimezone(self.zone).strftime(LOCAL_MINUTES),
            "end": self.now.astimezone(self.zone).strftime(LOCAL_MINUTES),
            "resolution": "auto",
            "time_zone": self.zone.key,
        }
        given = {name: value for name, value in self.query.items() if value}
        types = {metric.type for metric in self.metrics}
        form = HistoryForm({**defaults, **given}, zones=self.zones, types=types)
        with timezone.override(self.zone):
            form.full_clean()
        if self.range not in (*RANGES, CUSTOM):
            form.add_error(None, f"“{self.range}” is no range: choose one of {', '.join(RANGES)}.")
        return form

    @property
    def window(self) -> tuple[datetime, datetime]:
        """The half-open window shown: [start, end)."""
        if self.range == CUSTOM:
            return self.form.cleaned_data["start"], self.form.cleaned_data["end"]
        return self.now - RANGES[self.range][1], self.now

    def _time_series_query(self) -> TimeSeriesQuery:
        asked = self.form.cleaned_data
        start, end = self.window
        return TimeSeriesQuery(
            start=start,
            end=end,
            resolution=asked["resolution"] or "auto",
            aggregate=asked["aggregate"] or None,
            envelope=asked["resolution"] != "raw",
            time_zone=self.zone.key,
            time_format="ms",
        )

    def _answer(self) -> TimeSeries | None:
        if not self.form.is_valid() or not self.metrics:
            return None
        try:
            return answer(self.metrics, self._time_series_query(), self.now)
        except DomainError as error:
            known = error.field if error.field in self.form.fields else None
            self.form.add_error(known, error.message)
            return None

    # What is shown

    @property
    def ranges(self) -> list[tuple[str, str]]:
        """(key, label) of the ranges on offer."""
        return [(key, label) for key, (label, _) in RANGES.items()]

    @property
    def is_raw(self) -> bool:
        """Whether single readings are shown."""
        return self.answer is not None and self.answer["resolution"] == "raw"

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(view.known for view in self.series)

    @property
    def in_words(self) -> str:
        """How readings were combined: "mean of every 5 minutes"."""
        if self.answer is None:
            return ""
        if self.is_raw:
            return "every reading"
        resolution = self.answer["resolution"]
        every = RESOLUTIONS.get(resolution, resolution).removeprefix("1 ")
        combined = AGGREGATES.get(self.answer["aggregate"] or "", "").lower()
        return f"{combined if self.answer['aggregate'] else 'values'} of every {every}"

    @property
    def time_heading(self) -> str:
        """The head of the table's first column."""
        return "Measured" if self.is_raw else "From"

    @cached_property
    def series(self) -> list[SeriesView]:
        """The series in the order of the Metrics; one scale for all of one unit."""
        if self.answer is None:
            return []
        kilo = self.user.units == "kilo"
        values: dict[str, list[float | None]] = {}
        for series in self.answer["series"]:
            values.setdefault(series["unit"], []).extend(series["values"])
        scales = {unit: scale_for(unit, known, kilo=kilo) for unit, known in values.items()}
        return [
            SeriesView(metric, self._label(metric), self._css(index), scales[metric.unit], series)
            for index, (metric, series) in enumerate(
                zip(self.metrics, self.answer["series"], strict=True)
            )
        ]

    def _label(self, metric: Metric) -> str:
        return metric.name if len(self.metrics) == 1 else f"{metric.device}: {metric.name}"

    def _css(self, index: int) -> str:
        return self.styles[index] if self.styles else f"series-{index % _SERIES_COLOURS}"

    @property
    def description(self) -> dict[str, Any]:
        """What the chart's script needs to fetch and draw the same."""
        return {
            "url": f"{self.api_url}?{urlencode(self._api_parameters())}",
            "zone": self.zone.key,
            "window": [moment.timestamp() for moment in self.window],
            "series": [
                {
                    "metric": view.metric.pk,
                    "label": view.label,
                    "unit": view.scale.unit,
                    "divisor": view.scale.divisor,
                    "stepped": view.metric.type == MetricType.STATE,
                }
                for view in self.series
            ],
        }

    def _api_parameters(self) -> dict[str, str]:
        query = self._time_series_query()
        gauges = all(metric.type == MetricType.GAUGE for metric in self.metrics)
        wanted = {
            "start": _rfc3339(self.window[0]),
            "end": _rfc3339(self.window[1]),
            "resolution": query.resolution,
            "aggregate": query.aggregate,
            "envelope": "true" if gauges and not self.is_raw and not query.aggregate else None,
            "time_zone": query.time_zone,
            "time_format": "ms",
        }
        return {name: value for name, value in wanted.items() if value}

    @property
    def last_at(self) -> datetime | None:
        """When the newest value of all was measured."""
        found = [metric.latest.timestamp for metric in self.metrics if hasattr(metric, "latest")]
        return max(found, default=None)

    @property
    def last_query(self) -> str:
        """The query string of the day up to the newest value."""
        if self.last_at is None:
            return ""
        asked = self.query.copy()
        for name in ("range", "page"):
            asked.pop(name, None)
        asked["start"] = _rfc3339(self.last_at - RANGES[DEFAULT_RANGE][1])
        # The window is half-open: a second more, for the newest value to be in it.
        asked["end"] = _rfc3339(self.last_at + RANGES["1h"][1] / 3600)
        return asked.urlencode()

    @cached_property
    def page_obj(self) -> Page:
        """The page of the table that was asked for, newest values first."""
        return Paginator(self._table(), ROWS_A_PAGE).get_page(self.query.get("page"))

    def _table(self) -> list[ValueRow]:
        columns = [dict(self._points(view)) for view in self.series]
        times = sorted(set().union(*columns), reverse=True)
        return [
            ValueRow(
                datetime.fromtimestamp(time / 1000, tz=timezone.get_default_timezone()),
                [
                    view.scale.number(column.get(time))
                    for view, column in zip(self.series, columns, strict=True)
                ],
            )
            for time in times
        ]

    def _points(self, view: SeriesView) -> list[tuple[Any, float]]:
        times = view.series.get("timestamps") or (self.answer or {}).get("timestamps") or []
        pairs = zip(times, view.series["values"], strict=True)
        return [(time, value) for time, value in pairs if value is not None]


def metric_panel(
    metric: Metric, request: HttpRequest, zone: ZoneInfo, now: datetime
) -> HistoryPanel:
    """The history of one Metric, in the colour of its energy carrier."""
    return HistoryPanel(
        [metric],
        request.GET,
        user=request.user,
        zone=zone,
        now=now,
        api_url=reverse("api:metric-timeseries", args=[metric.pk]),
        heading=metric.name,
        styles=[carrier(metric.device.kind)],
    )


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(timezone.get_default_timezone()).isoformat().replace("+00:00", "Z")
