"""A site's equipment together: every instant's value of every metric."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from demo.simulators.battery import Battery
from demo.simulators.days import MICROS, Days, day_of
from demo.simulators.equipment import Equipment, Readings, Surroundings
from demo.simulators.grid import GridMeter
from demo.simulators.noise import seed_of
from demo.simulators.weather import TypicalYear, Weather, shipped_year

if TYPE_CHECKING:
    from numpy.typing import NDArray

PREFIX_DAYS = 60  # summed at a time on the way to a window

Key = tuple[str, str]  # a Device's slug and a Metric's key


@dataclass(frozen=True)
class SitePlan:
    """Some equipment in the weather of a place.

    `year` names a file of `weather.shipped_year`, `zone` is IANA's, `origin` the day (counted
    from 1 January 1970) on which all registers stood at zero.
    """

    slug: str
    year: str
    zone: str
    origin: int
    equipment: tuple[Equipment, ...]


@dataclass(frozen=True)
class Block:
    """Readings of some minutes: `timestamps` in µs since the epoch, and values for each metric."""

    timestamps: "NDArray[np.int64]"
    values: dict[Key, "NDArray[np.float64]"]

    def between(self, start: int, end: int) -> "Block":
        """Its readings of [start, end), in µs since the epoch."""
        inside = slice(*self.timestamps.searchsorted([start, end]))
        return Block(self.timestamps[inside], {key: v[inside] for key, v in self.values.items()})


@dataclass(frozen=True)
class _Flows:
    """Who gave and took how many watts; the first of the days only warms the batteries up."""

    around: Surroundings
    power: Readings
    stored: Readings
    consumption: "NDArray[np.float64]"


class Simulation:
    """Computes a SitePlan's readings. It remembers sums it has made, which changes no value."""

    def __init__(self, plan: SitePlan, seed: int = 0) -> None:
        self.plan = plan
        self.seed = seed_of(seed, plan.slug)
        self._sums: dict[int, dict[Key, int]] = {plan.origin: {}}  # watt-minutes by first day

    @cached_property
    def year(self) -> TypicalYear:
        """The place's weather file."""
        return shipped_year(self.plan.year)

    def readings(self, start: int, end: int, block_days: int = 7) -> Iterator[Block]:
        """All full minutes in [start, end), in µs since the epoch, some days at a time.

        Raises ValueError for a start before the origin.
        """
        for block in self.whole_days(start, end, block_days):
            yield block.between(start, end)

    def whole_days(self, start: int, end: int, block_days: int = 7) -> Iterator[Block]:
        """All minutes of the days that `readings` takes from."""
        day, last = (day_of(at, self.year.utc_offset) for at in (start, max(start, end - 1)))
        if day < self.plan.origin:
            raise ValueError(f"{self.plan.slug} did not exist yet on day {day}.")
        while day <= last:
            count = min(block_days, last + 1 - day)
            yield self._block(day, count)
            day += count

    def _block(self, day: int, count: int) -> Block:
        flows = self._flows(day, count)
        totals = dict(self._sums_at(day))
        values: dict[Key, NDArray[np.float64]] = {}
        for item in self.plan.equipment:
            flow = flows.power[item.slug]
            known = self._energy(item, flow, totals)
            values |= {(item.slug, key): wh[1:].ravel() for key, wh in known.items()}
            known |= {"consumption": flows.consumption}
            if item.slug in flows.stored:
                known["stored"] = flows.stored[item.slug]
            measured = item.measure(flows.around, flow, known)
            values |= {(item.slug, key): value[1:].ravel() for key, value in measured.items()}
        self._sums[day + count] = totals
        return Block(flows.around.days.minutes[1:].ravel() * MICROS, values)

    def _energy(
        self, item: Equipment, flow: "NDArray[np.float64]", totals: dict[Key, int]
    ) -> dict[str, "NDArray[np.float64]"]:
        """The registers in whole Wh; moves `totals` to the end of the days."""
        energy = {}
        for key, watts in item.registers(flow).items():
            whole = watts.astype(np.int64)
            running = np.cumsum(whole).reshape(whole.shape) - whole[0].sum()
            before = totals.get((item.slug, key), 0)
            energy[key] = np.floor((before + running - whole) / 60.0)
            totals[item.slug, key] = before + int(running[-1, -1])
        return energy

    def _sums_at(self, day: int) -> dict[Key, int]:
        """All registers' watt-minutes at the start of a day."""
        known = max(at for at in self._sums if at <= day)
        while known < day:
            count = min(PREFIX_DAYS, day - known)
            flows, totals = self._flows(known, count), dict(self._sums[known])
            for item in self.plan.equipment:
                for key, watts in item.registers(flows.power[item.slug]).items():
                    total = totals.get((item.slug, key), 0)
                    totals[item.slug, key] = total + int(watts[1:].sum())
            known += count
            self._sums[known] = totals
        return self._sums[day]

    def _flows(self, day: int, count: int) -> _Flows:
        days = Days(day - 1, count + 1, self.year.utc_offset, ZoneInfo(self.plan.zone))
        around = Surroundings(days, Weather(self.year, days, self.seed), self.seed)
        power = {item.slug: item.flow(around) for item in self.plan.equipment}
        produced, consumption = (
            sum((power[i.slug] for i in self.plan.equipment if sign == i.SIGN), np.zeros(1))
            for sign in (1, -1)
        )
        surplus, stored = produced - consumption, {}
        for item in self.plan.equipment:
            if isinstance(item, Battery):
                power[item.slug], stored[item.slug] = _follow(item, surplus)
                surplus = surplus + power[item.slug]
        for item in self.plan.equipment:
            if isinstance(item, GridMeter):
                power[item.slug] = 0.0 - surplus  # 0.0, never −0.0
        return _Flows(around, power, stored, consumption)


def _follow(
    battery: Battery, surplus: "NDArray[np.float64]"
) -> tuple["NDArray[np.float64]", "NDArray[np.float64]"]:
    """The battery's days begin at EMPTY_AT; the first day's hours before are left empty."""
    lead = battery.EMPTY_AT
    shifted = np.concatenate([surplus.ravel()[lead:], np.zeros(lead)]).reshape(surplus.shape)
    power, stored = (
        np.concatenate([np.zeros(lead), series.ravel()[:-lead]]).reshape(surplus.shape)
        for series in battery.follow(shifted)
    )
    return power, stored
