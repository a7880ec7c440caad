"""Whole days of local standard time, minute by minute, and the civil clock beside them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MINUTES = 1440  # in a day
MICROS = 60_000_000  # µs in a minute
_THURSDAY = 3  # 1 January 1970, counting from Monday
_FEBRUARY_29 = 59  # counting from 0


@dataclass(frozen=True)
class Days:
    """`count` days of standard time (`utc_offset` minutes east of UTC) from day `first`.

    Days are numbered from 1 January 1970. Arrays have the shape (count, 1440). Standard time has
    no daylight saving, as in weather files; `zone` gives people's clock.
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
    def numbers(self) -> "NDArray[np.int64]":
        """The days' numbers, shape (count,)."""
        return np.arange(self.first, self.last, dtype=np.int64)

    @cached_property
    def minutes(self) -> "NDArray[np.int64]":
        """Minutes since the Unix epoch, UTC."""
        start = self.first * MINUTES - self.utc_offset
        span = np.arange(start, start + self.count * MINUTES, dtype=np.int64)
        return span.reshape(self.count, MINUTES)

    @cached_property
    def typical(self) -> "NDArray[np.int64]":
        """Day of a year of 365 days, 0 to 364; 29 February repeats the 28th."""
        dates = self.numbers.astype("datetime64[D]")
        years = dates.astype("datetime64[Y]")
        day = (dates - years.astype("datetime64[D]")).astype(np.int64)
        length = ((years + 1).astype("datetime64[D]") - years.astype("datetime64[D]")).astype(int)
        return day - ((length == 366) & (day >= _FEBRUARY_29))

    @cached_property
    def civil(self) -> "NDArray[np.int64]":
        """Minutes since 1 January 1970 on people's clocks, daylight saving included."""
        offsets = self._offsets(self.minutes[:, 0])
        changes = offsets != self._offsets(self.minutes[:, -1])
        civil = self.minutes + offsets[:, None]
        for row in np.flatnonzero(changes):
            civil[row] = self.minutes[row] + self._offsets(self.minutes[row])
        return civil

    @cached_property
    def minute_of_day(self) -> "NDArray[np.int64]":
        """Minutes since midnight on people's clocks, 0 to 1439."""
        return self.civil % MINUTES

    @cached_property
    def weekday(self) -> "NDArray[np.int64]":
        """Weekday on people's clocks, Monday 0 to Sunday 6."""
        return (self.civil // MINUTES + _THURSDAY) % 7

    def _offsets(self, minutes: "NDArray[np.int64]") -> "NDArray[np.int64]":
        """The zone's offsets from UTC at these UTC minutes, in minutes."""
        instants = (datetime.fromtimestamp(60 * int(minute), UTC) for minute in minutes)
        seconds = (at.astimezone(self.zone).utcoffset() for at in instants)
        return np.array([s.total_seconds() // 60 for s in seconds if s is not None], dtype=np.int64)


def day_of(micros: int, utc_offset: int) -> int:
    """The number of the standard-time day that the instant (µs since the epoch) falls in."""
    return (micros // MICROS + utc_offset) // MINUTES
