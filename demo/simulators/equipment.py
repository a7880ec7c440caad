"""What all simulated equipment has in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from demo.simulators.days import Days
from demo.simulators.noise import seed_of, smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from demo.simulators.weather import Weather

Readings = Mapping[str, "NDArray[np.float64]"]


@dataclass(frozen=True)
class Surroundings:
    """What a piece of equipment stands in: some days, their weather, and a seed."""

    days: Days
    weather: "Weather"
    seed: int

    def noise(self, slug: str, name: str, period: int) -> "NDArray[np.float64]":
        """Noise in [-1, 1] of this equipment alone, bending every `period` minutes."""
        return smooth(seed_of(self.seed, slug, name), self.days.minutes, period)


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """A simulated Device. `slug` names it in its site; it starts each day from a known state.

    Arrays have the shape (days, 1440). The sign of `flow` is that of the Device's own
    `active_power`, so loads are positive; SIGN says what it does to the site's bus.
    """

    slug: str

    KIND = ""  # as in `devices.kinds`
    SIGN = 0  # +1 produces, −1 consumes, 0 is not on the bus by itself

    def flow(self, around: Surroundings) -> "NDArray[np.float64]":
        """Active power in whole watts."""
        return np.zeros(around.days.minutes.shape)

    def registers(self, flow: "NDArray[np.float64]") -> Readings:
        """What each of its counters integrates: watts that are never negative."""
        return {}

    def measure(
        self, around: Surroundings, flow: "NDArray[np.float64]", known: Readings
    ) -> Readings:
        """The other metrics, by key.

        `known` holds the registers' readings in Wh, and what only the site can tell: a battery's
        `stored` energy in Wh, the site's `consumption` in W.
        """
        return {}


@dataclass(frozen=True, kw_only=True)
class Producer(Equipment):
    """Equipment that only feeds the bus, with a meter of its own."""

    SIGN = 1

    def registers(self, flow: "NDArray[np.float64]") -> Readings:
        return {"production_energy": flow}
