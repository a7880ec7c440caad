"""The grid meter, which closes the site's balance, and the weather station."""

from dataclasses import dataclass

import numpy as np

from demo.simulators.equipment import Conditions, SimulatedDevice, Values
from demo.simulators.noise import seed_of, smooth
from history.arrays import Floats

LOAD_TANGENT = 0.33  # var per W of a load: a power factor of 0.95


@dataclass(frozen=True, kw_only=True)
class GridMeter(SimulatedDevice):
    """The three-phase connection of `rated` VA at `nominal` V between phases; import is positive.

    Meters of one `interconnection` see the same frequency.
    """

    KIND = "grid_meter"

    rated: float
    nominal: float
    interconnection: str
    frequency: float = 60.0

    def registers(self, power: Floats) -> Values:
        return {"import_energy": np.maximum(power, 0.0), "export_energy": np.maximum(-power, 0.0)}

    def measure(self, conditions: Conditions, power: Floats, computed: Values) -> Values:
        """Voltage sags with import, and P = √3·U·I·λ without its sign."""
        drift = 0.006 * conditions.noise(self.slug, "grid", 180) + 0.002 * conditions.noise(
            self.slug, "flicker", 2
        )
        voltage = np.round(self.nominal * (1.0 + drift - 0.015 * power / self.rated), 1)
        reactive = np.rint(LOAD_TANGENT * computed["consumption"])
        apparent = np.hypot(power, reactive)
        factor = np.divide(np.abs(power), apparent, out=np.ones_like(power), where=apparent > 0.0)
        return {
            "active_power": power,
            "reactive_power": reactive,
            "voltage": voltage,
            "current": np.round(apparent / (np.sqrt(3.0) * voltage), 2),
            "frequency": np.round(self.frequency + 0.02 * self._swing(conditions), 3),
            "power_factor": np.round(factor, 4),
        }

    def _swing(self, conditions: Conditions) -> Floats:
        minutes = conditions.days.minutes
        slow = smooth(seed_of(self.interconnection, "slow"), minutes, 30)
        return slow + smooth(seed_of(self.interconnection, "quick"), minutes, 2)


@dataclass(frozen=True, kw_only=True)
class WeatherStation(SimulatedDevice):
    """Measures the weather that the rest of the site is exposed to."""

    KIND = "weather_station"

    def measure(self, conditions: Conditions, power: Floats, computed: Values) -> Values:
        return {
            "irradiance": np.round(conditions.weather.irradiance.ghi, 1),
            "ambient_temperature": np.round(conditions.weather.temp_air, 1),
            "wind_speed": np.round(conditions.weather.wind_speed, 1),
        }
