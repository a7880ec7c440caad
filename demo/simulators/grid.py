"""The grid meter, which closes the balance, and the weather station beside it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.simulators.equipment import Equipment, Readings, Surroundings
from demo.simulators.noise import seed_of, smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOAD_TANGENT = 0.33  # var per W of a load: a power factor of 0.95


@dataclass(frozen=True, kw_only=True)
class GridMeter(Equipment):
    """The three-phase connection of `rated` VA at `nominal` V between phases; import is positive.

    Meters of one `interconnection` see the same frequency.
    """

    KIND = "grid_meter"

    rated: float
    nominal: float
    interconnection: str
    frequency: float = 60.0

    def registers(self, flow: "NDArray[np.float64]") -> Readings:
        return {"import_energy": np.maximum(flow, 0.0), "export_energy": np.maximum(-flow, 0.0)}

    def measure(
        self, around: Surroundings, flow: "NDArray[np.float64]", known: Readings
    ) -> Readings:
        """Voltage sags with import, and P = √3·U·I·λ without its sign."""
        drift = 0.006 * around.noise(self.slug, "grid", 180) + 0.002 * around.noise(
            self.slug, "flicker", 2
        )
        voltage = np.round(self.nominal * (1.0 + drift - 0.015 * flow / self.rated), 1)
        reactive = np.rint(LOAD_TANGENT * known["consumption"])
        apparent = np.hypot(flow, reactive)
        factor = np.divide(np.abs(flow), apparent, out=np.ones_like(flow), where=apparent > 0.0)
        return {
            "active_power": flow,
            "reactive_power": reactive,
            "voltage": voltage,
            "current": np.round(apparent / (np.sqrt(3.0) * voltage), 2),
            "frequency": np.round(self.frequency + 0.02 * self._swing(around), 3),
            "power_factor": np.round(factor, 4),
        }

    def _swing(self, around: Surroundings) -> "NDArray[np.float64]":
        minutes = around.days.minutes
        slow = smooth(seed_of(self.interconnection, "slow"), minutes, 30)
        return slow + smooth(seed_of(self.interconnection, "quick"), minutes, 2)


@dataclass(frozen=True, kw_only=True)
class WeatherStation(Equipment):
    """Measures what the rest of the site feels."""

    KIND = "weather_station"

    def measure(
        self, around: Surroundings, flow: "NDArray[np.float64]", known: Readings
    ) -> Readings:
        return {
            "irradiance": np.round(around.weather.irradiance.ghi, 1),
            "ambient_temperature": np.round(around.weather.temp_air, 1),
            "wind_speed": np.round(around.weather.wind_speed, 1),
        }
