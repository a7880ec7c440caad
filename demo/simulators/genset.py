"""A standby genset that runs only to be exercised."""

from dataclasses import dataclass

import numpy as np

from demo.simulators.equipment import Conditions, Producer, Values
from history.arrays import Floats

# Litres an hour per kW rated and per kW given: Skarstein and Uhlen, "Design considerations with
# respect to long-term diesel saving in wind/diesel plants", Wind Engineering 13, 1989.
IDLE, LOADED = 0.08415, 0.246


@dataclass(frozen=True, kw_only=True)
class Genset(Producer):
    """Runs for half an hour a week at 30 % of `rated` W, which is more than NFPA 110 (8.4.2) asks.

    `tank` is the day tank in litres; it is filled up at midnight.
    """

    KIND = "genset"

    rated: float
    tank: float
    weekday: int = 2  # Wednesday
    start: int = 600  # civil minute

    MINUTES = 30
    SHARE = 0.3

    def active_power(self, conditions: Conditions) -> Floats:
        since = conditions.days.minute_of_day - self.start
        runs = (conditions.days.weekday == self.weekday) & (since >= 0) & (since < self.MINUTES)
        wobble = 1.0 + 0.02 * conditions.noise(self.slug, "governor", 2)
        return np.where(runs, np.rint(self.SHARE * self.rated * wobble), 0.0)

    def measure(self, conditions: Conditions, power: Floats, computed: Values) -> Values:
        hourly = np.where(power > 0.0, (IDLE * self.rated + LOADED * power) / 1000.0, 0.0)
        used = (np.cumsum(hourly, axis=1) - hourly) / 60.0
        return {
            "active_power": power,
            "fuel_level": np.round(100.0 * np.clip(1.0 - used / self.tank, 0.0, 1.0), 1),
        }
