"""PV arrays and their inverters: PVWatts on a tilted plane, by pvlib.

Dobos, "PVWatts version 5 manual", NREL/TP-6A20-62641, 2014; Hay and Davies 1980 for diffuse
light; Faiman 2008 (doi:10.1002/pip.813) for the temperature of the modules.
"""

from dataclasses import dataclass

import numpy as np

from demo.simulators.equipment import Conditions, Producer, SimulatedDevice, Values
from demo.simulators.weather import SOLAR_CONSTANT, Weather
from history.arrays import Floats

LOSSES = 0.86  # PVWatts' default losses of 14 %: soiling, wiring, mismatch and the like
GAMMA = -0.0035  # 1/K: crystalline silicon's loss of power with temperature
BETA = -0.0029  # 1/K: and of voltage
INVERTER_EFFICIENCY = 0.96  # PVWatts' nominal
POWER_FACTOR = 0.995  # what an inverter's filters leave

# SunSpec information model 103, point St.
SLEEPING, TRACKING, THROTTLED = 2.0, 4.0, 5.0


@dataclass(frozen=True, kw_only=True)
class PvArray(SimulatedDevice):
    """Modules on one plane: `dc_rated` W at standard conditions, `voltage` V at full sun."""

    KIND = "pv_array"

    dc_rated: float
    tilt: float
    azimuth: float
    voltage: float = 800.0

    def measure(self, conditions: Conditions, power: Floats, computed: Values) -> Values:
        plane = self.plane(conditions.weather)
        heat = self.temperature(plane, conditions.weather)
        lit = np.clip(plane / 1000.0, 1e-3, None)
        voltage = self.voltage * (1.0 + BETA * (heat - 25.0)) * (1.0 + 0.025 * np.log(lit))
        dc_power = self.dc_power(conditions.weather)
        return {
            "dc_power": dc_power,
            "dc_voltage": np.where(dc_power > 0.0, np.round(voltage, 1), 0.0),
            "module_temperature": np.round(heat, 1),
        }

    def plane(self, weather: Weather) -> Floats:
        """Irradiance on the plane without what it reflects, W/m²."""
        from pvlib import iam, irradiance

        sun, light = weather.sun, weather.irradiance
        sky = irradiance.haydavies(
            self.tilt, self.azimuth, light.dhi, light.dni, SOLAR_CONSTANT, sun.zenith, sun.azimuth
        )
        ground = irradiance.get_ground_diffuse(self.tilt, light.ghi)
        aoi = irradiance.aoi(self.tilt, self.azimuth, sun.zenith, sun.azimuth)
        beam = light.dni * np.maximum(np.cos(np.radians(aoi)), 0.0) * iam.ashrae(aoi)
        return beam + sky + ground

    def temperature(self, plane: Floats, weather: Weather) -> Floats:
        """Temperature of the modules, °C."""
        from pvlib import temperature

        return temperature.faiman(plane, weather.temp_air, weather.wind_speed)

    def dc_power(self, weather: Weather) -> Floats:
        """DC power in whole watts, after the array's losses."""
        from pvlib import pvsystem

        plane = self.plane(weather)
        heat = self.temperature(plane, weather)
        power = pvsystem.pvwatts_dc(plane, heat, self.dc_rated, GAMMA) * LOSSES
        return np.rint(np.clip(power, 0.0, self.dc_rated))


@dataclass(frozen=True, kw_only=True)
class Inverter(Producer):
    """Feeds what its arrays produce to the bus, at most `rated` watts."""

    KIND = "inverter"

    rated: float
    arrays: tuple[PvArray, ...]

    def active_power(self, conditions: Conditions) -> Floats:
        from pvlib import inverter

        dc = sum(array.dc_power(conditions.weather) for array in self.arrays)
        return np.floor(inverter.pvwatts(dc, self.rated / INVERTER_EFFICIENCY, INVERTER_EFFICIENCY))

    def measure(self, conditions: Conditions, power: Floats, computed: Values) -> Values:
        full = np.floor(self.rated)
        state = np.where(power >= full, THROTTLED, np.where(power > 0.0, TRACKING, SLEEPING))
        warm = conditions.weather.temp_air + 4.0 + 22.0 * power / self.rated
        return {
            "active_power": power,
            "apparent_power": np.rint(power / POWER_FACTOR),
            "cabinet_temperature": np.round(warm, 1),
            "operating_state": state,
        }
