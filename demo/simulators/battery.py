"""A battery that stores surplus for the evening."""

from dataclasses import dataclass

import numpy as np

from demo.simulators.days import MINUTES
from demo.simulators.equipment import Conditions, SimulatedDevice, Values
from history.arrays import Floats

# Open-circuit voltage of a lithium iron phosphate cell over its charge, at 25 °C: the plateau
# that, for example, Baronti et al. 2014 measured (doi:10.1109/TIE.2014.2316230), in V a cell.
_CHARGE = (0.0, 10.0, 20.0, 50.0, 80.0, 95.0, 100.0)
_CELL = (2.80, 3.20, 3.25, 3.30, 3.33, 3.36, 3.45)
FADE = 20.0 / 6000.0  # % of health a cycle: 80 % after 6,000, what makers commonly warrant


@dataclass(frozen=True, kw_only=True)
class Battery(SimulatedDevice):
    """Charges from surplus and discharges when there is a shortage; discharge is positive.

    `rated` W at the terminals, `capacity` Wh of cells, used between `lowest` and `highest` % of
    charge; `efficiency` of a round trip. So that no day depends on another, it is at its lowest
    charge every day at 5:00 standard time: from 3:00 on it discharges what the evening left.
    Raises ValueError when two hours are too short for that.
    """

    KIND = "battery"

    rated: float
    capacity: float
    lowest: float = 10.0
    highest: float = 95.0
    efficiency: float = 0.90
    cells: int = 240

    EMPTY_AT = 300  # minute of the standard day
    EMPTIES_FOR = 120  # minutes

    def __post_init__(self) -> None:
        if self.usable * self.one_way > self.rated * self.EMPTIES_FOR / 60.0:
            raise ValueError("A full battery must be able to empty in two hours.")

    @property
    def usable(self) -> float:
        """Wh of cells between the lowest and the highest charge."""
        return self.capacity * (self.highest - self.lowest) / 100.0

    @property
    def one_way(self) -> float:
        """Efficiency between terminals and cells, the same both ways."""
        return self.efficiency**0.5

    def follow(self, surplus: Floats) -> tuple[Floats, Floats]:
        """Power (whole W, discharge +) and stored energy (Wh above the lowest, at the minute's
        start) for a surplus in W; shape (days, 1440), the days beginning at EMPTY_AT.
        """
        power, stored = np.empty(surplus.T.shape), np.empty(surplus.T.shape)
        desired = np.clip(-surplus, -self.rated, self.rated).T
        charge, full = np.zeros(len(surplus)), self.usable * 60.0  # watt-minutes of cells
        for minute in range(MINUTES):
            target = desired[minute] if minute < MINUTES - self.EMPTIES_FOR else self.rated
            most, least = charge * self.one_way, (charge - full) / self.one_way
            # Adding 0.0 makes zeros positive.
            power[minute] = np.trunc(np.maximum(np.minimum(target, most), least)) + 0.0
            stored[minute] = charge
            charge = charge - self.from_cells(power[minute])
        return power.T, stored.T / 60.0

    def from_cells(self, power: Floats) -> Floats:
        """Watts the cells give (or, negative, take) for this power at the terminals."""
        return np.where(power > 0.0, power / self.one_way, power * self.one_way)

    def registers(self, power: Floats) -> Values:
        return {
            "charge_energy": np.maximum(-power, 0.0),
            "discharge_energy": np.maximum(power, 0.0),
        }

    def measure(self, conditions: Conditions, power: Floats, computed: Values) -> Values:
        cycles = computed["discharge_energy"] / self.one_way / self.capacity
        charge = computed["stored"] / self.capacity * 100.0 + self.lowest
        voltage = self.cells * np.interp(charge, _CHARGE, _CELL)
        voltage *= 1.0 - 0.02 * power / self.rated
        wobble = conditions.noise(self.slug, "room", 240)
        heat = 23.0 + wobble + 7.0 * (power / self.rated) ** 2
        return {
            "state_of_charge": np.round(charge, 2),
            "state_of_health": np.round(100.0 - FADE * cycles, 2),
            "active_power": power,
            "dc_voltage": np.round(voltage, 1),
            "dc_current": np.round(self.from_cells(power) / voltage, 2),
            "cell_temperature_max": np.round(heat, 1),
            "cycle_count": np.round(np.floor(cycles * 100.0) / 100.0, 2),
        }
