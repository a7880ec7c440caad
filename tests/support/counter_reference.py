"""The rules of counters again, slow and obvious: one reading after the other, forgetting nothing.

Everything is kept in lists that only the rules look back into, and no state is handed on.
"""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

HOUR = 3_600_000_000
DAY = 24 * HOUR


class Reading(NamedTuple):
    at: int
    value: float


class Level(NamedTuple):
    value: float
    since: int  # from when its next rise is measured


class Step(NamedTuple):
    since: int
    until: int
    amount: float | None  # None: nothing is known


@dataclass
class Reference:
    rate: float | None
    rollover: float | None
    levels: list[Level] = field(default_factory=list)
    olds: list[tuple[Level, int]] = field(default_factory=list)  # and when each was left
    dip: list[Reading] = field(default_factory=list)
    strays: list[Reading] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    until: int = 0

    @property
    def level(self) -> Level:
        return self.levels[-1]

    @property
    def stray(self) -> Level:
        """The undecided reading, if it were the level."""
        return Level(self.strays[-1].value, self.until)

    def is_plausible(self, rise: float, since: int, at: int) -> bool:
        return self.rate is None or rise <= self.rate * (at - since)

    def is_near(self, level: Level, reading: Reading) -> bool:
        if reading.value < 0.9 * level.value:
            return False
        if self.rate is None:
            return reading.value <= 2 * level.value
        return self.is_plausible(reading.value - level.value, level.since, reading.at)

    def old(self, at: int) -> Level | None:
        """The old level that may still return."""
        if not self.olds or at - self.olds[-1][1] > DAY:
            return None
        return self.olds[-1][0]

    def read(self, reading: Reading) -> None:
        if not 0 <= reading.value < math.inf:
            return  # No counter shows it.
        if not self.levels:
            self.levels.append(Level(reading.value, reading.at - HOUR))
            self.until = reading.at
            return
        if self.old(reading.at) is None:
            self.olds.clear()
        if self.dip and reading.value < self.level.value and reading.at - self.dip[0].at > DAY:
            self.levels.append(Level(self.dip[-1].value, self.dip[0].at))
            self.dip, self.strays = [], []
        old = self.old(reading.at)
        if old and self.is_return(old, reading):
            self.levels.append(old)
            self.olds.clear()
            self.dip = []
            self.follow(reading)
        elif self.strays and self.is_near(self.stray, reading) and self.may_confirm(reading):
            self.settle()
            self.follow(reading)
        elif self.is_near(self.level, reading):
            self.follow(reading)
        else:
            self.stray_to(reading)

    def stray_to(self, reading: Reading) -> None:
        if self.climbs(reading):
            self.settle(climbs=True)
        self.strays.append(reading)

    def climbs(self, reading: Reading) -> bool:
        """Both the undecided reading and the next are above the level, and the next is higher."""
        if self.rate is None or not self.strays:
            return False
        return self.level.value <= self.strays[-1].value <= reading.value

    def may_confirm(self, reading: Reading) -> bool:
        if not self.is_near(self.level, reading):
            return True
        fell = self.stray.value < self.level.value
        return fell and reading.at - self.strays[0].at > DAY

    def is_return(self, old: Level, reading: Reading) -> bool:
        far = reading.value > 2 * self.level.value or not self.is_near(self.level, reading)
        up = old.value > self.level.value
        towards = reading.value > self.level.value if up else reading.value <= self.level.value
        return far and towards and self.is_near(old, reading)

    def settle(self, *, climbs: bool = False) -> None:
        stray, level = self.strays[-1], self.level
        amount: float | None = None
        if stray.value > level.value:
            if self.rate is None:
                amount = stray.value - level.value
        elif self.is_rollover(stray):
            amount = self.across(stray)
        elif self.is_plausible(stray.value, self.until, stray.at):
            amount = stray.value
        if not (climbs and self.olds and self.olds[-1][0].value < level.value):
            self.leave(stray.value, self.strays[0].at)
        self.levels.append(Level(stray.value, self.until))
        self.step(stray.at, amount)
        self.dip = []

    def across(self, stray: Reading) -> float:
        assert self.rollover is not None
        return self.rollover - self.level.value + stray.value

    def is_rollover(self, stray: Reading) -> bool:
        return (
            self.rollover is not None
            and self.rollover / 2 <= self.level.value <= self.rollover
            and stray.value < self.rollover / 2
            and self.is_plausible(self.across(stray), self.level.since, stray.at)
        )

    def follow(self, reading: Reading) -> None:
        rise = reading.value - self.level.value
        if rise < 0:
            self.dip.append(reading)
        else:
            self.dip = []
        if rise > 0:
            if 0.9 * reading.value > self.level.value:
                self.leave(reading.value, reading.at)
            elif self.olds and self.level.value < self.olds[-1][0].value <= reading.value:
                self.olds.clear()
            jump = math.inf if self.rate is None else rise / self.rate
            back = 0.0 if self.rate is None else min(float(reading.at - self.until), jump)
            self.levels.append(Level(reading.value, reading.at - int(back)))
        self.step(reading.at, max(rise, 0.0))

    def leave(self, value: float, at: int) -> None:
        if self.olds and self.level.value < value < self.olds[-1][0].value:
            return  # It rises towards a higher one.
        self.olds.clear()
        if self.level.value > 0:
            self.olds.append((self.level, at))

    def step(self, until: int, amount: float | None) -> None:
        self.steps.append(Step(self.until, until, amount))
        self.until = until
        self.strays = []


def steps_of(
    readings: list[tuple[int, float]], rate: float | None, rollover: float | None
) -> list[Step]:
    reference = Reference(rate, rollover)
    for at, value in readings:
        reference.read(Reading(at, value))
    return reference.steps
