"""Files of typical meteorological years (TMY), as readings of a weather station."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from history.arrays import Floats, Ints, ReadingBatch

KEYS = ("irradiance", "ambient_temperature", "wind_speed")

_HOUR = 3_600_000_000  # µs
_HOURS_TO_MARCH = 59 * 24
_HOURS = 8760
_MEASURED = ("ghi", "dni", "dhi", "temp_air", "wind_speed", "wind_direction", "pressure")
_TMY2 = {
    "GHI": ("ghi", 1.0), "DNI": ("dni", 1.0), "DHI": ("dhi", 1.0), "DryBulb": ("temp_air", 0.1),
    "Wspd": ("wind_speed", 0.1), "Wdir": ("wind_direction", 1.0), "Pressure": ("pressure", 1.0),
}  # fmt: skip


@dataclass(frozen=True)
class TypicalYear:
    """8,760 hours of a place, from midnight of 1 January in local standard time.

    Irradiances (W/m²) are means of the hour; the rest is measured at the hour's end: air
    temperature in °C, wind speed in m/s at 10 m, wind direction in degrees, pressure in hPa.
    """

    latitude: float
    longitude: float
    utc_offset: int  # minutes east of UTC
    ghi: Floats
    dni: Floats
    dhi: Floats
    temp_air: Floats
    wind_speed: Floats
    wind_direction: Floats
    pressure: Floats


def read_typical_year(path: Path) -> TypicalYear:
    """Read a TMY3 (`.csv`) or TMY2 (`.tm2`) file.

    Raises ValueError if it is neither, or not a whole year.
    """
    from pvlib import iotools

    if path.suffix.lower() == ".tm2":
        frame, place = iotools.read_tmy2(path)
        columns = {name: frame[raw].to_numpy(float) * by for raw, (name, by) in _TMY2.items()}
    else:
        frame, place = iotools.read_tmy3(path, map_variables=True)
        columns = {name: frame[name].to_numpy(float) for name in _MEASURED}
    if len(frame) != _HOURS:
        raise ValueError(f"{path.name} has {len(frame)} hours, not {_HOURS}.")
    return TypicalYear(
        latitude=float(place["latitude"]),
        longitude=float(place["longitude"]),
        utc_offset=round(60 * float(place["TZ"])),
        **columns,
    )


def readings_of(
    year: TypicalYear, calendar_year: int, metric_ids: Mapping[str, int]
) -> ReadingBatch:
    """The file's hours as if they had been measured in `calendar_year`.

    `metric_ids` has the id of the Metric of each of KEYS. Irradiance, a mean, has the timestamp of
    its hour's start; the rest was measured at the hour's end and has that. A leap year's
    29 February stays empty.
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
