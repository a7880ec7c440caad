"""How long a Metric was in each of its states, by `aggregate=duration`."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from energy.instants import to_micros
from history.arrays import ReadingBatch, Samples
from history.series import SampleSeries
from tests.support.factories import MetricFactory
from tests.support.readings import store_readings
from timeseries.durations import durations, known_seconds

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ASKED = "start=2026-06-01T12:00:00Z&end=2026-06-01T13:00:00Z&resolution=30m&aggregate=duration"
MINUTE = 60_000_000


@pytest.fixture
def state(device):
    return MetricFactory(device=device, key="operating_state", unit="1", type="state")


@pytest.fixture
def ask(api_client_for, standard, state):
    client = api_client_for(standard)
    return lambda query=ASKED: client.get(f"/api/v1/metrics/{state.pk}/timeseries/?{query}")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        yield


def store(metric, *values, every=1):
    """Store `values` from noon on, one every so many minutes."""
    times = [to_micros(NOON) + index * every * MINUTE for index in range(len(values))]
    store_readings(ReadingBatch.of(np.full(len(values), metric.pk), times, values), now=NOON)


def test_each_state_has_the_seconds_spent_in_it(ask, state):
    store(state, *[3] * 20, *[7] * 40)
    (series,) = ask().json()["series"]
    assert series["states"] == {"3": [1200, 0], "7": [600, 1800]}
    assert series["values"] == [1800, 1800]
    assert (series["unit"], series["aggregate"]) == ("s", "duration")


def test_a_state_is_held_into_the_next_bucket(ask, state):
    store(state, *[1] * 30, 2)
    (series,) = ask().json()["series"]
    assert series["states"] == {"1": [1800, 0], "2": [0, 300]}


def test_time_that_is_not_known_is_spent_in_no_state(ask, state):
    store(state, 3)
    (series,) = ask().json()["series"]
    assert series["values"] == [300, None]  # held for five intervals
    assert series["states"] == {"3": [300, None]}


def test_without_readings_there_are_no_states(ask, state):
    (series,) = ask().json()["series"]
    assert (series["states"], series["values"]) == ({}, [None, None])


def test_buckets_of_which_nothing_is_known_can_be_left_out(ask, state):
    store(state, 3)
    (series,) = ask(f"{ASKED}&fill=none").json()["series"]
    assert series["states"] == {"3": [300]}


def test_only_what_happened_in_the_window_counts_as_a_state(ask, state):
    store(state, *range(100, 105), every=-1)
    (series,) = ask().json()["series"]
    assert list(series["states"]) == ["100"]


@pytest.mark.parametrize(("count", "status"), [(32, 200), (33, 400)])
def test_more_than_32_states_are_refused(ask, state, count, status):
    store(state, *range(count))
    response = ask()
    assert response.status_code == status
    if status == 400:
        assert response.json()["errors"][0]["code"] == "too_many_states"


@pytest.mark.parametrize(
    ("query", "field"), [(f"{ASKED}&fill=previous", "fill"), (f"{ASKED}&fill=linear", "fill")]
)
def test_durations_are_not_made_up(ask, query, field):
    assert ask(query).json()["errors"][0]["field"] == field


def test_only_states_last(api_client_for, standard, metric):
    response = api_client_for(standard).get(f"/api/v1/metrics/{metric.pk}/timeseries/?{ASKED}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "not_a_state"


def test_a_file_cannot_have_them(api_client_for, standard, state):
    response = api_client_for(standard).get(f"/api/v1/metrics/{state.pk}/export/?{ASKED}")
    assert response.json()["errors"][0]["field"] == "aggregate"


@given(
    st.dictionaries(st.integers(-50, 250), st.integers(0, 5), max_size=40),
    st.lists(st.integers(0, 200), min_size=2, max_size=8, unique=True),
    st.integers(1, 20),
)
def test_the_states_of_a_bucket_add_up_to_its_known_seconds(readings, edges, interval):
    instants = np.array(sorted(readings), np.int64)
    samples = Samples(
        instants * MINUTE, np.array([readings[at] for at in instants.tolist()], float)
    )
    bounds = np.array(sorted(edges), np.int64) * MINUTE
    series = SampleSeries(samples, bounds, 5 * interval * MINUTE, known_until=180 * MINUTE)

    found = durations(series)

    seconds = known_seconds(series.coverage(), bounds)
    if found:
        assert sum(found.values()) == pytest.approx(seconds, abs=1e-3, nan_ok=True)
    for spent in found.values():
        assert np.all(np.isnan(spent) | (spent >= 0))
