"""The history of Metrics over a window, as plain values ready for JSON."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NotRequired, TypedDict, cast
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from energy.errors import DomainError
from energy.instants import from_micros, to_micros
from history import get_store
from history.arrays import Ints, Samples
from history.buckets import CALENDAR, Buckets, TooManyBucketsError, Window, divide, divide_finely
from history.store import Position
from metrics.models import Metric
from timeseries.cursors import read_cursor, write_cursor
from timeseries.durations import STATE
from timeseries.labels import Formatter, Labels, listed, milliseconds, rfc3339, rfc3339_local
from timeseries.queries import TimeSeriesQuery
from timeseries.summaries import Columns, Summary, aggregate_of, columns_of
from timeseries.windows import resolve_window, resolve_zone

MAX_RAW_POINTS = 100_000  # an answer; the rest is behind a cursor
MAX_BUCKETS = 100_000  # a series
MAX_BUCKETED_POINTS = 1_000_000  # an answer

_UNITS = {"count": "1", "duration": "s"}  # others have the Metric's

Numbers = list[float | None]
Instants = list[str] | list[int]
Encode = Callable[[Labels], Any]  # how arrays are put into the answer
EncodeArray = Callable[[NDArray[Any]], Any]


class About(TypedDict):
    """The Metric a series is of."""

    metric: int
    key: str
    name: str
    unit: str
    type: str
    device: int
    site: int
    aggregate: str | None


class Series(About):
    """One Metric's part of the answer; `timestamps` with raw values only.

    `states`, with durations only, has the seconds spent in each state.
    """

    values: Numbers
    coverage: Numbers | None
    timestamps: NotRequired[Instants]
    min: NotRequired[Numbers]
    max: NotRequired[Numbers]
    states: NotRequired[dict[str, Numbers]]


class Heading(TypedDict):
    """The window, as it was understood."""

    start: str | int
    end: str | int
    resolution: str
    time_zone: str


class TimeSeries(Heading):
    """The answer: all `values` align with `timestamps`, which is None when resolution is raw.

    `aggregate` is None when the Metrics' own ones differ; each series names its own.
    """

    aggregate: str | None
    truncated: bool
    next_cursor: str | None
    timestamps: Instants | None
    series: list[Series]


def answer(
    metrics: Sequence[Metric], query: TimeSeriesQuery, now: datetime, encode: Encode = listed
) -> TimeSeries:
    """The history of `metrics`, which the asker may see, with their Device and Site fetched.

    Nothing is known of the time after `now`. Raises DomainError naming the field at fault.
    """
    zone = resolve_zone(query.time_zone, metrics, query.own_time_zone)
    if query.resolution == "raw":
        return _raw(metrics, query, zone, now, encode)
    return _bucketed(metrics, query, zone, now, encode)


# Buckets ------------------------------------------------------------------------------------------


def _bucketed(
    metrics: Sequence[Metric],
    query: TimeSeriesQuery,
    zone: ZoneInfo,
    now: datetime,
    encode: Encode,
) -> TimeSeries:
    window = resolve_window(query.start, query.end, zone, now)
    resolution, buckets = _divided(window, query, zone, len(metrics))
    summaries = [
        Summary(metric, aggregate_of(metric, query.aggregate), buckets, to_micros(now))
        for metric in metrics
    ]
    columns = columns_of(summaries, envelope=query.envelope, fill=query.fill)
    starts = buckets.starts
    if query.fill == "none":
        starts, columns = _without_empty(starts, list(columns))
    aggregates = {summary.aggregate for summary in summaries}
    encode_coverage = _memoized(encode)
    return {
        **_heading(window, query, zone, resolution),
        "aggregate": aggregates.pop() if len(aggregates) == 1 else query.aggregate,
        "truncated": False,
        "next_cursor": None,
        "timestamps": encode(_format(query, zone, resolution)(starts)),
        "series": [
            _series(summary, column, encode, encode_coverage)
            for summary, column in zip(summaries, columns, strict=True)
        ],
    }


def _divided(
    window: Window, query: TimeSeriesQuery, zone: ZoneInfo, series: int
) -> tuple[str, Buckets]:
    budget = min(MAX_BUCKETS, MAX_BUCKETED_POINTS // max(series, 1))
    try:
        if query.resolution == "auto":
            return divide_finely(*window, zone, at_most=min(query.max_points, budget))
        return query.resolution, divide(*window, query.resolution, zone, at_most=budget)
    except TooManyBucketsError as error:
        field = "max_points" if query.resolution == "auto" else "resolution"
        message = f"{error} Ask for a shorter window, a coarser resolution or auto."
        raise DomainError(message, code="too_many_points", field=field) from error


def _series(
    summary: Summary, columns: Columns, encode: Encode, encode_coverage: EncodeArray
) -> Series:
    numbers: dict[str, object] = {}
    states: dict[str, object] = {}
    for name, column in columns.items():
        if name.startswith(STATE):
            states[name.removeprefix(STATE)] = encode(column)
        else:
            numbers[name] = (encode_coverage if name == "coverage" else encode)(column)
    if summary.aggregate == "duration":
        numbers["states"] = states
    return cast("Series", {**_about(summary.metric, summary.aggregate), **numbers})


def _without_empty(starts: Ints, columns: Sequence[Columns]) -> tuple[Ints, Iterator[Columns]]:
    """Leave out the buckets in which every series is empty."""
    filled = np.zeros(starts.size, bool)
    for column in columns:
        filled |= ~np.isnan(column["values"])
    return starts[filled], (
        {name: numbers[filled] for name, numbers in column.items()} for column in columns
    )


# Raw ----------------------------------------------------------------------------------------------


def _raw(
    metrics: Sequence[Metric],
    query: TimeSeriesQuery,
    zone: ZoneInfo,
    now: datetime,
    encode: Encode,
) -> TimeSeries:
    window, after = _position(query, zone, now)
    ids = [metric.pk for metric in metrics]
    page = get_store().read_page(ids, *window, after=after, limit=MAX_RAW_POINTS)
    found = [page.samples.get(metric.pk, Samples.empty()) for metric in metrics]
    encode_times = _memoized(lambda instants: encode(_format(query, zone)(instants)))
    return {
        **_heading(window, query, zone, "raw"),
        "aggregate": None,
        "truncated": page.position is not None,
        "next_cursor": write_cursor(window, page.position) if page.position else None,
        "timestamps": None,
        "series": [
            {
                **_about(metric, None),
                "timestamps": encode_times(samples.timestamps),
                "values": encode(samples.values),
                "coverage": None,
            }
            for metric, samples in zip(metrics, found, strict=True)
        ],
    }


def _position(
    query: TimeSeriesQuery, zone: ZoneInfo, now: datetime
) -> tuple[Window, Position | None]:
    """The window and where to go on in it; a cursor keeps the window its first page had."""
    if query.cursor is None:
        return resolve_window(query.start, query.end, zone, now), None
    window, after = read_cursor(query.cursor)
    repeated = resolve_window(
        query.start or from_micros(window.start), query.end or from_micros(window.end), zone, now
    )
    if repeated != window:
        message = "The cursor belongs to another window: repeat start and end, or leave them out."
        raise DomainError(message, code="contradiction", field="cursor")
    return window, after


# Both ---------------------------------------------------------------------------------------------


def _heading(window: Window, query: TimeSeriesQuery, zone: ZoneInfo, resolution: str) -> Heading:
    start, end = listed(_format(query, zone)(np.array(window)))
    return {"start": start, "end": end, "resolution": resolution, "time_zone": zone.key}


def _format(query: TimeSeriesQuery, zone: ZoneInfo, resolution: str = "raw") -> Formatter:
    """How instants are named: days and longer by the local clock they begin at."""
    if query.time_format == "ms":
        return milliseconds
    return partial(rfc3339_local, zone=zone) if resolution in CALENDAR else rfc3339


def _memoized(encode: EncodeArray) -> EncodeArray:
    """Encode equal arrays once: most Metrics are measured at the same moments, without a gap."""
    known: dict[bytes, Any] = {}

    def encode_once(numbers: NDArray[Any]) -> Any:
        key = numbers.tobytes()
        if key not in known:
            known[key] = encode(numbers)
        return known[key]

    return encode_once


def _about(metric: Metric, aggregate: str | None) -> About:
    return {
        "metric": metric.pk,
        "key": metric.key,
        "name": metric.name,
        "unit": _UNITS.get(aggregate or "", metric.unit),
        "type": metric.type,
        "device": metric.device_id,
        "site": metric.device.site_id,
        "aggregate": aggregate,
    }
