"""The links on pages that lead to exports: plain addresses, of what the page shows."""

import csv
import html
import io
import re
from codecs import BOM_UTF8
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import time_machine

from energy.instants import to_micros
from history.arrays import ReadingBatch
from tests.support.factories import SubscriptionFactory
from tests.support.readings import store_readings

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    """An hour after noon."""
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        yield


@pytest.fixture
def client(client_for, standard, metric):
    times = [to_micros(NOON + timedelta(minutes=index)) for index in range(60)]
    store_readings(ReadingBatch.of(np.full(60, metric.pk), times, np.arange(60)), now=NOON)
    return client_for(standard)


def followed(client, page):
    """The rows of each CSV file that a page links to."""
    text = client.get(page).content.decode()
    links = [html.unescape(link) for link in re.findall(r'href="([^"]*/export/[^"]*)"', text)]
    files = []
    for link in links:
        response = client.get(link)
        assert response.status_code == 200, response.content
        content = b"".join(response.streaming_content)
        assert content.startswith(BOM_UTF8)  # without it Excel shows Â°C
        files.append(content.decode("utf-8-sig"))
    return [list(csv.reader(io.StringIO(file, newline=""))) for file in files]


def test_a_metrics_page_leads_to_its_history_as_shown_and_whole(client, metric):
    shown, every = followed(client, f"/metrics/{metric.pk}/?range=1h&resolution=30m")
    assert shown[0] == ["timestamp", "harbour-depot/main-meter/active_power mean [W]"]
    assert [row[0] for row in shown[1:]] == [
        "2026-06-01T14:00:00+02:00",
        "2026-06-01T14:30:00+02:00",
    ]
    assert len(every) == 1 + 60
    assert every[1][4] == "2026-06-01T14:00:00+02:00"


def test_a_devices_page_leads_to_all_its_metrics_too(client, device):
    whole, _, every = followed(client, f"/devices/{device.pk}/?range=1h")
    assert len(whole) == len(every) == 1 + 60


def test_a_subscriptions_page_leads_to_its_history(client, standard, metric):
    subscription = SubscriptionFactory(owner=standard, metrics=[metric])
    _, every = followed(client, f"/subscriptions/{subscription.pk}/")
    assert len(every) == 1 + 60


def test_a_sites_page_leads_to_its_last_day(client, site):
    (every,) = followed(client, f"/sites/{site.pk}/")
    assert len(every) == 1 + 60


def test_a_page_without_an_answer_has_no_history_to_download(client, metric):
    assert followed(client, f"/metrics/{metric.pk}/?range=forever") == []
