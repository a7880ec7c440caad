"""What all simulated devices have in common."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from demo.simulators.days import Days
from demo.simulators.noise import seed_of, smooth
from demo.simulators.weather import Weather
from history.arrays import Floats

Values = Mapping[str, Floats]  # by the key of a Metric


@dataclass(frozen=True)
class Conditions:
    """What a device is exposed to: some days, their weather, and a seed."""

    days: Days
    weather: Weather
    seed: int

    def noise(self, slug: str, name: str, period: int) -> Floats:
        """Noise in [-1, 1] of this device alone, with a new random value every `period` minutes."""
        return smooth(seed_of(self.seed, slug, name), self.days.minutes, period)


@dataclass(frozen=True, kw_only=True)
class SimulatedDevice:
    """A device by its nameplate. `slug` names it in its site; each day begins in a known state.

    Arrays have the shape (days, 1440). The power has the sign of the Device's own `active_power`,
    so that of loads is positive; SIGN says what it does to the site's bus.
    """

    slug: str

    KIND = ""  # as in `devices.kinds`
    SIGN = 0  # +1 produces, −1 consumes, 0 is not on the bus by itself

    def active_power(self, conditions: Conditions) -> Floats:
        """Whole watts."""
        return np.zeros(conditions.days.minutes.shape)

    def registers(self, power: Floats) -> Values:
        """What each of its counters integrates: watts that are never negative."""
        return {}

    def measure(self, conditions: Conditions, power: Floats, computed: Values) -> Values:
        """The other metrics, by key.

        `computed` has the registers' readings in Wh and what only the site knows: a battery's
        `stored` energy in Wh, the site's `consumption` in W.
        """
        return {}


@dataclass(frozen=True, kw_only=True)
class Producer(SimulatedDevice):
    """A device that only feeds the bus, with a meter of its own."""

    SIGN = 1

    def registers(self, power: Floats) -> Values:
        return {"production_energy": power}
