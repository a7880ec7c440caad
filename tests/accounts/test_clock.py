"""Which time zone a user reads times in, and how it is written."""

from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from accounts.clock import age_text, offset_label, zone_label
from accounts.models import User

WINTER = datetime(2026, 1, 15, 12, tzinfo=UTC)
AMSTERDAM = SimpleNamespace(time_zone="Europe/Amsterdam")
LIMA = SimpleNamespace(time_zone="America/Lima")


@pytest.mark.parametrize(
    ("clock", "sites", "zone"),
    [
        ("site", [AMSTERDAM], "Europe/Amsterdam"),
        ("site", [AMSTERDAM, AMSTERDAM], "Europe/Amsterdam"),
        ("site", [AMSTERDAM, LIMA], "Asia/Tokyo"),
        ("site", [], "Asia/Tokyo"),
        ("own", [AMSTERDAM], "Asia/Tokyo"),
        ("utc", [AMSTERDAM], "UTC"),
    ],
)
def test_the_zone_is_the_sites_the_users_or_utc(clock, sites, zone):
    assert User(clock=clock, time_zone="Asia/Tokyo").zone_for(sites).key == zone


@pytest.mark.parametrize(
    ("zone", "label"),
    [
        ("UTC", "UTC"),
        ("Europe/Amsterdam", "UTC+1"),
        ("Asia/Kathmandu", "UTC+5:45"),
        ("America/St_Johns", "UTC\u22123:30"),
    ],
)
def test_an_offset_names_minutes_only_where_there_are_some(zone, label):
    assert offset_label(ZoneInfo(zone), WINTER) == label


def test_a_zone_is_named_with_its_offset():
    assert zone_label(ZoneInfo("Europe/Amsterdam"), WINTER) == "Europe/Amsterdam (UTC+1)"
    assert zone_label(ZoneInfo("UTC"), WINTER) == "UTC"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "now"),
        (0.4, "now"),
        (3, "3 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (86_399, "23 h ago"),
    ],
)
def test_an_age_is_written_in_its_largest_unit(seconds, text):
    assert age_text(seconds) == text
