"""Dates in many formats, the order of day and month, and local times through clock changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.layouts.dates import (
    DAY_FIRST,
    MONTH_FIRST,
    DateEvidence,
    DateReader,
    Written,
    normal_format,
    read_clock,
    shape_of,
    start_of,
)
from ingest.layouts.local_times import LocalTimes

at = datetime.fromisoformat
WALLS = st.datetimes(at("1970-01-02"), at("2069-12-30")).map(
    lambda wall: wall.replace(second=0, microsecond=0)
)
FORMATS = ["%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M %p", "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M",
           "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M", "%d-%b-%Y %H:%M", "%Y%m%d:%H%M", "%d.%m.%y %H:%M",
           "%b %d, %Y %H:%M", "%d-%m-%Y %H:%M:%S"]  # fmt: skip


@given(wall=WALLS, date_format=st.sampled_from(FORMATS))
def test_what_was_written_is_read(wall: datetime, date_format: str) -> None:
    if "%y" in date_format:
        wall = wall.replace(year=2000 + wall.year % 70)
    cell = wall.strftime(date_format)
    assert shape_of(cell) is not None
    assert DateReader(date_format).read(cell) == Written(wall)


@given(walls=st.lists(WALLS, min_size=1, max_size=30), date_format=st.sampled_from(FORMATS))
def test_the_format_is_told_from_all_of_a_column(walls: list[datetime], date_format: str) -> None:
    evidence = DateEvidence()
    evidence.add(wall.strftime(date_format) for wall in walls)
    meant = normal_format(date_format)
    assert evidence.pattern() in (meant, "") or evidence.is_open
    if any(wall.day > 12 for wall in walls):
        assert evidence.pattern() == meant


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        (["01/02/2026", "13/02/2026"], "%d/%m/%Y"),
        (["01/02/2026", "02/13/2026"], "%m/%d/%Y"),
        (["01.02.2026"], "%d.%m.%Y"),
        (["01/02/2026", "02/02/2026", "03/02/2026"], "%d/%m/%Y"),
        (["02/01/2026", "02/02/2026", "02/03/2026"], "%m/%d/%Y"),
        (["01/02/2026"], ""),
    ],
)
def test_day_and_month_are_told_apart_or_asked_for(cells: list[str], meant: str) -> None:
    evidence = DateEvidence()
    evidence.add(cells)
    assert evidence.pattern() == meant


def test_what_is_proven_is_stronger_than_a_habit() -> None:
    evidence = DateEvidence()
    evidence.add(["13/02/2026"])
    assert evidence.pattern(MONTH_FIRST) == "%d/%m/%Y"
    assert DateEvidence(dict.fromkeys([("?%Y", "/")], 1)).pattern(DAY_FIRST) == "%d/%m/%Y"


@pytest.mark.parametrize(
    ("cell", "date_format", "instant"),
    [
        ("2026-06-01T10:00:00Z", "iso", "2026-06-01T10:00:00+00:00"),
        ("2026-06-01 10:00:00 -0500", "iso", "2026-06-01T15:00:00+00:00"),
        ("2026-06-01T10:00:00.123456789+02:00", "iso", "2026-06-01T08:00:00.123456+00:00"),
        ("1780308000", "epoch", "2026-06-01T10:00:00+00:00"),
        ("1780308000.25", "epoch", "2026-06-01T10:00:00.250000+00:00"),
        ("1780308000123", "epoch", "2026-06-01T10:00:00.123000+00:00"),
        ("1780308000123456", "epoch", "2026-06-01T10:00:00.123456+00:00"),
        ("1780308000123456789", "epoch", "2026-06-01T10:00:00.123456+00:00"),
        ("01/06/2026 10:00:00 (CEST)", "%d/%m/%Y", "2026-06-01T08:00:00+00:00"),
    ],
)
def test_a_time_with_an_offset_is_an_instant(cell: str, date_format: str, instant: str) -> None:
    written = DateReader(date_format).read(cell)
    assert written is not None
    micros = LocalTimes(ZoneInfo("America/New_York")).instant(written)
    assert datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros) == (
        datetime.fromisoformat(instant)
    )


@pytest.mark.parametrize(
    ("cell", "start"),
    [
        ("01.01.2026 00:00 - 01.01.2026 00:15", "01.01.2026 00:00"),
        ("2026-01-01 00:00:00 to 2026-01-01 01:00:00", "2026-01-01 00:00:00"),
        ("2026-01-01T00:00:00-05:00", "2026-01-01T00:00:00-05:00"),
    ],
)
def test_of_an_interval_the_start_counts(cell: str, start: str) -> None:
    assert start_of(cell) == start


@pytest.mark.parametrize("cell", ["24:01", "12:60", "13:00 PM", "0:15 AM", "25:00", "noon", ""])
def test_a_time_of_day_that_does_not_exist_is_none(cell: str) -> None:
    assert read_clock(cell) is None


@pytest.mark.parametrize("cell", ["31.02.2026 10:00", "00.01.2026", "32.01.2026 1:00", "x", ""])
def test_a_date_that_does_not_exist_is_none(cell: str) -> None:
    assert DateReader("%d.%m.%Y").read(cell) is None


@pytest.mark.parametrize("written", ["%H:%M", "yesterday", "", "%d.%m", "dd.mm"])
def test_a_format_without_a_date_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="names no year, month and day"):
        normal_format(written)


# Clock changes ----------------------------------------------------------------------------

ZONES = ["Europe/Amsterdam", "Europe/London", "America/New_York", "Australia/Lord_Howe",
         "Asia/Kolkata", "America/St_Johns", "Africa/Casablanca", "UTC"]  # fmt: skip


@given(
    zone=st.sampled_from(ZONES),
    begin=st.datetimes(at("2000-01-01"), at("2035-01-01"), timezones=st.just(UTC)),
    minutes=st.sampled_from([1, 5, 15, 30, 60]),
    days=st.integers(1, 4),
    descending=st.booleans(),
)
def test_local_times_in_order_are_the_instants_they_were(
    zone: str, begin: datetime, minutes: int, days: int, descending: bool
) -> None:
    begin = begin.replace(minute=0, second=0, microsecond=0)
    count = min(days * 1440 // minutes, 600)
    instants = [begin + timedelta(minutes=minutes * n) for n in range(count)]
    if descending:
        instants.reverse()
    times = LocalTimes(ZoneInfo(zone), descending)
    found = [
        times.instant(Written(instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)))
        for instant in instants
    ]
    inside = _begins_inside(instants[0], ZoneInfo(zone))
    meant = [round(instant.timestamp() * 1_000_000) for instant in instants]
    # Where the file begins inside of the second of two equal hours, nothing tells that it does.
    assert found == meant or inside


def _begins_inside(first: datetime, zone: ZoneInfo) -> bool:
    wall = first.astimezone(zone).replace(tzinfo=None)
    both = {wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
    return len(both) == 2


def test_each_series_of_a_file_has_its_own_repeated_hour() -> None:
    times = LocalTimes(ZoneInfo("Europe/Amsterdam"))
    walls = [at(f"2026-10-25T02:{minute}") for minute in ("00", "30")] * 2
    by_series = {
        name: [times.instant(Written(wall), name) for wall in walls] for name in ("one", "other")
    }
    assert by_series["one"] == by_series["other"] == sorted(set(by_series["one"]))


def test_a_time_that_the_clocks_skip_says_what_to_try() -> None:
    times = LocalTimes(ZoneInfo("Europe/Amsterdam"))
    with pytest.raises(ValueError, match="does not exist: the clocks were put forward"):
        times.instant(Written(at("2026-03-29T02:15")))


def test_a_zone_beside_the_time_that_the_zone_does_not_have_is_refused() -> None:
    times = LocalTimes(ZoneInfo("Europe/Amsterdam"))
    with pytest.raises(ValueError, match="Is the time zone the right one"):
        times.instant(Written(at("2026-03-01T02:15"), zone="EST"))
