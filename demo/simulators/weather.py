"""Minutes of weather from the hours of a typical meteorological year (TMY)."""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from demo.simulators.days import MINUTES, Days
from demo.simulators.noise import seed_of, smooth
from history.arrays import Floats
from ingest.typical_year import TypicalYear, read_typical_year

SOLAR_CONSTANT = 1361.0  # W/m²: Kopp and Lean 2011, doi:10.1029/2010GL045777
CLEAR_BEAM = 0.75  # share of the beam that a clean atmosphere lets through, roughly
MAX_BEAM = 1000.0  # W/m²


@cache
def shipped_year(name: str) -> TypicalYear:
    """A typical year that pvlib ships, such as `723170TYA.CSV` (Greensboro)."""
    import pvlib

    return read_typical_year(Path(pvlib.__file__).parent / "data" / name)


@dataclass(frozen=True)
class Sun:
    """Where the sun is in the middle of each minute, in degrees, and the cosine above zero."""

    zenith: Floats
    azimuth: Floats
    height: Floats


@dataclass(frozen=True)
class Irradiance:
    """Global and diffuse horizontal and direct normal irradiance, W/m²: ghi = dni·height + dhi."""

    ghi: Floats
    dni: Floats
    dhi: Floats


@dataclass(frozen=True)
class Weather:
    """The weather of some days at a place, computed when asked for; arrays of (days, 1440)."""

    year: TypicalYear
    days: Days
    seed: int

    @cached_property
    def sun(self) -> Sun:
        """The sun over the typical year (Spencer's series, good to about a quarter degree)."""
        from pvlib import solarposition

        day = (self.days.typical + 1.0)[:, None]
        declination = solarposition.declination_spencer71(day)
        noon = 4.0 * self.year.longitude - self.year.utc_offset  # minutes before 12 h
        clock = np.arange(MINUTES)[None, :] + 0.5 + noon
        turned = (clock + solarposition.equation_of_time_spencer71(day)) / 4.0
        angle = np.radians(turned % 360.0 - 180.0)
        latitude = np.radians(self.year.latitude)
        zenith = solarposition.solar_zenith_analytical(latitude, angle, declination)
        azimuth = solarposition.solar_azimuth_analytical(latitude, angle, declination, zenith)
        height = np.maximum(np.cos(zenith), 0.0)
        return Sun(np.degrees(zenith), np.degrees(azimuth), height)

    @cached_property
    def irradiance(self) -> Irradiance:
        """The hour's direct and diffuse light, spread over its minutes by sun height and clouds.

        Each hour keeps its mean, except where the sun is too low to give that much light.
        """
        height = self.sun.height
        diffuse = self._hours(self.year.dhi)
        beam = np.maximum(self._hours(self.year.ghi) - diffuse, 0.0)
        level = np.minimum(_ratio(beam, _hourly_mean(height)), MAX_BEAM)
        clouds = self._clouds(level)
        dni = np.where(height > 0.0, _every_minute(level) * (1.0 + clouds), 0.0)
        veil = np.sqrt(height) * (1.0 - 0.3 * clouds)
        dhi = veil * _every_minute(_ratio(diffuse, _hourly_mean(veil)))
        dhi = np.minimum(dhi, CLEAR_BEAM * SOLAR_CONSTANT * height)
        return Irradiance(dni * height + dhi, dni, dhi)

    @cached_property
    def temp_air(self) -> Floats:
        """Air temperature, °C."""
        return self._between_hours(self.year.temp_air)

    @cached_property
    def wind_speed(self) -> Floats:
        """Wind speed at 10 m, m/s: one-minute means with gusts of about a tenth."""
        gusts = self._noise("gust", 3) + self._noise("squall", 17)
        return self._between_hours(self.year.wind_speed) * (1.0 + 0.12 * gusts)

    @cached_property
    def wind_direction(self) -> Floats:
        """Where the wind comes from, degrees from north, [0, 360)."""
        hourly = np.radians(self.year.wind_direction)
        east = self._between_hours(np.sin(hourly))
        north = self._between_hours(np.cos(hourly))
        veer = 12.0 * self._noise("veer", 7)
        return (np.degrees(np.arctan2(east, north)) + veer) % 360.0

    @cached_property
    def pressure(self) -> Floats:
        """Air pressure, hPa."""
        return self._between_hours(self.year.pressure)

    def _clouds(self, level: Floats) -> Floats:
        """By how much each minute's beam is above or below `level`, its hour's mean in W/m²."""
        height = self.sun.height
        clear = level / (CLEAR_BEAM * SOLAR_CONSTANT)
        # Clouds change most where the sky is neither clear nor covered.
        variability = _every_minute(4.0 * clear * np.maximum(1.0 - clear, 0.0))
        swing = variability * (1.1 * self._noise("cloud", 13) + 0.5 * self._noise("wisp", 4))
        swing -= _every_minute(_ratio(_hourly_mean(height * swing), _hourly_mean(height)))
        minutes = swing.reshape(len(swing), 24, 60)
        above = _ratio(_ratio(MAX_BEAM - level, level), minutes.max(axis=2))
        below = _ratio(np.full_like(level, 0.98), -minutes.min(axis=2))
        return swing * _every_minute(np.clip(np.minimum(above, below), 0.0, 1.0))

    def _noise(self, name: str, period: int) -> Floats:
        return smooth(seed_of(self.seed, name), self.days.minutes, period)

    def _hours(self, hourly: Floats) -> Floats:
        """The days' hours of a yearly array, shape (days, 24)."""
        return hourly.reshape(365, 24)[self.days.typical]

    def _between_hours(self, hourly: Floats) -> Floats:
        """Straight lines between what was measured at the ends of the hours."""
        ends = self._hours(hourly)
        before = np.roll(hourly, 1).reshape(365, 24)[self.days.typical]
        share = np.tile(np.arange(60) / 60.0, 24)
        return _every_minute(before) * (1.0 - share) + _every_minute(ends) * share


def _every_minute(hours: Floats) -> Floats:
    return np.repeat(hours, 60, axis=1)


def _hourly_mean(minutes: Floats) -> Floats:
    return minutes.reshape(len(minutes), 24, 60).mean(axis=2)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Their quotient; 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0.0)
