"""Which time a Site's figures are of: now, today, or a day or month of its own calendar."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from energy.errors import DomainError
from energy.instants import to_micros
from history.buckets import Buckets, divide, midnight
from timeseries.windows import YEARS

RESOLUTION = "15m"  # of the flows between production, grid and battery
# A month of 31 days, and a date that lasts twice as long where a zone moves over the date line.
_MAX_QUARTERS = 4 * 24 * 33
_FORMS = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?\Z", re.ASCII)


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
    """Reads `now`, `today`, a day such as 2026-06-01 or a month such as 2026-06.

    Raises DomainError naming `period`.
    """
    if text == "now":
        return Period(has_energies=False)
    if text == "today":
        return Period(has_powers=False)
    try:
        days = _days(text)
    except ValueError as error:
        message = "Either now, today, a day such as 2026-06-01 or a month such as 2026-06."
        raise DomainError(message, code="invalid", field="period") from error
    return Period(has_powers=False, days=days)


def _days(text: str) -> tuple[date, date]:
    """Raises ValueError for what is no day or month."""
    match = _FORMS.match(text)
    if match is None or int(match[1]) not in YEARS:
        raise ValueError(text)
    first = date(int(match[1]), int(match[2]), int(match[3] or 1))
    if match[3]:
        return first, first + timedelta(days=1)
    return first, (first + timedelta(days=31)).replace(day=1)
