"""How a window is divided into buckets, in any zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.instants import from_micros, to_micros
from history.buckets import (
    CALENDAR,
    DAY,
    FIXED,
    HOUR,
    MINUTE,
    RESOLUTIONS,
    Buckets,
    TooManyBucketsError,
    divide,
    divide_finely,
    midnight,
)

ZONES = [
    "UTC",
    "Europe/Amsterdam",
    "America/New_York",
    "Asia/Kathmandu",  # +05:45
    "Australia/Adelaide",  # +09:30, +10:30 in summer
    "Australia/Lord_Howe",  # half an hour of summer time
    "Pacific/Apia",  # skipped 30 December 2011
    "America/Sao_Paulo",  # clocks jumped at midnight until 2019
    "America/St_Johns",  # clocks fell back across midnight until 2011
    "Africa/Cairo",
]


def instant(text: str, zone: str = "UTC") -> int:
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def cut(start: str, end: str, resolution: str, zone: str = "UTC") -> Buckets:
    window = (instant(start, zone), instant(end, zone))
    return divide(*window, resolution, ZoneInfo(zone), at_most=10_000)


def starts(buckets: Buckets, zone: str = "UTC") -> list[str]:
    return [
        from_micros(start).astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")
        for start in buckets.starts.tolist()
    ]


def hours(buckets: Buckets) -> list[float]:
    return (np.diff(buckets.edges) / HOUR).tolist()


def test_an_aligned_window_has_whole_buckets() -> None:
    buckets = cut("2026-01-01T00:00", "2026-01-01T01:00", "15m")

    assert starts(buckets) == [f"2026-01-01T00:{minute:02d}+00:00" for minute in (0, 15, 30, 45)]
    assert buckets.edges.tolist() == [*buckets.starts.tolist(), instant("2026-01-01T01:00")]


def test_first_and_last_bucket_are_cut_to_a_window_that_is_not_aligned() -> None:
    buckets = cut("2026-01-01T00:20", "2026-01-01T02:10", "1h")

    assert starts(buckets) == [f"2026-01-01T{hour:02d}:00+00:00" for hour in range(3)]
    assert (np.diff(buckets.edges) / MINUTE).tolist() == [40, 60, 10]


def test_a_window_inside_one_bucket_has_that_bucket() -> None:
    buckets = cut("2026-01-01T07:10", "2026-01-01T07:20", "6h")

    assert starts(buckets) == ["2026-01-01T06:00+00:00"]
    assert hours(buckets) == [pytest.approx(1 / 6)]


def test_hours_are_those_of_utc_in_every_zone() -> None:
    buckets = cut("2026-01-01T00:00", "2026-01-01T02:00", "1h", "Asia/Kathmandu")

    assert starts(buckets) == [
        "2025-12-31T18:00+00:00",
        "2025-12-31T19:00+00:00",
        "2025-12-31T20:00+00:00",
    ]


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Amsterdam", "2026-03-29", 23),
        ("Europe/Amsterdam", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Australia/Adelaide", "2026-10-04", 23),
        ("Asia/Kathmandu", "2026-10-04", 24),
        ("America/Sao_Paulo", "2018-11-04", 23),  # began at 01:00
        ("America/Havana", "2026-11-01", 25),  # had midnight twice
    ],
)
def test_a_local_day_lasts_as_long_as_its_clocks_say(zone: str, day: str, length: float) -> None:
    noon = f"{day}T12:00"
    buckets = cut(noon, (datetime.fromisoformat(noon) + timedelta(days=3)).isoformat(), "1d", zone)

    assert (buckets.starts[1] - buckets.starts[0]) / HOUR == length


def test_kathmandu_days_begin_at_a_quarter_past_six_in_the_evening_of_utc() -> None:
    buckets = cut("2026-01-01", "2026-01-03", "1d", "Asia/Kathmandu")

    assert starts(buckets) == ["2025-12-31T18:15+00:00", "2026-01-01T18:15+00:00"]


def test_a_date_that_a_zone_skipped_has_no_bucket() -> None:
    buckets = cut("2011-12-28", "2012-01-02", "1d", "Pacific/Apia")

    assert starts(buckets, "Pacific/Apia") == [
        "2011-12-28T00:00-10:00",
        "2011-12-29T00:00-10:00",
        "2011-12-31T00:00+14:00",
        "2012-01-01T00:00+14:00",
    ]
    assert hours(buckets) == [24] * 4


def test_a_day_without_midnight_begins_when_the_clocks_jump() -> None:
    # Toronto's clocks went from 23:30 on 30 March 1919 to 00:30 on the 31st.
    assert midnight(date(1919, 3, 31), ZoneInfo("America/Toronto")) == instant("1919-03-31T04:30")
    assert midnight(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo")) == instant("2018-11-04T03:00")


def test_weeks_begin_on_local_monday() -> None:
    buckets = cut("2026-03-26", "2026-04-08", "1w", "Europe/Amsterdam")

    assert starts(buckets, "Europe/Amsterdam") == [
        "2026-03-23T00:00+01:00",
        "2026-03-30T00:00+02:00",
        "2026-04-06T00:00+02:00",
    ]


def test_months_are_local_and_of_their_own_length() -> None:
    buckets = cut("2026-01-01", "2026-05-01", "1mo", "Europe/Amsterdam")

    assert starts(buckets, "Europe/Amsterdam") == [
        "2026-01-01T00:00+01:00",
        "2026-02-01T00:00+01:00",
        "2026-03-01T00:00+01:00",
        "2026-04-01T00:00+02:00",
    ]
    assert hours(buckets) == [31 * 24, 28 * 24, 31 * 24 - 1, 30 * 24]


@pytest.mark.parametrize(
    ("span", "resolution"),
    [
        (16 * HOUR, "1m"),
        (24 * HOUR, "5m"),
        (10 * DAY, "15m"),
        (20 * DAY, "30m"),
        (40 * DAY, "1h"),
        (200 * DAY, "6h"),
        (900 * DAY, "1d"),
        (6_000 * DAY, "1w"),
        (20_000 * DAY, "1mo"),
    ],
)
def test_auto_is_the_finest_resolution_that_fits(span: int, resolution: str) -> None:
    start = instant("1970-01-01")

    chosen, buckets = divide_finely(start, start + span, ZoneInfo("UTC"), at_most=1_000)

    assert chosen == resolution
    assert len(buckets) <= 1_000


def test_auto_refuses_when_even_months_are_too_many() -> None:
    with pytest.raises(TooManyBucketsError):
        divide_finely(instant("2026-01-01"), instant("2026-03-02"), ZoneInfo("UTC"), at_most=2)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_absurdly_many_buckets_are_refused_before_they_are_made(resolution: str) -> None:
    with pytest.raises(TooManyBucketsError):
        divide(instant("0900-01-01"), instant("9000-01-01"), resolution, ZoneInfo("UTC"), at_most=9)


moments = st.integers(instant("1960-01-01"), instant("2040-01-01"))


@settings(max_examples=300, deadline=None)
@given(
    start=moments | moments.map(lambda t: t - t % HOUR),
    length=st.integers(1, 3 * 366 * DAY),
    resolution=st.sampled_from(RESOLUTIONS),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_buckets_cover_the_window_once(
    start: int, length: int, resolution: str, zone: ZoneInfo
) -> None:
    length = min(length, 500 * FIXED.get(resolution, DAY))

    buckets = divide(start, start + length, resolution, zone, at_most=2_000)

    assert (buckets.edges[0], buckets.edges[-1]) == (start, start + length)
    assert np.all(np.diff(buckets.edges) > 0)
    assert buckets.starts[0] <= start
    assert buckets.starts[1:].tolist() == buckets.edges[1:-1].tolist()
    if resolution in CALENDAR:
        assert all(is_first_of(resolution, t, zone) for t in buckets.starts.tolist())
    else:
        assert not np.any(buckets.starts % FIXED[resolution])


def is_first_of(resolution: str, start: int, zone: ZoneInfo) -> bool:
    """Whether the local date of `start` begins there, and begins a `resolution`."""
    here, just_before = (
        datetime.fromtimestamp(t / 1e6, UTC).astimezone(zone).date()
        for t in (start, start - MINUTE // 60)
    )
    key = {
        "1d": lambda day: day.toordinal(),
        "1w": lambda day: day.isocalendar()[:2],
        "1mo": lambda day: (day.year, day.month),
    }[resolution]
    return key(just_before) < key(here)
