"""A Metric whose readings are amounts of intervals, over HTTP, on every engine."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from history.store import HistoryStore
from metrics.models import Metric
from sites.models import Site
from tests.support.factories import MetricFactory
from tests.support.readings import store as send

DAY = datetime(2026, 6, 1, tzinfo=UTC)
NOW = DAY + timedelta(days=5)


@pytest.fixture
def meter(store: HistoryStore, site: Site) -> Metric:
    """Three days of 1.5 kWh each half hour from a quarter past midnight on, one missing."""
    metric: Metric = MetricFactory(
        device__site=site,
        device__kind="grid_meter",
        key="import_energy",
        unit="kWh",
        type="interval",
        expected_interval=1_800,
    )
    times = [DAY + timedelta(minutes=15 + 30 * n) for n in range(144) if n != 60]
    with time_machine.travel(NOW, tick=False):
        send(metric, dict.fromkeys(times, 1.5), now=NOW)
    return metric


@pytest.fixture
def series(api_client_for: Any, technician: Any, meter: Metric) -> Any:
    """What the API answers of the meter in a window, as (aggregate, values, coverage)."""

    def series(start: datetime, end: datetime, resolution: str, **query: str) -> Any:
        url = f"/api/v1/metrics/{meter.pk}/timeseries/"
        asked = {"start": start.isoformat(), "end": end.isoformat(), "resolution": resolution}
        with time_machine.travel(NOW, tick=False):
            answer = api_client_for(technician).get(url, asked | {"time_zone": "UTC"} | query)
        assert answer.status_code == 200, answer.content
        (only,) = answer.json()["series"]
        return only["aggregate"], only["values"], only["coverage"]

    return series


def test_by_default_amounts_are_added_up_and_shared_out_by_time(series: Any) -> None:
    found = series(DAY, DAY + timedelta(hours=1), "15m")
    assert found == ("sum", [None, 0.75, 0.75, 0.75], [0, 1, 1, 1])


@pytest.mark.parametrize(
    ("start", "minutes", "amount"),
    [(0, 1440, 71.25), (20, 10, 0.5), (15, 30, 1.5), (14, 1, None), (1439, 2, 0.1), (29, 2, 0.1)],
)
def test_a_window_takes_its_share_of_the_intervals_at_its_edges(
    series: Any, start: int, minutes: int, amount: float | None
) -> None:
    since = DAY + timedelta(minutes=start)
    _, values, _ = series(since, since + timedelta(minutes=minutes), "1d")
    known = [value for value in values if value is not None]
    assert (sum(known) if known else None) == (amount and pytest.approx(amount))


def test_a_correction_of_a_day_that_is_past_counts_at_once(series: Any, meter: Metric) -> None:
    with time_machine.travel(NOW, tick=False):
        send(meter, {DAY + timedelta(minutes=45): 4.5}, now=NOW)
    found = series(DAY, DAY + timedelta(hours=2), "1h")
    assert found == (
        "sum",
        [pytest.approx(3.75), pytest.approx(4.5)],
        [0.75, 1],
    )


def test_a_missing_interval_is_not_covered(series: Any) -> None:
    missing = DAY + timedelta(hours=30)
    assert series(missing, missing + timedelta(hours=1), "1h") == ("sum", [1.5], [0.5])


@pytest.mark.parametrize("resolution", ["15m", "1h", "6h", "1d"])
def test_the_buckets_of_a_window_add_up_to_it(series: Any, resolution: str) -> None:
    _, values, _ = series(DAY, DAY + timedelta(days=4), resolution)
    assert sum(value for value in values if value) == pytest.approx(143 * 1.5)


def test_each_day_asked_alone_adds_up_to_all(series: Any) -> None:
    days = [series(DAY + timedelta(days=n), DAY + timedelta(days=n + 1), "1d") for n in range(4)]
    assert [values for _, values, _ in days] == [[71.25], [70.5], [72.0], [0.75]]


@pytest.mark.parametrize("aggregate", ["mean", "min", "max", "last"])
def test_a_reading_stands_for_its_interval_alone(series: Any, aggregate: str) -> None:
    missing = DAY + timedelta(hours=30)
    _, values, coverage = series(missing, missing + timedelta(hours=1), "1h", aggregate=aggregate)
    assert (values, coverage) == ([1.5], [0.5])


def test_the_page_tells_the_sum(client_for: Any, standard: Any, meter: Metric) -> None:
    with time_machine.travel(NOW, tick=False):
        window = "start=2026-06-02T00:00:00Z&end=2026-06-03T00:00:00Z"
        page = client_for(standard).get(f"/metrics/{meter.pk}/?{window}")
    assert dict(page.context["panel"].series[0].statistics)["Sum"] == pytest.approx(70.5)


def test_figures_take_it_as_they_take_a_counter(
    api_client_for: Any, technician: Any, site: Site, meter: Metric
) -> None:
    with time_machine.travel(NOW, tick=False):
        url = f"/api/v1/sites/{site.pk}/overview/"
        answer = api_client_for(technician).get(url, {"period": "2026-06-03"}).json()
    assert answer["grid_import_energy"]["value"] == pytest.approx(72_000)
    assert answer["grid_import_energy"]["coverage"] == 1
