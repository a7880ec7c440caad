"""Consumers: metered loads, EV chargers, a heat pump."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from demo.simulators.days import MINUTES, Days
from demo.simulators.equipment import Conditions, SimulatedDevice, Values
from demo.simulators.noise import seed_of, uniform
from demo.simulators.wind import DATA
from history.arrays import Floats, Ints

_SEASONS = ("winter", "transition", "summer")
_DAY_TYPES = ("workday", "saturday", "sunday")
# First days (month, day) of the profile's seasons, as VDEW 1999 draws them.
_SEASON_STARTS = ((101, 0), (321, 1), (515, 2), (915, 1), (1101, 0))


@cache
def standard_profile(name: str) -> Floats:
    """A BDEW profile's watts for 1,000 kWh a year, shape (season, day type, quarter-hour)."""
    profile = np.zeros((3, 3, 96))
    for line in (DATA / "bdew_profiles.csv").read_text("utf-8").splitlines():
        cells = line.split(",")
        if cells[0] == name:
            profile[_SEASONS.index(cells[1]), _DAY_TYPES.index(cells[2])] = np.array(
                cells[3:], dtype=float
            )
    return profile


def season_of(days: Days) -> Ints:
    """Each day's season in `standard_profile`, shape (days,)."""
    dates = days.numbers.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month = months.astype(int) % 12 + 1
    stamp = 100 * month + (dates - months.astype("datetime64[D]")).astype(int) + 1
    starts, seasons = (np.array(column) for column in zip(*_SEASON_STARTS, strict=True))
    return seasons[np.searchsorted(starts, stamp, side="right") - 1]


@dataclass(frozen=True, kw_only=True)
class Load(SimulatedDevice):
    """A standard load profile scaled to `annual` Wh, with noise of about a tenth; whole watts."""

    KIND = "load_meter"

    annual: float
    profile: str = "g0"

    SIGN = -1

    def active_power(self, conditions: Conditions) -> Floats:
        days = conditions.days
        day_type = np.clip(days.weekday - 4, 0, 2)
        quarters = np.minimum(days.minute_of_day, MINUTES - 16) / 15.0
        before = quarters.astype(np.int64)
        rows = standard_profile(self.profile)
        season = season_of(days)[:, None]
        low, high = rows[season, day_type, before], rows[season, day_type, before + 1]
        shape = low + (high - low) * (quarters - before)
        noise = (
            1.0
            + 0.06 * conditions.noise(self.slug, "hour", 47)
            + 0.05 * conditions.noise(self.slug, "minute", 2)
        )
        return np.rint(shape * noise * (self.annual / 1e6))

    def registers(self, power: Floats) -> Values:
        return {"consumption_energy": power}

    def measure(self, conditions: Conditions, power: Floats, computed: Values) -> Values:
        return {"active_power": power}


@dataclass(frozen=True)
class Sessions:
    """Cars at a charger, one row a day: arrival and departure (minute), need (Wh), power (W)."""

    arrival: Floats
    departure: Floats
    need: Floats
    power: Floats


@dataclass(frozen=True, kw_only=True)
class EvCharger(SimulatedDevice):
    """A charging point of `rated` W: constant power, then less and less as the battery fills."""

    KIND = "ev_charger"

    rated: float

    SIGN = -1

    # Earliest arrival and latest departure of a day's visitors, civil minutes.
    SLOTS = ((420, 690), (705, 930), (990, 1290))
    CARS = (3_700.0, 7_400.0, 11_000.0)  # W: what onboard chargers commonly take
    CONSTANT = 0.85  # share of a charge at constant power
    FADED = 0.05  # of full power: below, the car ends the charge

    def sessions(self, conditions: Conditions, slot: int) -> Sessions:
        """The visits in one slot of each day; a third fewer at the weekend."""
        seed, days = seed_of(conditions.seed, self.slug, slot), conditions.days
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

    def active_power(self, conditions: Conditions) -> Floats:
        return np.sum([self._charge(conditions, slot) for slot in range(len(self.SLOTS))], axis=0)

    def measure(self, conditions: Conditions, power: Floats, computed: Values) -> Values:
        used = np.cumsum(power, axis=1) - power
        minute = np.arange(MINUTES)[None, :]
        session = np.zeros_like(power)
        for slot in range(len(self.SLOTS)):
            visit = self.sessions(conditions, slot)
            at_arrival = np.take_along_axis(used, visit.arrival.astype(np.int64)[:, None], axis=1)
            there = (minute >= visit.arrival[:, None]) & (minute < visit.departure[:, None])
            session = np.where(there, np.floor((used - at_arrival) / 60.0), session)
        return {"active_power": power, "session_energy": session}

    def _charge(self, conditions: Conditions, slot: int) -> Floats:
        visit = self.sessions(conditions, slot)
        minute = np.arange(MINUTES)[None, :]
        since = minute - visit.arrival[:, None]
        full = visit.power[:, None]
        constant = 60.0 * self.CONSTANT * visit.need[:, None] / full
        fade = 60.0 * (1.0 - self.CONSTANT) * visit.need[:, None] / full
        share = np.exp(-np.maximum(since - constant, 0.0) / np.maximum(fade, 1.0))
        there = (since >= 0) & (minute < visit.departure[:, None])
        return np.where(there & (share >= self.FADED), np.rint(full * share), 0.0)


@dataclass(frozen=True, kw_only=True)
class HeatPump(SimulatedDevice):
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

    def heat(self, conditions: Conditions) -> tuple[Floats, Floats]:
        """The heat demand (W, 0 when it does not run) and its flow temperature (°C)."""
        outside, clock = conditions.weather.temp_air, conditions.days.minute_of_day
        demand = np.clip(self.loss * (self.balance - outside), 0.0, self.capacity)
        least = self.LEAST * self.capacity
        running = conditions.days.minutes % self.CYCLE < self.CYCLE * demand / least
        demand = np.where(running, np.maximum(demand, least), 0.0)
        # The heating curve of radiators: 30 °C at 15 °C outside, 55 °C at −15 °C.
        flow_temperature = np.clip(30.0 + (15.0 - outside) * 25.0 / 30.0, 30.0, 55.0)
        water = np.zeros(clock.shape, dtype=bool)
        for start, end in self.WATER_HOURS:
            water |= (clock >= start) & (clock < end)
        demand = np.where(water, np.maximum(demand, 0.6 * self.capacity), demand)
        return demand, np.where(water, self.WATER, flow_temperature)

    def efficiency(self, flow_temperature: Floats, outside: Floats) -> Floats:
        """Watts of heat per watt."""
        lift = np.clip(flow_temperature - outside, *self.LIFT)
        return 6.81 - 0.121 * lift + 0.000630 * lift**2

    def active_power(self, conditions: Conditions) -> Floats:
        demand, flow_temperature = self.heat(conditions)
        return np.rint(demand / self.efficiency(flow_temperature, conditions.weather.temp_air))

    def measure(self, conditions: Conditions, power: Floats, computed: Values) -> Values:
        demand, flow_temperature = self.heat(conditions)
        standing = np.clip(flow_temperature - 6.0, 24.0, None)  # the pipes cool down
        return {
            "active_power": power,
            "thermal_power": np.rint(demand),
            "flow_temperature": np.round(np.where(demand > 0.0, flow_temperature, standing), 1),
        }
