"""The history of some Metrics on a page: chart, statistics and the same values as a table."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.urls import reverse

from devices.templatetags.kinds import carrier
from energy.errors import DomainError, HistoryAway
from energy.pages import page_of
from metrics.models import Metric
from metrics.quantities import Scale, scale_for
from timeseries.answers import answer
from timeseries.forms import (
    AGGREGATES,
    HISTORY_PARAMETERS,
    RANGES,
    RESOLUTIONS,
    HistoryForm,
)
from timeseries.series_view import SeriesView

ROWS_A_PAGE = 25
SERIES_COLOURS = 8
# About 300 kB of JSON; a chart of more fetches it, and the page is there meanwhile.
MAX_NUMBERS_IN_PAGE = 20_000


class ValueRow(NamedTuple):
    """The values of all series at one time, written out."""

    at: datetime
    values: list[str]


class HistoryPanel:
    """The history of `metrics` that a page's query string asks for.

    `api_url` is where the API answers the same; `styles` are CSS classes that set the colours.
    `answer` is None where nothing can be shown; why is an error of `form`, or `is_away`.
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
        self.form = HistoryForm(request.GET, metrics, self.user, zone, now)
        self.answer = self._answer(now)

    def _answer(self, now: datetime) -> Any:
        if not self.form.is_valid() or not self.metrics:
            return None
        try:
            return answer(self.metrics, self.form.time_series_query(), now, np.asarray)
        except HistoryAway:
            self.is_away = True
        except DomainError as error:
            known = error.field if error.field in self.form.fields else None
            self.form.add_error(known, error.message)
        return None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(len(view.known) for view in self.series)

    @property
    def has_totals(self) -> bool:
        """Whether any of the series has a total: a counter, or intervals."""
        return any(view.total is not None for view in self.series)

    @property
    def is_raw(self) -> bool:
        """Whether single readings are shown."""
        return self.answer is not None and self.answer["resolution"] == "raw"

    @property
    def in_words(self) -> str:
        """How readings were combined: "mean of every 5 minutes"."""
        if self.answer is None:
            return ""
        if self.is_raw:
            return "every reading"
        resolution, aggregate = self.answer["resolution"], self.answer["aggregate"]
        combined = AGGREGATES[aggregate].lower() if aggregate else "values"
        return f"{combined} of every {RESOLUTIONS[resolution].removeprefix('1 ')}"

    @property
    def time_heading(self) -> str:
        """The head of the table's first column."""
        return "Measured" if self.is_raw else "From"

    @cached_property
    def series(self) -> list[SeriesView]:
        """The series in the order of the Metrics; one scale for all of one unit."""
        if self.answer is None:
            return []
        scales, times = self._scales(), self.answer["timestamps"]
        return [
            SeriesView(
                metric=metric,
                label=metric.name if len(self.metrics) == 1 else f"{metric.device}: {metric.name}",
                css=css,
                scale=scales[series["unit"]],
                series=series,
                times=series.get("timestamps", times),
            )
            for metric, css, series in zip(
                self.metrics, self.styles, self.answer["series"], strict=True
            )
        ]

    def _scales(self) -> dict[str, Scale]:
        largest: dict[str, list[float | None]] = {}
        for series in self.answer["series"]:
            size = np.fmax.reduce(np.abs(series["values"]), initial=0.0)
            largest.setdefault(series["unit"], []).append(float(size))
        kilo, room = self.user.units == "kilo", 1 if len(self.metrics) == 1 else 10
        return {
            unit: scale_for(unit, sizes, kilo=kilo, room=room) for unit, sizes in largest.items()
        }

    @property
    def description(self) -> dict[str, Any]:
        """What the chart's script draws: the answer itself, or where to fetch a larger one."""
        envelope = "true" if self.form.draws_envelope else ""
        query = self.form.query_string(envelope=envelope, time_format="ms")
        drawn = self._drawn()
        size = sum(numbers.size for series in drawn["series"] for numbers in series.values())
        return {
            "url": f"{self.api_url}?{query}",
            "zone": self.form.zone.key,
            "window": [moment.timestamp() for moment in self.form.window],
            "series": [view.description for view in self.series],
            **({"answer": drawn} if size <= MAX_NUMBERS_IN_PAGE else {}),
        }

    def _drawn(self) -> dict[str, Any]:
        """The part of the answer that is drawn."""
        names = ("timestamps", "values", *(("min", "max") if self.form.draws_envelope else ()))
        return {
            "timestamps": self.answer["timestamps"],
            "series": [
                {name: view.series[name] for name in names if name in view.series}
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
        if self.is_raw:
            return [every]
        return [("CSV as shown", self.export_of(address, self.answer["resolution"])), every]

    def export_of(self, address: str, resolution: str = "raw") -> str:
        """The export at `address` of the page's range, in the page's zone, as Excel opens it."""
        if self.answer is None:
            return f"{address}?format=csv&bom=true"
        return f"{address}?{self.form.query_string(resolution, format='csv', bom='true')}"

    @property
    def last_at(self) -> datetime | None:
        """When the newest value of all was measured."""
        times: Any = [
            metric.latest.timestamp for metric in self.metrics if hasattr(metric, "latest")
        ]
        return max(times, default=None)

    @property
    def last_query(self) -> str:
        """The query string of the day up to the newest value."""
        return self.form.query_string_up_to(self.last_at) if self.last_at else ""

    @cached_property
    def page_obj(self) -> Page:
        """The page of the table that was asked for, newest values first."""
        times = np.concatenate([view.known.timestamps for view in self.series])
        # A few sorted runs: a hundred times as fast as `np.unique`, which hashes every one.
        times.sort(kind="stable")
        is_first = np.diff(times, prepend=times[:1] - 1) > 0
        page, _ = page_of(Paginator(times[is_first][::-1], ROWS_A_PAGE), self.form.query)
        page.object_list = [self._row(int(time)) for time in page]
        return page

    @property
    def page_fault(self) -> str:
        """What is wrong with the page of the table that was asked for."""
        rows = [] if self.is_empty else self.page_obj.paginator.object_list
        return page_of(Paginator(rows, ROWS_A_PAGE), self.form.query)[1]

    def _row(self, time: int) -> ValueRow:
        at = datetime.fromtimestamp(time / 1000, tz=UTC)
        return ValueRow(at, [view.number_at(time) for view in self.series])


class HistoryPageMixin:
    """A page with a HistoryPanel as `panel` in its context."""

    def known_parameters(self) -> set[str]:
        return super().known_parameters() | HISTORY_PARAMETERS  # type: ignore[misc]

    def get_faults(self, context: dict[str, Any]) -> list[str]:
        faults = super().get_faults(context)  # type: ignore[misc]
        return [*faults, *filter(None, [context["panel"].page_fault])]

    def get_status(self, context: dict[str, Any]) -> int:
        return 400 if context["panel"].form.errors else 200


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
