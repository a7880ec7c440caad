"""The hour that clocks show twice when they are set back: which of the two, in tables and forms."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from history import get_store
from metrics.models import Metric
from tests.support.readings import store

# On this night Amsterdam's clocks showed 02:30 at 00:30 and again at 01:30 UTC.
FIRST = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
SECOND = FIRST + timedelta(hours=1)
SHOWN = "2025-10-26T02:30"


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """Two days after that night."""
    with time_machine.travel(FIRST + timedelta(days=2), tick=False) as moved:
        yield moved


@pytest.fixture
def client(client_for: Callable[[User], Client], technician: User) -> Client:
    return client_for(technician)


@pytest.fixture
def night(metric: Metric) -> Metric:
    """The Metric with a reading every half hour from midnight to 04:30 on its clocks."""
    start = FIRST - timedelta(hours=2, minutes=30)
    store(metric, {start + n * timedelta(minutes=30): float(n) for n in range(12)})
    return metric


def left(metric: Metric) -> list[float]:
    return get_store().read([metric.pk], 0, 2**62)[metric.pk].values.tolist()


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


# Tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("resolution", ["raw", "30m"])
def test_the_table_of_values_tells_the_two_hours_apart(
    client: Client, night: Metric, resolution: str
) -> None:
    asked = {"start": "2025-10-26T00:00", "end": "2025-10-26T05:00", "resolution": resolution}
    page = text_of(client.get(f"/metrics/{night.pk}/", asked))
    times = re.findall(r"<tr><td><time [^>]*>([^<]*)</time>", page)
    assert len(times) == len(set(times)) == 12
    assert "26 Oct 2025, 02:30:00 (UTC+2)" in times
    assert "26 Oct 2025, 02:30:00 (UTC+1)" in times
    assert "26 Oct 2025, 03:00:00" in times


@pytest.mark.parametrize(("at", "label"), [(FIRST, "UTC+2"), (SECOND, "UTC+1")])
def test_a_latest_value_says_in_which_of_the_two_hours_it_was_measured(
    client: Client, metric: Metric, at: datetime, label: str
) -> None:
    store(metric, {at: 1.0})
    for page in (f"/metrics/{metric.pk}/", f"/devices/{metric.device_id}/"):
        assert f">26 Oct 2025, 02:30 ({label})</time>" in text_of(client.get(page))


# The form that deletes readings -----------------------------------------------------------------


def asked(**fields: str) -> dict[str, str]:
    return {"start": SHOWN, "end": "2025-10-26T03:00", **fields}


def test_a_time_that_comes_twice_is_asked_back(client: Client, night: Metric) -> None:
    answer = client.get(f"/metrics/{night.pk}/readings/delete/", asked())
    page = text_of(answer)
    assert answer.status_code == 400
    assert "The clocks show this time twice" in page
    choices = re.search(r'<select name="start_offset".*?</select>', page, re.DOTALL)
    assert choices is not None
    assert re.findall(r'value="([^"]*)"', choices[0]) == ["", "+02:00", "+01:00"]
    assert 'name="end_offset"' not in page
    assert f'value="{SHOWN}"' in page


@pytest.mark.parametrize(("offset", "count"), [("+02:00", 3), ("+01:00", 1)])
def test_either_of_the_two_hours_can_be_counted_and_deleted(
    client: Client, night: Metric, offset: str, count: int
) -> None:
    address = f"/metrics/{night.pk}/readings/delete/"
    page = text_of(client.get(address, asked(start_offset=offset)))
    assert f"Delete {count} reading" in page
    assert f'value="{offset}" selected' in page
    hidden = dict(re.findall(r'type="hidden" name="(start|end)" value="([^"]*)"', page))
    client.post(address, hidden)
    assert left(night) == [float(n) for n in range(12) if not 8 - count <= n < 8]


def test_one_of_the_two_hours_alone_can_be_deleted(client: Client, night: Metric) -> None:
    address = f"/metrics/{night.pk}/readings/delete/"
    first = {"start": "2025-10-26T02:00", "end": "2025-10-26T02:00"}
    client.post(address, {**first, "start_offset": "+02:00", "end_offset": "+01:00"})
    assert left(night) == [0.0, 1.0, 2.0, 3.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]


def test_a_choice_that_is_left_over_from_another_time_changes_nothing(
    client: Client, night: Metric
) -> None:
    address = f"/metrics/{night.pk}/readings/delete/"
    other = {"start": "2025-10-26T04:00", "start_offset": "+02:00", "end": "2025-10-26T05:00"}
    page = text_of(client.get(address, other))
    assert "Delete 2 readings?" in page
    assert 'name="start_offset"' not in page


def test_a_time_that_clocks_skip_is_refused_as_such(client: Client, night: Metric) -> None:
    skipped = {"start": "2026-03-29T02:30", "end": "2026-03-29T04:00"}
    answer = client.get(f"/metrics/{night.pk}/readings/delete/", skipped)
    assert answer.status_code == 400
    assert "The clocks skip this time" in text_of(answer)
    assert 'name="start_offset"' not in text_of(answer)


@pytest.mark.parametrize("wrong", ["", "+03:00", "Z", "x"])
def test_an_offset_that_is_none_of_the_two_is_not_taken(
    client: Client, night: Metric, wrong: str
) -> None:
    answer = client.get(f"/metrics/{night.pk}/readings/delete/", asked(start_offset=wrong))
    assert answer.status_code == 400
    assert "The clocks show this time twice" in text_of(answer)


def test_the_preview_says_which_of_the_two_it_means(client: Client, night: Metric) -> None:
    page = text_of(
        client.get(f"/metrics/{night.pk}/readings/delete/", asked(start_offset="+01:00"))
    )
    assert ">26 Oct 2025, 02:30 (UTC+1)</time>" in page


# The range that a page shows --------------------------------------------------------------------


@pytest.mark.parametrize(("offset", "count"), [("+02:00", 3), ("+01:00", 1)])
def test_a_page_shows_history_from_either_of_the_two_hours(
    client: Client, night: Metric, offset: str, count: int
) -> None:
    asked_for = {**asked(start_offset=offset), "resolution": "raw"}
    page = text_of(client.get(f"/metrics/{night.pk}/", asked_for))
    assert len(re.findall(r"<tr><td><time ", page)) == count


@pytest.mark.parametrize("after", [timedelta(0), timedelta(hours=1), timedelta(hours=24)])
@pytest.mark.parametrize("at", [FIRST, SECOND])
def test_pages_work_while_clocks_show_an_hour_twice_and_a_day_later(
    client: Client, night: Metric, clock: Any, at: datetime, after: timedelta
) -> None:
    clock.move_to(at + after)
    answer = client.get(f"/metrics/{night.pk}/")
    assert answer.status_code == 200


def test_a_time_with_its_offset_in_the_address_is_shown_on_the_pages_clocks(
    client: Client, night: Metric
) -> None:
    window = {"start": "2025-10-26T01:30:00Z", "end": "2025-10-26T04:00:00Z"}
    page = text_of(client.get(f"/metrics/{night.pk}/", window))
    assert f'name="start" value="{SHOWN}"' in page
    assert 'value="+01:00" selected' in page
