"""Deleting the readings of a window: who may, what is left, and what is written down of it."""

import logging
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import time_machine

from energy.instants import to_micros
from history import get_store
from history.arrays import ReadingBatch
from metrics.models import Latest
from tests.support.factories import MetricFactory
from tests.support.readings import store_readings

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HALF = "start=2026-06-01T12:30:00Z&end=2026-06-01T13:00:00Z"


def store(metric, *values):
    """Store `values`, one a minute from noon on."""
    times = [to_micros(NOON + timedelta(minutes=index)) for index in range(len(values))]
    batch = ReadingBatch.of(np.full(len(values), metric.pk), times, values)
    store_readings(batch, now=NOON + timedelta(days=1))


def stored(metric):
    return get_store().read([metric.pk], 0, 2**62)[metric.pk].values.tolist()


@pytest.fixture(autouse=True)
def clock():
    """A day after the readings."""
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        yield


@pytest.fixture
def address(metric):
    return f"/api/v1/metrics/{metric.pk}/readings/"


@pytest.fixture
def client(api_client_for, technician):
    return api_client_for(technician)


@pytest.fixture
def page(client_for, technician, metric):
    """The page, as the technician."""
    client = client_for(technician)
    client.address = f"/metrics/{metric.pk}/readings/delete/"
    return client


class TestApi:
    def test_a_preview_counts_and_deletes_nothing(self, client, address, metric):
        store(metric, *range(60))
        assert client.get(f"{address}?{HALF}").json() == {
            "start": "2026-06-01T12:30:00Z",
            "end": "2026-06-01T13:00:00Z",
            "count": 30,
        }
        assert len(stored(metric)) == 60

    def test_the_readings_of_the_window_are_deleted_and_no_others(self, client, address, metric):
        other = MetricFactory(device=metric.device)
        store(metric, *range(61))
        store(other, *range(61))
        assert client.delete(f"{address}?{HALF}").json()["count"] == 30
        assert stored(metric) == [*range(30), 60]
        assert len(stored(other)) == 61

    def test_the_latest_value_moves_to_the_newest_that_is_left(self, client, address, metric):
        store(metric, *range(60))
        client.delete(f"{address}?{HALF}")
        latest = client.get(f"/api/v1/metrics/{metric.pk}/latest/").json()
        assert (latest["value"], latest["timestamp"]) == (29, "2026-06-01T12:29:00Z")

    def test_a_latest_value_outside_the_window_stays_as_it_is(self, client, address, metric):
        store(metric, *range(61))
        before = Latest.objects.values().get()
        client.delete(f"{address}?{HALF}")
        assert Latest.objects.values().get() == before

    def test_without_a_reading_left_there_is_no_latest_value(self, client, address, metric):
        store(metric, 1, 2)
        client.delete(f"{address}?start=2026-06-01&end=2026-06-02")
        assert not Latest.objects.exists()
        assert client.get(f"/api/v1/metrics/{metric.pk}/latest/").json()["state"] == "never"

    def test_what_was_deleted_can_be_stored_again(self, client, address, metric):
        store(metric, *range(60))
        client.delete(f"{address}?{HALF}")
        store(metric, *range(60))
        assert stored(metric) == list(range(60))
        assert Latest.objects.get().value == 59

    def test_a_date_is_the_sites_midnight(self, client, address, metric):
        answer = client.get(f"{address}?start=2026-06-01&end=2026-06-02").json()
        assert (answer["start"], answer["end"]) == ("2026-05-31T22:00:00Z", "2026-06-01T22:00:00Z")

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("", "start"),
            ("start=2026-06-01", "end"),
            ("end=2026-06-01", "start"),
            ("start=2026-06-02&end=2026-06-01", "start"),
            ("start=x&end=2026-06-01", "start"),
            (f"{HALF}&key=active_power", "key"),
        ],
    )
    @pytest.mark.parametrize("verb", ["get", "delete"])
    def test_a_window_must_be_said_whole(self, client, address, metric, verb, query, field):
        store(metric, 1)
        response = getattr(client, verb)(f"{address}?{query}")
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == field
        assert stored(metric) == [1]

    def test_who_did_it_is_logged(
        self, client, address, metric, technician, caplog, django_capture_on_commit_callbacks
    ):
        store(metric, *range(60))
        with (
            caplog.at_level(logging.INFO, "ingest.audit"),
            django_capture_on_commit_callbacks(execute=True),
        ):
            client.delete(f"{address}?{HALF}")
        whose = f"user={technician.pk} metric={metric.pk}"
        window = "start=2026-06-01T12:30:00+00:00 end=2026-06-01T13:00:00+00:00"
        assert caplog.messages == [f"readings deleted: {whose} {window} count=30"]


class TestPage:
    ASKED = {"start": "2026-06-01T14:30", "end": "2026-06-01T15:00"}  # Amsterdam is 2 h ahead

    def test_it_asks_for_a_window_first(self, page, metric):
        response = page.get(page.address)
        assert response.status_code == 200
        assert "Delete readings?" not in response.content.decode()

    def test_it_says_how_many_would_go(self, page, metric):
        store(metric, *range(60))
        text = page.get(page.address, self.ASKED).content.decode()
        assert "Delete 30 readings?" in text
        assert len(stored(metric)) == 60

    def test_the_button_deletes_them_and_tells_so(self, page, metric):
        store(metric, *range(60))
        response = page.post(page.address, self.ASKED, follow=True)
        assert response.redirect_chain == [(f"/metrics/{metric.pk}/", 302)]
        assert "30 readings of “Active power” were deleted." in response.content.decode()
        assert stored(metric) == list(range(30))

    def test_the_preview_names_the_window_to_the_instant(self, page, metric):
        store(metric, *range(60))
        text = page.get(page.address, {"start": "2026-06-01T12:30:00Z", "end": "2026-06-01T12:45Z"})
        assert 'value="2026-06-01T12:30:00+00:00"' in text.content.decode()

    def test_an_empty_window_has_nothing_to_delete(self, page, metric):
        text = page.get(page.address, self.ASKED).content.decode()
        assert "There are no readings" in text
        assert 'method="post"' not in text.partition("<main")[2].partition("</main")[0]

    def test_a_window_that_ends_before_it_starts_is_refused(self, page, metric):
        store(metric, *range(60))
        backwards = {"start": self.ASKED["end"], "end": self.ASKED["start"]}
        assert page.get(page.address, backwards).status_code == 400
        assert "must start before it ends" in page.post(page.address, backwards).content.decode()
        assert len(stored(metric)) == 60

    def test_the_metrics_page_leads_there_for_who_may(self, client_for, page, standard, metric):
        assert page.address in page.get(f"/metrics/{metric.pk}/").content.decode()
        text = client_for(standard).get(f"/metrics/{metric.pk}/").content.decode()
        assert page.address not in text
