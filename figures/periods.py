"""Which time a Site's figures are of: now, today, or a day, week, month or year of its calendar."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from energy.errors import DomainError
from energy.instants import to_micros
from history.buckets import Buckets, divide, midnight
from timeseries.windows import YEARS

RESOLUTION = "15m"  # of the flows between production, grid and battery
# A leap year, and a date that lasts twice as long where a zone moves over the date line.
_MAX_QUARTERS = 4 * 24 * 367
_CALENDAR = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z", re.ASCII)
_WEEK = re.compile(r"(\d{4})-W(\d{2})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """Which figures, and of which days: [first, last) dates, or None for the day of `now`."""

    has_powers: bool = True
    has_energies: bool = True
    days: tuple[date, date] | None = None

    def quarters(self, zone: ZoneInfo, now: datetime) -> Buckets | None:
        """The quarter hours of its days up to `now`; None where they have not begun."""
        today = now.astimezone(zone).date()
        first, last = self.days or (today, today + timedelta(days=1))
        start, end = midnight(first, zone), min(midnight(last, zone), to_micros(now))
        return divide(start, end, RESOLUTION, zone, at_most=_MAX_QUARTERS) if start < end else None


NOW_AND_TODAY = Period()


def read_period(text: str) -> Period:
    """Reads `now`, `today`, a day (2026-06-01), an ISO week (2026-W23), a month or a year.

    Raises DomainError naming `period`.
    """
    if text == "now":
        return Period(has_energies=False)
    if text == "today":
        return Period(has_powers=False)
    try:
        days = _days(text)
    except ValueError as error:
        raise DomainError(_FORMS, code="invalid", field="period") from error
    return Period(has_powers=False, days=days)


_FORMS = (
    "Either now, today, a day such as 2026-06-01, a week such as 2026-W23, a month such as 2026-06 "
    "or a year such as 2026."
)


def _days(text: str) -> tuple[date, date]:
    """Raises ValueError for what is no day, week, month or year."""
    if match := _WEEK.match(text):
        first, length = date.fromisocalendar(int(match[1]), int(match[2]), 1), 7
    elif match := _CALENDAR.match(text):
        first = date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
        length = 1 if match[3] else 31 if match[2] else 366
    if match is None or int(match[1]) not in YEARS:
        raise ValueError(text)
    last = first + timedelta(days=length)
    return first, last.replace(day=1) if length >= 31 else last
