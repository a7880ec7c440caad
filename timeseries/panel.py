"""The history of some Metrics on a page: chart, statistics and the same values as a table."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.urls import reverse

from devices.templatetags.kinds import carrier
from energy.errors import DomainError, HistoryAway
from metrics.models import Metric
from metrics.quantities import Scale, scale_for
from metrics.vocabulary import MetricType
from timeseries.answers import TimeSeries, answer
from timeseries.forms import AGGREGATES, RANGES, RESOLUTIONS
from timeseries.request import HistoryRequest
from timeseries.series_view import SeriesView

ROWS_A_PAGE = 25
SERIES_COLOURS = 8


class ValueRow(NamedTuple):
    """The values of all series at one time, written out."""

    at: datetime
    values: list[str]


class HistoryPanel:
    """The answer to what a page's query string asks of the history of `metrics`.

    `api_url` is where the chart fetches the same; `styles` are CSS classes that set the colours.
    """

    ranges = [(key, label) for key, (label, _) in RANGES.items()]

    def __init__(
        self,
        metrics: Sequence[Metric],
        request: HttpRequest,
        zone: ZoneInfo,
        now: datetime,
        *,
        api_url: str,
        heading: str,
        styles: Sequence[str],
    ) -> None:
        self.metrics = metrics
        self.user: Any = request.user
        self.api_url = api_url
        self.heading = heading
        self.styles = styles
        self.is_away = False
        self.asked = HistoryRequest(metrics, request.GET, self.user, zone, now)
        self.answer = self._answer()

    def _answer(self) -> TimeSeries | None:
        """None where nothing can be shown; why is an error of the form, or `is_away`."""
        if not self.asked.form.is_valid() or not self.metrics:
            return None
        try:
            return answer(self.metrics, self.asked.time_series_query(), self.asked.now)
        except HistoryAway:
            self.is_away = True
            return None
        except DomainError as error:
            known = error.field if error.field in self.asked.form.fields else None
            self.asked.form.add_error(known, error.message)
            return None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(view.known for view in self.series)

    @property
    def has_totals(self) -> bool:
        """Whether any of the series is the increase of a counter."""
        return any(view.total is not None for view in self.series)

    @property
    def in_words(self) -> str:
        """How readings were combined: "mean of every 5 minutes"."""
        if self.answer is None:
            return ""
        resolution, aggregate = self.answer["resolution"], self.answer["aggregate"]
        if resolution == "raw":
            return "every reading"
        combined = AGGREGATES[aggregate].lower() if aggregate else "values"
        return f"{combined} of every {RESOLUTIONS[resolution].removeprefix('1 ')}"

    @property
    def time_heading(self) -> str:
        """The head of the table's first column."""
        return "Measured" if self.answer and self.answer["resolution"] == "raw" else "From"

    @cached_property
    def series(self) -> list[SeriesView]:
        """The series in the order of the Metrics; one scale for all of one unit."""
        if self.answer is None:
            return []
        scales = self._scales()
        views = zip(self.metrics, self.styles, self.answer["series"], strict=True)
        return [
            SeriesView(metric, self._label(metric), css, scales[metric.unit], series)
            for metric, css, series in views
        ]

    def _scales(self) -> dict[str, Scale]:
        values: dict[str, list[float | None]] = {}
        for series in self.answer["series"] if self.answer else ():
            values.setdefault(series["unit"], []).extend(series["values"])
        kilo, room = self.user.units == "kilo", 1 if len(self.metrics) == 1 else 10
        return {
            unit: scale_for(unit, known, kilo=kilo, room=room) for unit, known in values.items()
        }

    def _label(self, metric: Metric) -> str:
        return metric.name if len(self.metrics) == 1 else f"{metric.device}: {metric.name}"

    @property
    def description(self) -> dict[str, Any]:
        """What the chart's script needs to fetch and draw the same."""
        return {
            "url": f"{self.api_url}?{urlencode(self.asked.api_parameters())}",
            "zone": self.asked.zone.key,
            "window": [moment.timestamp() for moment in self.asked.window],
            "series": [
                {
                    "metric": view.metric.pk,
                    "label": view.label,
                    "unit": view.scale.unit,
                    "divisor": view.scale.divisor,
                    "stepped": view.metric.type == MetricType.STATE,
                    "directions": view.directions,
                }
                for view in self.series
            ],
        }

    @property
    def exports(self) -> list[tuple[str, str]]:
        """(name, url) of the same history as a file; none where there is none."""
        if self.answer is None:
            return []
        address = self.api_url.removesuffix("timeseries/") + "export/"
        every = ("every reading as CSV", self.export_of(address))
        resolution = self.answer["resolution"]
        if resolution == "raw":
            return [every]
        return [("CSV as shown", self.export_of(address, resolution)), every]

    def export_of(self, address: str, resolution: str = "raw") -> str:
        """The export at `address` of the page's range, in the page's zone."""
        if self.answer is None:
            return f"{address}?format=csv"
        return f"{address}?{urlencode(self.asked.export_parameters(resolution))}"

    @property
    def last_at(self) -> datetime | None:
        """When the newest value of all was measured."""
        found: Any = [
            metric.latest.timestamp for metric in self.metrics if hasattr(metric, "latest")
        ]
        return max(found, default=None)

    @property
    def last_query(self) -> str:
        """The query string of the day up to the newest value."""
        return self.asked.up_to(self.last_at) if self.last_at else ""

    @cached_property
    def page_obj(self) -> Page:
        """The page of the table that was asked for, newest values first."""
        return Paginator(self._rows(), ROWS_A_PAGE).get_page(self.asked.query.get("page"))

    def _rows(self) -> list[ValueRow]:
        times: Any = self.answer and self.answer["timestamps"]
        columns = [view.points(times) for view in self.series]
        return [
            ValueRow(
                datetime.fromtimestamp(time / 1000, tz=UTC),
                [
                    view.scale.number(column.get(time))
                    for view, column in zip(self.series, columns, strict=True)
                ],
            )
            for time in sorted(set().union(*columns), reverse=True)
        ]


class HistoryPageMixin:
    """A page with a HistoryPanel as `panel` in its context."""

    def get_status(self, context: dict[str, Any]) -> int:
        return 400 if context["panel"].asked.form.errors else 200


def metric_panel(
    metric: Metric, request: HttpRequest, zone: ZoneInfo, now: datetime
) -> HistoryPanel:
    """The history of one Metric, in the colour of its energy carrier."""
    return HistoryPanel(
        [metric],
        request,
        zone,
        now,
        api_url=reverse("api:metric-timeseries", args=[metric.pk]),
        heading=metric.name,
        styles=[carrier(metric.device.kind)],
    )


def series_styles(count: int) -> list[str]:
    """The CSS classes of several series in one chart."""
    return [f"series-{index % SERIES_COLOURS}" for index in range(count)]
