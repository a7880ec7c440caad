"""A standby genset that runs only for its exercise."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.simulators.equipment import Producer, Readings, Surroundings

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Litres an hour per kW rated and per kW given: Skarstein and Uhlen, "Design considerations with
# respect to long-term diesel saving in wind/diesel plants", Wind Engineering 13, 1989.
IDLE, LOADED = 0.08415, 0.246


@dataclass(frozen=True, kw_only=True)
class Genset(Producer):
    """Runs for half an hour a week at 30 % of `rated` W, which is more than NFPA 110 (8.4.2) asks.

    `tank` is the day tank in litres, which the yard's tank tops up at midnight.
    """

    KIND = "genset"

    rated: float
    tank: float
    weekday: int = 2  # Wednesday
    start: int = 600  # civil minute

    MINUTES = 30
    SHARE = 0.3

    def flow(self, around: Surroundings) -> "NDArray[np.float64]":
        since = around.days.minute_of_day - self.start
        runs = (around.days.weekday == self.weekday) & (since >= 0) & (since < self.MINUTES)
        wobble = 1.0 + 0.02 * around.noise(self.slug, "governor", 2)
        return np.where(runs, np.rint(self.SHARE * self.rated * wobble), 0.0)

    def measure(
        self, around: Surroundings, flow: "NDArray[np.float64]", known: Readings
    ) -> Readings:
        hourly = np.where(flow > 0.0, (IDLE * self.rated + LOADED * flow) / 1000.0, 0.0)
        used = (np.cumsum(hourly, axis=1) - hourly) / 60.0
        return {
            "active_power": flow,
            "fuel_level": np.round(100.0 * np.clip(1.0 - used / self.tank, 0.0, 1.0), 1),
        }
