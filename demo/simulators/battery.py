"""A battery that keeps the sun for the evening."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.simulators.days import MINUTES
from demo.simulators.equipment import Equipment, Readings, Surroundings

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Open-circuit voltage of a lithium iron phosphate cell over its charge, at 25 °C: the plateau
# that, for example, Baronti et al. 2014 measured (doi:10.1109/TIE.2014.2316230), in V a cell.
_CHARGE = (0.0, 10.0, 20.0, 50.0, 80.0, 95.0, 100.0)
_CELL = (2.80, 3.20, 3.25, 3.30, 3.33, 3.36, 3.45)
FADE = 20.0 / 6000.0  # % of health a cycle: 80 % after 6,000, what makers commonly warrant


@dataclass(frozen=True, kw_only=True)
class Battery(Equipment):
    """Charges from surplus, discharges into need; discharge is positive.

    `rated` W at the terminals, `capacity` Wh of cells, used between `lowest` and `highest` % of
    charge; `efficiency` there and back. Every day it is down at its lowest charge at 5:00
    standard time: what the evening left, it gives from 3:00 on. So no day depends on another.
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

    def follow(
        self, surplus: "NDArray[np.float64]"
    ) -> tuple["NDArray[np.float64]", "NDArray[np.float64]"]:
        """Power (whole W, discharge +) and stored energy (Wh above the lowest, at the minute's
        start) for a surplus in W; shape (days, 1440), the days beginning at EMPTY_AT.
        """
        power, stored = np.empty(surplus.T.shape), np.empty(surplus.T.shape)
        wanted = np.clip(-surplus, -self.rated, self.rated).T
        held, full = np.zeros(len(surplus)), self.usable * 60.0  # watt-minutes of cells
        for minute in range(MINUTES):
            want = wanted[minute] if minute < MINUTES - self.EMPTIES_FOR else self.rated
            most, least = held * self.one_way, (held - full) / self.one_way
            # Adding 0.0 makes zeros positive.
            power[minute] = np.trunc(np.maximum(np.minimum(want, most), least)) + 0.0
            stored[minute] = held
            held = held - self.from_cells(power[minute])
        return power.T, stored.T / 60.0

    def from_cells(self, power: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Watts the cells give (or, negative, take) for this power at the terminals."""
        return np.where(power > 0.0, power / self.one_way, power * self.one_way)

    def registers(self, flow: "NDArray[np.float64]") -> Readings:
        return {
            "charge_energy": np.maximum(-flow, 0.0),
            "discharge_energy": np.maximum(flow, 0.0),
        }

    def measure(
        self, around: Surroundings, flow: "NDArray[np.float64]", known: Readings
    ) -> Readings:
        cycles = known["discharge_energy"] / self.one_way / self.capacity
        charge = known["stored"] / self.capacity * 100.0 + self.lowest
        voltage = self.cells * np.interp(charge, _CHARGE, _CELL)
        voltage *= 1.0 - 0.02 * flow / self.rated
        wobble = around.noise(self.slug, "room", 240)
        heat = 23.0 + wobble + 7.0 * (flow / self.rated) ** 2
        return {
            "state_of_charge": np.round(charge, 2),
            "state_of_health": np.round(100.0 - FADE * cycles, 2),
            "active_power": flow,
            "dc_voltage": np.round(voltage, 1),
            "dc_current": np.round(self.from_cells(flow) / voltage, 2),
            "cell_temperature_max": np.round(heat, 1),
            "cycle_count": np.round(np.floor(cycles * 100.0) / 100.0, 2),
        }
