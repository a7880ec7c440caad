"""What is consumed: metered loads, electric cars, a heat pump."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from demo.simulators.days import MINUTES, Days
from demo.simulators.equipment import Equipment, Readings, Surroundings
from demo.simulators.noise import seed_of, uniform
from demo.simulators.wind import DATA

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEASONS = ("winter", "transition", "summer")
_DAY_TYPES = ("workday", "saturday", "sunday")
# First days (month, day) of the profile's seasons, as VDEW 1999 draws them.
_SEASON_STARTS = ((101, 0), (321, 1), (515, 2), (915, 1), (1101, 0))


@cache
def standard_profile(name: str) -> "NDArray[np.float64]":
    """A BDEW profile's watts for 1,000 kWh a year, shape (season, day type, quarter-hour)."""
    profile = np.zeros((3, 3, 96))
    for line in (DATA / "bdew_profiles.csv").read_text("utf-8").splitlines():
        cells = line.split(",")
        if cells[0] == name:
            profile[_SEASONS.index(cells[1]), _DAY_TYPES.index(cells[2])] = np.array(
                cells[3:], dtype=float
            )
    return profile


def season_of(days: Days) -> "NDArray[np.int64]":
    """Each day's season in `standard_profile`, shape (days,)."""
    dates = days.numbers.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month = months.astype(int) % 12 + 1
    stamp = 100 * month + (dates - months.astype("datetime64[D]")).astype(int) + 1
    starts, seasons = (np.array(column) for column in zip(*_SEASON_STARTS, strict=True))
    return seasons[np.searchsorted(starts, stamp, side="right") - 1]


@dataclass(frozen=True, kw_only=True)
class Load(Equipment):
    """A standard load profile scaled to `annual` Wh, restless by a tenth; whole watts."""

    KIND = "load_meter"

    annual: float
    profile: str = "g0"

    SIGN = -1

    def flow(self, around: Surroundings) -> "NDArray[np.float64]":
        days = around.days
        day_type = np.clip(days.weekday - 4, 0, 2)
        quarters = np.minimum(days.minute_of_day, MINUTES - 16) / 15.0
        before = quarters.astype(np.int64)
        rows = standard_profile(self.profile)
        season = season_of(days)[:, None]
        low, high = rows[season, day_type, before], rows[season, day_type, before + 1]
        shape = low + (high - low) * (quarters - before)
        noise = (
            1.0
            + 0.06 * around.noise(self.slug, "hour", 47)
            + 0.05 * around.noise(self.slug, "minute", 2)
        )
        return np.rint(shape * noise * (self.annual / 1e6))

    def registers(self, flow: "NDArray[np.float64]") -> Readings:
        return {"consumption_energy": flow}

    def measure(
        self, around: Surroundings, flow: "NDArray[np.float64]", known: Readings
    ) -> Readings:
        return {"active_power": flow}


@dataclass(frozen=True)
class Sessions:
    """Cars at a charger, one row a day: arrival and departure (minute), need (Wh), power (W)."""

    arrival: "NDArray[np.float64]"
    departure: "NDArray[np.float64]"
    need: "NDArray[np.float64]"
    power: "NDArray[np.float64]"


@dataclass(frozen=True, kw_only=True)
class EvCharger(Equipment):
    """A charging point of `rated` W: constant power, then the fade-out of a filling battery."""

    KIND = "ev_charger"

    rated: float

    SIGN = -1

    # Earliest arrival and latest departure of a day's visitors, civil minutes.
    SLOTS = ((420, 690), (705, 930), (990, 1290))
    CARS = (3_700.0, 7_400.0, 11_000.0)  # W: what onboard chargers commonly take
    CONSTANT = 0.85  # share of a charge before the fade-out
    FADED = 0.05  # of full power: here the car ends the charge

    def sessions(self, around: Surroundings, slot: int) -> Sessions:
        """The visits in one slot of each day; a third fewer at the weekend."""
        seed, days = seed_of(around.seed, self.slug, slot), around.days
        arrive, stay, need, car, come = (
            uniform(seed, days.numbers * 5 + draw) for draw in range(5)
        )
        start, end = self.SLOTS[slot]
        shift = days.minutes[:, 720] + days.utc_offset - days.civil[:, 720]  # daylight saving
        comes = come < np.where(days.weekday[:, 720] < 5, 0.95, 0.6)
        arrival = np.floor(start + arrive * 45.0) + shift
        departure = np.floor(end - stay * 30.0) + shift
        power = np.minimum(self.rated, np.array(self.CARS)[(car * len(self.CARS)).astype(int)])
        need = np.where(comes, 6_000.0 + 22_000.0 * need, 0.0)
        return Sessions(arrival, np.where(comes, departure, arrival), need, power)

    def flow(self, around: Surroundings) -> "NDArray[np.float64]":
        return np.sum([self._charge(around, slot) for slot in range(len(self.SLOTS))], axis=0)

    def measure(
        self, around: Surroundings, flow: "NDArray[np.float64]", known: Readings
    ) -> Readings:
        used = np.cumsum(flow, axis=1) - flow
        minute = np.arange(MINUTES)[None, :]
        session = np.zeros_like(flow)
        for slot in range(len(self.SLOTS)):
            visit = self.sessions(around, slot)
            begun = np.take_along_axis(used, visit.arrival.astype(np.int64)[:, None], axis=1)
            there = (minute >= visit.arrival[:, None]) & (minute < visit.departure[:, None])
            session = np.where(there, np.floor((used - begun) / 60.0), session)
        return {"active_power": flow, "session_energy": session}

    def _charge(self, around: Surroundings, slot: int) -> "NDArray[np.float64]":
        visit = self.sessions(around, slot)
        minute = np.arange(MINUTES)[None, :]
        since = minute - visit.arrival[:, None]
        full = visit.power[:, None]
        constant = 60.0 * self.CONSTANT * visit.need[:, None] / full
        fade = 60.0 * (1.0 - self.CONSTANT) * visit.need[:, None] / full
        share = np.exp(-np.maximum(since - constant, 0.0) / np.maximum(fade, 1.0))
        there = (since >= 0) & (minute < visit.departure[:, None])
        return np.where(there & (share >= self.FADED), np.rint(full * share), 0.0)


@dataclass(frozen=True, kw_only=True)
class HeatPump(Equipment):
    """An air-source heat pump: `capacity` W of heat, for a building losing `loss` W/K.

    Efficiency: Staffell et al., "A review of domestic heat pumps", Energy & Environmental Science
    5, 2012, doi:10.1039/C2EE22653G, fit for air-source pumps over the lift ΔT in K:
    COP = 6.81 − 0.121·ΔT + 0.000630·ΔT².
    """

    KIND = "heat_pump"

    capacity: float
    loss: float
    balance: float = 16.0  # °C outside: no heating above

    SIGN = -1

    LIFT = (15.0, 60.0)  # K: where the fit holds
    WATER_HOURS = ((330, 390), (1020, 1080))  # civil minutes of heating tap water
    WATER = 55.0  # °C
    LEAST = 0.25  # of capacity: below, the compressor cycles
    CYCLE = 40  # minutes

    def heat(self, around: Surroundings) -> tuple["NDArray[np.float64]", "NDArray[np.float64]"]:
        """Heat asked for (W, 0 when standing) and the temperature it is delivered at (°C)."""
        outside, clock = around.weather.temp_air, around.days.minute_of_day
        demand = np.clip(self.loss * (self.balance - outside), 0.0, self.capacity)
        least = self.LEAST * self.capacity
        running = around.days.minutes % self.CYCLE < self.CYCLE * demand / least
        demand = np.where(running, np.maximum(demand, least), 0.0)
        # The heating curve of radiators: 30 °C at 15 °C outside, 55 °C at −15 °C.
        flow = np.clip(30.0 + (15.0 - outside) * 25.0 / 30.0, 30.0, 55.0)
        water = np.zeros(clock.shape, dtype=bool)
        for start, end in self.WATER_HOURS:
            water |= (clock >= start) & (clock < end)
        demand = np.where(water, np.maximum(demand, 0.6 * self.capacity), demand)
        return demand, np.where(water, self.WATER, flow)

    def efficiency(
        self, flow: "NDArray[np.float64]", outside: "NDArray[np.float64]"
    ) -> "NDArray[np.float64]":
        """Watts of heat per watt."""
        lift = np.clip(flow - outside, *self.LIFT)
        return 6.81 - 0.121 * lift + 0.000630 * lift**2

    def flow(self, around: Surroundings) -> "NDArray[np.float64]":
        demand, warm = self.heat(around)
        return np.rint(demand / self.efficiency(warm, around.weather.temp_air))

    def measure(
        self, around: Surroundings, flow: "NDArray[np.float64]", known: Readings
    ) -> Readings:
        demand, warm = self.heat(around)
        standing = np.clip(warm - 6.0, 24.0, None)  # the pipes, cooling down
        return {
            "active_power": flow,
            "thermal_power": np.rint(demand),
            "flow_temperature": np.round(np.where(demand > 0.0, warm, standing), 1),
        }
