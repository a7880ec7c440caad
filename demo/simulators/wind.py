"""Wind turbines by their published power curves."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.simulators.equipment import Conditions, Producer, Values
from history.arrays import Floats

DATA = Path(__file__).parent / "data"
MEASURED_AT = 10.0  # m: the height of the weather file's anemometer
SHEAR = (
    1.0 / 7.0
)  # Peterson and Hennessey 1978, doi:10.1175/1520-0450(1978)017<0390:OTUOPL>2.0.CO;2
DENSITY = 1.225  # kg/m³: what power curves are published for (IEC 61400-12-1)
GAS_CONSTANT = 287.05  # J/(kg·K), dry air (IEC 61400-12-1)
ZERO_CELSIUS = 273.15  # K
TIP_SPEED_RATIO = 7.0  # where three blades work best (Burton et al., "Wind Energy Handbook", 3.6)


@cache
def power_curve(model: str) -> tuple[Floats, Floats]:
    """Hub wind speeds (m/s) and powers (W) of a model in `data/`, whose head names the source."""
    table = np.loadtxt(DATA / f"{model}.csv", delimiter=",", comments="#")
    return table[:, 0], table[:, 1] * 1000.0


@dataclass(frozen=True, kw_only=True)
class WindTurbine(Producer):
    """A turbine of a `model` in `data/`: W, m, m/s, and the rotor's least and most 1/min."""

    KIND = "wind_turbine"

    model: str
    rated: float
    hub_height: float
    diameter: float
    rotor: tuple[float, float]
    cut_in: float
    cut_out: float = 25.0

    def hub_wind(self, conditions: Conditions) -> Floats:
        """Wind speed at the hub by the power law, with a little noise of each turbine's own."""
        own = 1.0 + 0.04 * conditions.noise(self.slug, "wake", 11)
        return conditions.weather.wind_speed * own * (self.hub_height / MEASURED_AT) ** SHEAR

    def active_power(self, conditions: Conditions) -> Floats:
        weather = conditions.weather
        wind = self.hub_wind(conditions)
        density = weather.pressure * 100.0 / (GAS_CONSTANT * (weather.temp_air + ZERO_CELSIUS))
        # IEC 61400-12-1: a pitch-regulated turbine sees the wind that carries the same power.
        power = np.interp(wind * np.cbrt(density / DENSITY), *power_curve(self.model))
        return np.where(self._runs(wind), np.floor(np.clip(power, 0.0, self.rated)), 0.0)

    def measure(self, conditions: Conditions, power: Floats, computed: Values) -> Values:
        wind = self.hub_wind(conditions)
        turning = TIP_SPEED_RATIO * wind * 60.0 / (np.pi * self.diameter)
        rotor = np.where(self._runs(wind), np.clip(turning, *self.rotor), 0.0)
        return {
            "active_power": power,
            "wind_speed": np.round(wind, 1),
            "wind_direction": np.mod(np.rint(conditions.weather.wind_direction), 360.0),
            "rotor_speed": np.round(rotor, 1),
        }

    def _runs(self, wind: Floats) -> NDArray[np.bool_]:
        return (wind >= self.cut_in) & (wind < self.cut_out)
