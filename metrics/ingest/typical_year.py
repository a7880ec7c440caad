"""A typical meteorological year as readings of a weather station. Pure."""

from collections.abc import Mapping

import numpy as np

from devices.simulators.weather import TypicalYear
from metrics.history.arrays import Ints, ReadingBatch

KEYS = ("irradiance", "ambient_temperature", "wind_speed")

_HOUR = 3_600_000_000  # µs
_HOURS_TO_MARCH = 59 * 24


def readings_of(
    year: TypicalYear, calendar_year: int, metric_ids: Mapping[str, int]
) -> ReadingBatch:
    """The file's hours as if they had been measured in `calendar_year`.

    `metric_ids` names the Metrics of KEYS. Irradiance, a mean, stands at the start of its hour;
    what was measured at the hour's end stands there. A leap year's 29 February stays empty.
    """
    starts = _hour_starts(calendar_year, year.utc_offset)
    columns = {
        "irradiance": (starts, year.ghi),
        "ambient_temperature": (starts + _HOUR, np.round(year.temp_air, 1)),
        "wind_speed": (starts + _HOUR, np.round(year.wind_speed, 1)),
    }
    return ReadingBatch.of(
        np.repeat([metric_ids[key] for key in KEYS], starts.size),
        np.concatenate([columns[key][0] for key in KEYS]),
        np.concatenate([columns[key][1] for key in KEYS]),
    )


def _hour_starts(calendar_year: int, utc_offset: int) -> Ints:
    """µs since the epoch of the year's hours in standard time, without 29 February."""
    first, following = (
        np.datetime64(f"{year:04}-01-01", "h").astype(np.int64)
        for year in (calendar_year, calendar_year + 1)
    )
    hours = np.arange(first, following, dtype=np.int64)
    leap_day = hours.size - 365 * 24
    hours = np.delete(hours, slice(_HOURS_TO_MARCH, _HOURS_TO_MARCH + leap_day))
    return hours * _HOUR - utc_offset * (_HOUR // 60)
