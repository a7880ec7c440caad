"""Whole days of local standard time by the minute, and civil time for them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from history.arrays import Ints

MINUTES = 1440  # in a day
MICROS = 60_000_000  # µs in a minute
_THURSDAY = 3  # 1 January 1970, counting from Monday
_FEBRUARY_29 = 59  # counting from 0


@dataclass(frozen=True)
class Days:
    """`count` days of standard time (`utc_offset` minutes east of UTC) from day `first`.

    Days are numbered from 1 January 1970. Arrays have the shape (count, 1440). Standard time has
    no daylight saving, as in weather files; `zone` has civil time.
    """

    first: int
    count: int
    utc_offset: int
    zone: ZoneInfo

    @property
    def last(self) -> int:
        """The day after the last one."""
        return self.first + self.count

    @cached_property
    def numbers(self) -> Ints:
        """The days' numbers, shape (count,)."""
        return np.arange(self.first, self.last, dtype=np.int64)

    @cached_property
    def minutes(self) -> Ints:
        """Minutes since the Unix epoch, UTC."""
        start = self.first * MINUTES - self.utc_offset
        span = np.arange(start, start + self.count * MINUTES, dtype=np.int64)
        return span.reshape(self.count, MINUTES)

    @cached_property
    def typical(self) -> Ints:
        """Day of a year of 365 days, 0 to 364; 29 February repeats the 28th."""
        dates = self.numbers.astype("datetime64[D]")
        years = dates.astype("datetime64[Y]")
        day = (dates - years.astype("datetime64[D]")).astype(np.int64)
        length = ((years + 1).astype("datetime64[D]") - years.astype("datetime64[D]")).astype(int)
        return day - ((length == 366) & (day >= _FEBRUARY_29))

    @cached_property
    def civil(self) -> Ints:
        """Minutes since 1 January 1970 in civil time, daylight saving included."""
        offsets = self._offsets(self.minutes[:, 0])
        changes = offsets != self._offsets(self.minutes[:, -1])
        civil = self.minutes + offsets[:, None]
        for row in np.flatnonzero(changes):
            civil[row] = self.minutes[row] + self._offsets(self.minutes[row])
        return civil

    @cached_property
    def minute_of_day(self) -> Ints:
        """Minutes since midnight in civil time, 0 to 1439."""
        return self.civil % MINUTES

    @cached_property
    def weekday(self) -> Ints:
        """Weekday in civil time, Monday 0 to Sunday 6."""
        return (self.civil // MINUTES + _THURSDAY) % 7

    def _offsets(self, minutes: Ints) -> Ints:
        """The zone's offsets from UTC at these UTC minutes, in minutes."""
        instants = (datetime.fromtimestamp(60 * int(minute), UTC) for minute in minutes)
        seconds = (at.astimezone(self.zone).utcoffset() for at in instants)
        return np.array([s.total_seconds() // 60 for s in seconds if s is not None], dtype=np.int64)


def day_of(micros: int, utc_offset: int) -> int:
    """The number of the standard-time day that the instant (µs since the epoch) falls in."""
    return (micros // MICROS + utc_offset) // MINUTES
