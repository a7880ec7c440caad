"""The history of Metrics as it is answered: windows, buckets, fills, pages."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from typing import Any

import msgspec
import numpy as np
import pytest

from energy.errors import DomainError
from energy.instants import to_micros
from history import get_store
from history.arrays import ReadingBatch
from metrics.models import Metric
from metrics.vocabulary import MetricType
from tests.support.factories import DeviceFactory, MetricFactory, SiteFactory
from timeseries import answers, fills
from timeseries.answers import TimeSeries
from timeseries.queries import TimeSeriesQuery

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

# On every engine: what is answered must not depend on where history is kept.
pytestmark = pytest.mark.usefixtures("store")

Readings = Sequence[tuple[float, float]]
Stored = Callable[..., None]


def store(metric: Metric, readings: Readings, start: datetime = START) -> None:
    """Store (minute, value) pairs from `start` on."""
    minutes, values = zip(*readings, strict=True)
    timestamps = to_micros(start) + (np.array(minutes) * 60_000_000).astype(np.int64)
    get_store().append(ReadingBatch.of(np.full(len(values), metric.pk), timestamps, values))


def ask(*metrics: Metric, now: datetime = NOW, **query: Any) -> TimeSeries:
    """The answer for the hour from START on, unless the query says otherwise."""
    query = {"start": START, "end": START + HOUR, "resolution": "15m"} | query
    fetched = Metric.objects.select_related("device__site").in_bulk([m.pk for m in metrics])
    return answers.answer([fetched[m.pk] for m in metrics], TimeSeriesQuery(**query), now)


def ask_values(*metrics: Metric, **query: Any) -> list[float | None]:
    return ask(*metrics, **query)["series"][0]["values"]


def refused_field(**query: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        ask(**query)
    return refusal.value.field


def with_readings(metric: Metric) -> Metric:
    """A value a minute, equal to the minute, but for the third quarter of the first hour."""
    store(metric, [(m, m) for m in range(60) if not 30 <= m < 45])
    return metric


@pytest.fixture
def counter(metric: Metric) -> Metric:
    return MetricFactory(
        device=metric.device, key="import_energy", unit="Wh", type=MetricType.COUNTER
    )


class TestBuckets:
    def test_the_answer_says_what_was_asked_and_of_what(self, metric: Metric) -> None:
        answer = ask(with_readings(metric), aggregate="max")

        assert {k: v for k, v in answer.items() if k != "series"} == {
            "start": "2026-01-01T00:00:00Z",
            "end": "2026-01-01T01:00:00Z",
            "resolution": "15m",
            "aggregate": "max",
            "time_zone": "Europe/Amsterdam",
            "truncated": False,
            "next_cursor": None,
            "timestamps": [f"2026-01-01T00:{minute}:00Z" for minute in ("00", "15", "30", "45")],
        }
        assert answer["series"] == [
            {
                "metric": metric.pk,
                "key": "active_power",
                "name": "Active power",
                "unit": "W",
                "type": "gauge",
                "device": metric.device_id,
                "site": metric.device.site_id,
                "aggregate": "max",
                "values": [14, 29, None, 59],
                "coverage": [1, 1, 0.2667, 1],
            }
        ]

    @pytest.mark.parametrize(
        ("aggregate", "values"),
        [
            ("mean", [7, 22, 29, 52]),
            ("min", [0, 15, None, 45]),
            ("sum", [105, 330, None, 780]),
            ("count", [15, 15, None, 15]),
            ("first", [0, 15, None, 45]),
            ("last", [14, 29, None, 59]),
        ],
    )
    def test_every_aggregate_is_of_the_bucket_alone(
        self, metric: Metric, aggregate: str, values: list[float | None]
    ) -> None:
        assert ask_values(with_readings(metric), aggregate=aggregate) == values

    def test_gauges_are_averaged_counters_increase_states_last(
        self, metric: Metric, counter: Metric
    ) -> None:
        state = MetricFactory(device=metric.device, type=MetricType.STATE)
        for each in (metric, counter, state):
            store(each, [(minute, minute) for minute in range(61)])

        answer = ask(metric, counter, state, resolution="1h")

        assert answer["aggregate"] is None
        assert [(s["aggregate"], s["values"]) for s in answer["series"]] == [
            ("mean", [29.5]),
            ("increase", [60]),
            ("last", [59]),
        ]

    def test_only_readings_inside_a_window_that_is_not_aligned_count(self, metric: Metric) -> None:
        window = {"start": START + timedelta(minutes=10), "end": START + timedelta(minutes=50)}

        answer = ask(with_readings(metric), **window, aggregate="count")

        assert answer["timestamps"] == [
            f"2026-01-01T00:{minute}:00Z" for minute in ("00", "15", "30", "45")
        ]
        assert answer["series"][0]["values"] == [5, 15, None, 5]
        assert answer["series"][0]["coverage"] == [1, 1, 0.2667, 1]

    def test_an_envelope_adds_the_least_and_the_greatest(self, metric: Metric) -> None:
        (series,) = ask(with_readings(metric), envelope=True)["series"]

        assert series["values"] == [7, 22, 29, 52]
        assert series["min"] == [0, 15, None, 45]
        assert series["max"] == [14, 29, None, 59]

    def test_wind_directions_are_averaged_around_the_circle(self, metric: Metric) -> None:
        direction = MetricFactory(device=metric.device, key="wind_direction", unit="°")
        store(direction, [(minute, 350 if minute % 2 else 20) for minute in range(60)])

        assert ask_values(direction, resolution="1h") == [pytest.approx(5)]

    def test_the_energy_of_a_glitch_does_not_exist(self, counter: Metric) -> None:
        counter.device.rated_power = 5_000
        counter.device.save()
        readings = [(minute, 1_000_000 + minute * 50) for minute in range(61)]
        readings[20] = (20, 0)
        readings[40] = (40, 4e9)
        store(counter, readings)

        assert ask_values(counter, resolution="1h") == [3000]

    def test_nothing_is_known_of_the_future(self, metric: Metric) -> None:
        store(metric, [(minute, 5) for minute in range(20)])

        (series,) = ask(metric, now=START + timedelta(minutes=20), fill="previous")["series"]

        assert series["values"] == [5, 5, None, None]
        assert series["coverage"] == [1, 0.3333, 0, 0]

    def test_days_are_those_of_the_site_and_labelled_by_its_clocks(self, counter: Metric) -> None:
        store(counter, [(minute, minute) for minute in range(0, 5 * 24 * 60, 60)],
              datetime(2026, 3, 27, 23, tzinfo=UTC))  # fmt: skip
        window = {"start": date(2026, 3, 28), "end": date(2026, 3, 31)}

        answer = ask(counter, **window, resolution="1d")

        assert answer["start"] == "2026-03-27T23:00:00Z"
        assert answer["timestamps"] == [
            "2026-03-28T00:00:00+01:00",
            "2026-03-29T00:00:00+01:00",
            "2026-03-30T00:00:00+02:00",
        ]
        assert answer["series"][0]["values"] == [24 * 60, 23 * 60, 24 * 60]

    def test_days_of_another_zone_may_be_asked_for(self, metric: Metric) -> None:
        answer = ask(
            metric,
            start=date(2026, 1, 1),
            end=date(2026, 1, 3),
            resolution="1d",
            time_zone="Asia/Kathmandu",
        )

        assert answer["time_zone"] == "Asia/Kathmandu"
        assert answer["timestamps"] == ["2026-01-01T00:00:00+05:45", "2026-01-02T00:00:00+05:45"]

    def test_where_sites_differ_the_days_are_the_askers(self, metric: Metric) -> None:
        elsewhere = DeviceFactory(site=SiteFactory(time_zone="Asia/Tokyo")).metrics.get()

        answer = ask(metric, elsewhere, own_time_zone="America/New_York")

        assert answer["time_zone"] == "America/New_York"

    def test_timestamps_may_be_milliseconds(self, metric: Metric) -> None:
        answer = ask(metric, resolution="1h", time_format="ms")

        assert answer["timestamps"] == [1_767_225_600_000]
        assert answer["end"] == 1_767_229_200_000

    def test_the_answer_is_ready_for_json(self, metric: Metric) -> None:
        answer = ask(with_readings(metric), envelope=True)

        assert msgspec.json.decode(msgspec.json.encode(answer)) == answer

    def test_many_metrics_are_answered_in_the_order_given(self, metric: Metric) -> None:
        kinds = islice(cycle([("gauge", "W"), ("counter", "Wh"), ("state", "1")]), 140)
        metrics = [MetricFactory(device=metric.device, type=each, unit=u) for each, u in kinds]
        for each in metrics:
            counted = [(4, 0), (5, each.pk), (6, each.pk)]  # which the last one confirms
            store(each, counted if each.type == "counter" else [(5, each.pk)])

        answer = ask(*metrics[::-1], resolution="1h")

        found = [(series["metric"], series["values"]) for series in answer["series"]]
        assert found == [(each.pk, [each.pk]) for each in metrics[::-1]]

    @pytest.mark.parametrize("query", [{}, {"fill": "none"}, {"resolution": "raw"}])
    def test_no_metrics_are_no_series(self, db: None, query: dict[str, Any]) -> None:
        answer = answers.answer([], TimeSeriesQuery(**query), NOW)

        assert answer["series"] == []
        assert answer["time_zone"] == "UTC"

    @pytest.mark.parametrize("resolution", ["15m", "raw"])
    def test_the_number_of_queries_does_not_grow_with_the_metrics(
        self, metric: Metric, resolution: str, django_assert_max_num_queries: Any
    ) -> None:
        metrics = [MetricFactory(device=metric.device) for _ in range(30)]
        query = TimeSeriesQuery(resolution=resolution)
        for some in (metrics[:1], metrics):
            fetched = Metric.objects.select_related("device__site").in_bulk([m.pk for m in some])
            with django_assert_max_num_queries(6):
                answers.answer(list(fetched.values()), query, NOW)


class TestWindow:
    def test_it_is_the_last_day_by_default(self, metric: Metric) -> None:
        answer = ask(metric, start=None, end=None)

        assert (answer["start"], answer["end"]) == ("2026-05-31T00:00:00Z", "2026-06-01T00:00:00Z")

    def test_it_is_the_day_before_an_end_given_alone(self, metric: Metric) -> None:
        answer = ask(metric, start=None, end=START)

        assert (answer["start"], answer["end"]) == ("2025-12-31T00:00:00Z", "2026-01-01T00:00:00Z")

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"start": START + HOUR}, "start"),
            ({"end": START}, "start"),
            ({"start": datetime(2026, 1, 1)}, "start"),  # noqa: DTZ001
            ({"end": datetime(2026, 1, 1, 2)}, "end"),  # noqa: DTZ001
            ({"start": date.min}, "start"),
            ({"end": datetime.max.replace(tzinfo=UTC)}, "end"),
            ({"time_zone": "Mars/Olympus_Mons"}, "time_zone"),
            ({"time_zone": "../etc/passwd"}, "time_zone"),
            ({"time_zone": ""}, "time_zone"),
            ({"resolution": "2h"}, "resolution"),
            ({"aggregate": "median"}, "aggregate"),
            ({"fill": "zero"}, "fill"),
            ({"time_format": "unix"}, "time_format"),
            ({"max_points": 0}, "max_points"),
            ({"max_points": 10_001}, "max_points"),
            ({"cursor": "abc"}, "cursor"),
            ({"resolution": "raw", "cursor": "abc"}, "cursor"),
            ({"resolution": "raw", "cursor": ""}, "cursor"),
            ({"resolution": "raw", "aggregate": "mean"}, "aggregate"),
            ({"resolution": "raw", "envelope": True}, "envelope"),
            ({"resolution": "raw", "fill": "none"}, "fill"),
            ({"resolution": "1m", "start": date(1900, 1, 1)}, "resolution"),
            ({"resolution": "auto", "start": date(1900, 1, 1), "max_points": 5}, "max_points"),
        ],
    )
    def test_what_makes_no_sense_is_refused_by_name(
        self, db: None, query: dict[str, Any], field: str
    ) -> None:
        assert refused_field(**query) == field

    def test_the_increase_of_what_is_no_counter_is_refused(self, metric: Metric) -> None:
        with pytest.raises(DomainError, match="active_power") as refusal:
            ask(metric, aggregate="increase")

        assert refusal.value.field == "aggregate"


class TestAuto:
    @pytest.mark.parametrize(
        ("max_points", "resolution", "count"), [(1_000, "5m", 288), (100, "15m", 96), (1, "1d", 1)]
    )
    def test_it_is_the_finest_resolution_within_the_budget(
        self, metric: Metric, max_points: int, resolution: str, count: int
    ) -> None:
        window = {"start": date(2026, 1, 1), "end": date(2026, 1, 2)}

        answer = ask(metric, **window, resolution="auto", max_points=max_points)

        assert answer["resolution"] == resolution
        assert len(answer["timestamps"] or ()) == count


class TestFill:
    GAPS = ((5, 10), (50, 40))

    @pytest.mark.parametrize(
        ("fill", "expected"),
        [
            ("null", [10, None, None, 40]),
            ("previous", [10, 10, 10, 40]),
            ("linear", [10, 20, 30, 40]),
            ("none", [10, 40]),
        ],
    )
    def test_empty_buckets_are_filled_as_asked(
        self, metric: Metric, fill: str, expected: list[float | None]
    ) -> None:
        store(metric, self.GAPS)

        assert ask_values(metric, fill=fill) == expected

    def test_none_leaves_out_what_is_empty_in_every_series(self, metric: Metric) -> None:
        other = MetricFactory(device=metric.device)
        store(metric, self.GAPS)
        store(other, [(20, 1)])

        answer = ask(metric, other, fill="none", envelope=True)

        assert answer["timestamps"] == [f"2026-01-01T00:{m}:00Z" for m in ("00", "15", "45")]
        assert [series["values"] for series in answer["series"]] == [
            [10, None, 40],
            [None, 1, None],
        ]
        assert [len(series["coverage"] or ()) for series in answer["series"]] == [3, 3]
        assert answer["series"][1]["max"] == [None, 1, None]

    def test_previous_carries_on_what_stood_before_the_window(self, metric: Metric) -> None:
        store(metric, [(-600, 3), (20, 7)])

        assert ask_values(metric, fill="previous") == [3, 7, 7, 7]

    def test_previous_makes_no_energy_up_from_before_the_window(self, counter: Metric) -> None:
        store(counter, [(-600, 3), (-590, 7)])

        assert ask_values(counter, fill="previous") == [None] * 4

    def test_directions_are_filled_the_shorter_way_round(self) -> None:
        values = np.array([np.nan, 350, np.nan, 10, np.nan])

        filled = fills.linear(values, np.arange(5), circular=True)

        assert filled.tolist() == pytest.approx([np.nan, 350, 0, 10, np.nan], nan_ok=True)


class TestRaw:
    def test_each_series_has_its_own_timestamps(self, metric: Metric) -> None:
        other = MetricFactory(device=metric.device)
        store(metric, [(0, 1), (1.5, 2), (60, 3)])

        answer = ask(other, metric, resolution="raw")

        assert answer["timestamps"] is None
        assert answer["aggregate"] is None
        assert [s["timestamps"] for s in answer["series"]] == [
            [],
            ["2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z"],
        ]
        assert [s["values"] for s in answer["series"]] == [[], [1, 2]]

    def test_pages_go_on_by_cursor_in_the_window_of_the_first(
        self, metric: Metric, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(answers, "MAX_RAW_POINTS", 2)
        now = START + HOUR
        store(metric, [(minute, minute) for minute in range(4)])
        first = ask(metric, resolution="raw", start=None, end=None, now=now)
        store(metric, [(3.5, 3.5), (90, 90)])

        later = {"now": now + 2 * HOUR, "cursor": first["next_cursor"], "start": None, "end": None}
        second = ask(metric, resolution="raw", **later)

        assert first["truncated"]
        assert first["series"][0]["values"] == [0, 1]
        assert second["series"][0]["values"] == [2, 3]
        assert (second["start"], second["end"]) == (first["start"], first["end"])
        third = ask(metric, resolution="raw", **later | {"cursor": second["next_cursor"]})
        assert third["series"][0]["values"] == [3.5]
        assert (third["truncated"], third["next_cursor"]) == (False, None)

    def test_a_cursor_may_come_with_its_own_window_but_with_no_other(
        self, metric: Metric, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(answers, "MAX_RAW_POINTS", 1)
        store(metric, [(0, 1), (1, 2)])
        cursor = ask(metric, resolution="raw")["next_cursor"]

        assert ask_values(metric, resolution="raw", cursor=cursor) == [2]
        assert refused_field(resolution="raw", cursor=cursor, end=NOW) == "cursor"
        assert refused_field(resolution="raw", cursor=f"{cursor}x") == "cursor"
