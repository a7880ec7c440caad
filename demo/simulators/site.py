"""All devices of a site: the value of each of their metrics at any instant."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np

from demo.simulators.battery import Battery
from demo.simulators.days import MICROS, Days, day_of
from demo.simulators.equipment import Conditions, SimulatedDevice, Values
from demo.simulators.grid import GridMeter
from demo.simulators.noise import seed_of
from demo.simulators.weather import TypicalYear, Weather, shipped_year
from history.arrays import Floats, Ints

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
    equipment: tuple[SimulatedDevice, ...]


@dataclass(frozen=True)
class SiteReadings:
    """Readings of some minutes: `timestamps` in µs since the epoch, and the values by metric."""

    timestamps: Ints
    values: dict[Key, Floats]

    def between(self, start: int, end: int) -> Self:
        """The readings of [start, end), in µs since the epoch."""
        inside = slice(*self.timestamps.searchsorted([start, end]))
        values = {key: array[inside] for key, array in self.values.items()}
        return type(self)(self.timestamps[inside], values)


@dataclass(frozen=True)
class _SitePower:
    """Power by device, in watts; the first of the days only brings the batteries to their state.

    `stored` is the energy in each battery, `consumption` that of the whole site.
    """

    conditions: Conditions
    by_device: Values
    stored: Values
    consumption: Floats


class Simulation:
    """Computes a SitePlan's readings. It keeps sums of earlier days, which changes no value."""

    def __init__(self, plan: SitePlan, seed: int = 0) -> None:
        self.plan = plan
        self.seed = seed_of(seed, plan.slug)
        self._sums: dict[int, dict[Key, int]] = {plan.origin: {}}  # watt-minutes by first day

    @cached_property
    def year(self) -> TypicalYear:
        """The place's weather file."""
        return shipped_year(self.plan.year)

    def readings(self, start: int, end: int, block_days: int = 7) -> Iterator[SiteReadings]:
        """All full minutes in [start, end), in µs since the epoch, some days at a time.

        Raises ValueError for a start before the origin.
        """
        for readings in self.whole_days(start, end, block_days):
            yield readings.between(start, end)

    def whole_days(self, start: int, end: int, block_days: int = 7) -> Iterator[SiteReadings]:
        """All minutes of the days that [start, end) touches."""
        day, last = (day_of(at, self.year.utc_offset) for at in (start, max(start, end - 1)))
        if day < self.plan.origin:
            raise ValueError(f"{self.plan.slug} did not exist yet on day {day}.")
        while day <= last:
            count = min(block_days, last + 1 - day)
            yield self._days(day, count)
            day += count

    def _days(self, day: int, count: int) -> SiteReadings:
        site = self._power(day, count)
        totals = dict(self._sums_at(day))
        values: dict[Key, Floats] = {}
        for device in self.plan.equipment:
            power = site.by_device[device.slug]
            energy = self._energy(device, power, totals)
            computed = energy | {"consumption": site.consumption}
            if device.slug in site.stored:
                computed["stored"] = site.stored[device.slug]
            measured = {**energy, **device.measure(site.conditions, power, computed)}
            values |= {(device.slug, key): array[1:].ravel() for key, array in measured.items()}
        self._sums[day + count] = totals
        return SiteReadings(site.conditions.days.minutes[1:].ravel() * MICROS, values)

    def _energy(
        self, device: SimulatedDevice, power: Floats, totals: dict[Key, int]
    ) -> dict[str, Floats]:
        """The registers in whole Wh; moves `totals` to the end of the days."""
        energy = {}
        for key, watts in device.registers(power).items():
            whole = watts.astype(np.int64)
            running = np.cumsum(whole).reshape(whole.shape) - whole[0].sum()
            before = totals.get((device.slug, key), 0)
            energy[key] = np.floor((before + running - whole) / 60.0)
            totals[device.slug, key] = before + int(running[-1, -1])
        return energy

    def _sums_at(self, day: int) -> dict[Key, int]:
        """All registers' watt-minutes at the start of a day."""
        reached = max(at for at in self._sums if at <= day)
        while reached < day:
            count = min(PREFIX_DAYS, day - reached)
            site, totals = self._power(reached, count), dict(self._sums[reached])
            for device in self.plan.equipment:
                for key, watts in device.registers(site.by_device[device.slug]).items():
                    total = totals.get((device.slug, key), 0)
                    totals[device.slug, key] = total + int(watts[1:].sum())
            reached += count
            self._sums[reached] = totals
        return self._sums[day]

    def _power(self, day: int, count: int) -> _SitePower:
        days = Days(day - 1, count + 1, self.year.utc_offset, ZoneInfo(self.plan.zone))
        conditions = Conditions(days, Weather(self.year, days, self.seed), self.seed)
        equipment = self.plan.equipment
        power = {device.slug: device.active_power(conditions) for device in equipment}
        produced, consumption = (
            sum((power[device.slug] for device in equipment if sign == device.SIGN), np.zeros(1))
            for sign in (1, -1)
        )
        surplus, stored = produced - consumption, {}
        for device in equipment:
            if isinstance(device, Battery):
                power[device.slug], stored[device.slug] = _follow(device, surplus)
                surplus = surplus + power[device.slug]
        for device in equipment:
            if isinstance(device, GridMeter):
                power[device.slug] = 0.0 - surplus  # 0.0, never −0.0
        return _SitePower(conditions, power, stored, consumption)


def _follow(battery: Battery, surplus: Floats) -> tuple[Floats, Floats]:
    """Power and stored energy; the battery's days begin at EMPTY_AT.

    The hours of the first day before that stay empty.
    """
    lead = battery.EMPTY_AT
    shifted = np.concatenate([surplus.ravel()[lead:], np.zeros(lead)]).reshape(surplus.shape)
    power, stored = (
        np.concatenate([np.zeros(lead), series.ravel()[:-lead]]).reshape(surplus.shape)
        for series in battery.follow(shifted)
    )
    return power, stored
