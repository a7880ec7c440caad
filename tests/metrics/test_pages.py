"""The page of one Metric: newest value, chart, statistics and the values as a table."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.support.factories import DeviceFactory, MetricFactory
from tests.support.readings import store

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def measured(metric):
    """An hour of minutes up to noon: 0 W to 59,000 W."""
    start = NOON - timedelta(hours=1)
    store(metric, {start + timedelta(minutes=n): 1000.0 * n for n in range(60)})
    return metric


@pytest.fixture
def page_of(client_for, standard):
    """The page of a Metric at noon, as the standard user sees it."""

    def page_of(metric, query=""):
        with time_machine.travel(NOON, tick=False):
            return client_for(standard).get(f"/metrics/{metric.pk}/?{query}")

    return page_of


def rows(response):
    """(local time, values) of each row of the table."""
    panel = response.context["panel"]
    return [
        (row.at.astimezone(response.context["zone"]).strftime("%H:%M"), row.values)
        for row in panel.page_obj
    ]


def chart(response):
    """What the page gives to the chart's script."""
    pattern = r'<script id="chart-description" type="application/json">(.*?)</script>'
    return json.loads(re.search(pattern, response.content.decode(), re.DOTALL)[1])


def test_the_table_has_the_values_of_the_chart_newest_first(page_of, measured):
    response = page_of(measured, "range=1h&resolution=30m")

    assert [time for time, _ in rows(response)] == ["13:30", "13:00"]
    assert response.context["panel"].series[0].scale.unit == "kW"
    assert "mean of every 30 minutes" in response.content.decode()


def test_every_reading_can_be_listed_in_pages(page_of, measured):
    response = page_of(measured, "range=1h&resolution=raw&page=2")

    assert response.context["panel"].page_obj.paginator.count == 60
    assert rows(response)[0] == ("13:34", ["34.0"])
    assert "every reading" in response.content.decode()


def test_statistics_sum_up_the_range(page_of, measured):
    statistics = dict(page_of(measured, "range=1h").context["panel"].series[0].statistics)

    assert statistics["Minimum"] == 0.0
    assert statistics["Maximum"] == 59_000.0
    assert statistics["Mean"] == pytest.approx(29_500, rel=0.02)


def test_a_counter_shows_what_it_rose(page_of, device):
    counter = MetricFactory(device=device, key="consumption_energy", unit="Wh", type="counter")
    store(counter, {NOON - timedelta(minutes=n): 5_000.0 - 10.0 * n for n in range(50)})

    statistics = dict(page_of(counter, "range=1h").context["panel"].series[0].statistics)

    assert statistics["Increase"] == pytest.approx(490.0)


def test_a_range_of_ones_own_is_in_the_sites_time(page_of, measured):
    response = page_of(measured, "start=2026-06-01T13:10&end=2026-06-01T13:20&resolution=raw")

    assert [time for time, _ in rows(response)] == [f"13:{n}" for n in range(19, 9, -1)]


def test_the_zone_of_a_range_can_be_chosen(page_of, measured):
    response = page_of(
        measured, "start=2026-06-01T11:10&end=2026-06-01T11:12&resolution=raw&time_zone=UTC"
    )

    assert len(rows(response)) == 2


def test_a_link_with_offsets_means_the_same_everywhere(page_of, measured):
    response = page_of(
        measured, "start=2026-06-01T11:10:00Z&end=2026-06-01T11:12:00Z&resolution=raw"
    )

    assert len(rows(response)) == 2


def test_an_empty_range_leads_to_the_newest_value(page_of, measured):
    response = page_of(measured, "start=2020-01-01T00:00&end=2020-01-02T00:00")

    page = response.content.decode()
    assert "No values in this range" in page
    query = response.context["panel"].last_query
    assert page_of(measured, query).context["panel"].series[0].known


def test_a_metric_that_never_reported_says_so(page_of, metric):
    page = page_of(metric).content.decode()

    assert "Nothing was ever reported." in page
    assert "No data yet" in page


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("range=9x", "__all__"),
        ("start=yesterday", "start"),
        ("start=2026-06-02T00:00&end=2026-06-01T00:00", "start"),
        ("start=0001-01-01T00:00", "start"),
        ("resolution=2m", "resolution"),
        ("aggregate=median", "aggregate"),
        ("aggregate=increase", "aggregate"),
        ("resolution=raw&aggregate=max", "aggregate"),
        ("time_zone=Mars/Base", "time_zone"),
        ("start=2001-01-01T00:00&resolution=1m", "resolution"),
    ],
)
def test_what_is_wrong_with_a_request_is_named(page_of, measured, query, field):
    response = page_of(measured, query)

    assert response.status_code == 400
    assert field in response.context["panel"].form.errors
    assert 'role="alert"' in response.content.decode()


def test_the_chart_is_told_where_to_fetch_the_same(page_of, measured, client_for, standard):
    description = page_of(measured, "range=1h&resolution=5m").context["panel"].description

    answer = client_for(standard).get(description["url"]).json()
    assert answer["resolution"] == "5m"
    assert answer["series"][0]["metric"] == description["series"][0]["metric"] == measured.pk
    assert max(filter(None, answer["series"][0]["max"])) == 59_000.0


@pytest.mark.parametrize("query", ["resolution=1m", "resolution=raw", "aggregate=max", "range=7d"])
def test_the_page_has_the_values_that_the_api_answers(
    page_of, measured, client_for, standard, query
):
    description = chart(page_of(measured, f"range=1h&{query}"))

    answer = client_for(standard).get(description["url"]).json()
    [drawn], [series] = description["answer"]["series"], answer["series"]
    assert description["answer"]["timestamps"] == answer["timestamps"]
    assert drawn == {name: series[name] for name in series if name in drawn}
    assert ("min" in drawn) == ("min" in series)
    assert drawn["values"]


def test_a_chart_of_very_many_values_fetches_them(page_of, measured, monkeypatch):
    monkeypatch.setattr("timeseries.panel.MAX_NUMBERS_IN_PAGE", 2 * 60 - 1)

    assert "answer" not in chart(page_of(measured, "range=1h&resolution=raw"))


def test_what_a_metric_is_called_cannot_end_the_script(page_of, measured):
    measured.name = "</script><b>"
    measured.save()

    assert chart(page_of(measured))["series"][0]["label"] == "</script><b>"


def test_readings_are_counted_without_a_unit(page_of, measured):
    response = page_of(measured, "range=1h&resolution=30m&aggregate=count")

    assert response.context["panel"].series[0].scale.unit == ""
    assert [values for _, values in rows(response)] == [["30.0"], ["30.0"]]


def test_a_two_way_power_is_explained_in_words(page_of, site):
    meter = DeviceFactory(site=site, kind="grid_meter").metrics.get()
    store(meter, {NOON - timedelta(seconds=30): -64_900.0})

    page = page_of(meter).content.decode()

    assert "above zero importing, below exporting" in page
    assert "Exporting" in page


def test_a_stale_value_is_marked(client_for, standard, metric):
    store(metric, {timezone.now() - timedelta(hours=1): 5.0})

    page = client_for(standard).get(f"/metrics/{metric.pk}/").content.decode()

    assert "Stale" in page
    assert "1 h ago" in page


def test_a_metric_one_does_not_see_does_not_exist(client_for, technician, foreign_metric):
    assert client_for(technician).get(f"/metrics/{foreign_metric.pk}/").status_code == 404
    assert client_for(technician).get(f"/metrics/{10**30}/").status_code == 404
