"""Files in which a row is a day, and each of its columns an interval of the day. Pure."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from ingest.layouts.dates import read_clock
from ingest.layouts.numbers import is_missing

_NUMBERED = re.compile(
    r"(?:hh|hr|h|p|period|slot|kwh|value|reading)?[ _-]?0*(\d{1,3})", re.IGNORECASE
)
_A_DAY = {24: 60, 48: 30, 96: 15}  # intervals a day, and minutes of each
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)


class DaySlots(NamedTuple):
    """The columns of a day's intervals, in their order, and the seconds of one."""

    places: tuple[int, ...]
    interval: int


def slots_in(names: Sequence[str]) -> DaySlots | None:
    """The columns that are the intervals of a day: named by times of day, or numbered."""
    return _by_clock(names) or _by_number(names)


def _by_clock(names: Sequence[str]) -> DaySlots | None:
    clocks = [(place, read_clock(name.replace("_", ":"))) for place, name in enumerate(names)]
    found = [(place, clock) for place, clock in clocks if clock is not None]
    minutes = _A_DAY.get(len(found))
    if not minutes:
        return None
    step, day = timedelta(minutes=minutes), timedelta(days=1)
    first = found[0][1]
    regular = all(clock % day == (first + n * step) % day for n, (_, clock) in enumerate(found))
    if not regular or first not in (timedelta(), step):
        return None
    return DaySlots(tuple(place for place, _ in found), minutes * 60)


def _by_number(names: Sequence[str]) -> DaySlots | None:
    matches = [(place, _NUMBERED.fullmatch(name)) for place, name in enumerate(names)]
    found = [(place, int(match[1])) for place, match in matches if match]
    for begin in range(len(found)):
        run = [place for n, (place, number) in enumerate(found[begin:], 1) if number == n]
        for count, minutes in _A_DAY.items():
            # A day on which the clocks are put back is an hour longer.
            if len(run) in (count, count + 60 // minutes):
                return DaySlots(tuple(run), minutes * 60)
    return None


def slot_instants(
    day: datetime, cells: Sequence[str], interval: int, zone: tzinfo
) -> list[int | None]:
    """The start of each interval of a local day, in microseconds since the epoch.

    Where the day is an hour shorter or longer than the columns, those beyond its end are empty and
    the others follow on one another; else they stand under the times of the clock, and None marks
    those that the clocks skip and that are empty or zero.
    """
    midnight = day.replace(tzinfo=zone).astimezone(UTC)
    end = (day + timedelta(days=1)).replace(tzinfo=zone).astimezone(UTC)
    length = round((end - midnight).total_seconds()) // interval
    usual = 86_400 // interval
    filled = max((n for n, cell in enumerate(cells, 1) if not is_missing(cell)), default=0)
    if length == usual or (filled <= length and (length < usual or filled > usual)):
        return [
            _micros(midnight + timedelta(seconds=n * interval)) if n < length else None
            for n in range(len(cells))
        ]
    return [_by_the_clock(day, n * interval, cell, zone) for n, cell in enumerate(cells)]


def _by_the_clock(day: datetime, second: int, cell: str, zone: tzinfo) -> int | None:
    wall = (day + timedelta(seconds=second)).replace(tzinfo=zone)
    if second >= 86_400 or _is_skipped(wall):
        return None
    return _micros(wall.astimezone(UTC))


def _is_skipped(wall: datetime) -> bool:
    return wall.astimezone(UTC).astimezone(wall.tzinfo).replace(tzinfo=None) != wall.replace(
        tzinfo=None
    )


def _micros(instant: datetime) -> int:
    return (instant - _UNIX) // timedelta(microseconds=1)
