"""What a reading of a counter adds, decided once: from what came before it and right behind. Pure.

It is never decided from a window that is asked for, so the parts of any window add up to the whole.
A counter's *level* is the height it is known to have reached. A reading is *near* a level if it is
at most 10 % below it, and above it by no more than is plausible:

- With a known `max_rate`, a rise is plausible if it is at most that rate × the time since the
  counter last moved: coarse counters stand still, then jump. The reading that first shows a jump
  comes after it, when part of the next jump may have been gathered already, at most as much as one
  jump. So the time begins earlier than that reading: by as long as the jump takes at the rate, but
  not before the reading ahead of it. A counter never seen to move may have gathered for an hour.
- Without one every rise is plausible, but one to more than twice the level has to be confirmed,
  because nothing else tells a garbled reading.

The first reading is the level, and nothing is known of the time before it. Of those behind it:

- A reading near the level and not below it is a *rise*. It adds the difference.
- One near the level but below it is a *dip* (noise, or a correction). It adds nothing, until the
  level is passed again: noise does not count twice. If it is still below after more than 24 hours
  it was a correction: what the last reading showed is the level, and the counter goes on from it.
- One that is not near is *undecided*, and makes no step. The next reading decides about it:
  - If that is near the level, the undecided one was a *blip*. It adds nothing, and the next one
    adds its rise from the level. Only when the counter fell more than 24 hours ago, and the next
    one is near the undecided one as well, that was a reset: so long no blip lasts.
  - Else, if the next one is near the undecided one, it confirms it, and the level is there.
  - Else, if both are implausible rises, the next one the higher, the counter rises faster than it
    may: the undecided one is the level, nothing is known of the time, and the next is undecided.
  - Else the undecided one was a blip, and the next one is undecided in its place: garbled readings
    in a row, each unlike the one before, neither count nor hide the level.
- An undecided reading below the level that is confirmed was
  - a *rollover* where the register's `rollover` is known, it fell from the upper half of the
    register to the lower, and the rise across it is plausible. It adds rollover − level + value.
  - else a *reset*: the counter began at 0 again at some time since the reading before. It adds its
    value where that is plausible in this time. Where it is not, nothing is known of the time.
- An undecided reading above the level that is confirmed adds the difference without a `max_rate`.
  With one it is implausible, and stays: nothing is known of the time, and the counter goes on.
- Whatever moves the level by more than a tenth leaves an *old* level for 24 hours, because a blip
  may have several readings. A reading near the old level, on that side of the level, is its return
  if it is not near the level, or more than twice as high. It adds its rise from the old level; what
  was added meanwhile stays. A counter that rises past its old level in smaller steps was reset, and
  goes on. Only the last old level is kept, but a rise towards a higher one leaves that in place.
- A reading below 0 is none: no counter shows it.

A step ends at a reading: one that is decided, or the undecided one that it confirms. It begins
where the one before ended. All that later readings need is in a CounterState, which never grows.
"""

from dataclasses import astuple, dataclass
from math import inf, nan
from struct import Struct
from typing import ClassVar, NamedTuple

HOUR = 3_600_000_000  # microseconds
DAY = 24 * HOUR
KEPT = 0.9  # of its level a counter keeps in a dip
CONFIRMED = 2  # times its level an unrated counter rises to without being asked again
NONE = -1.0  # where there is no value: no counter shows it
NO_STEP = -1.0  # what an undecided reading adds
UNKNOWN = nan  # what a reading adds about whose span nothing can be said


class Rules(NamedTuple):
    """What is known of a counter.

    `max_rate`: how much it gains in a microsecond at most, if known, > 0; `rollover`: the value at
    which its register begins at 0 again, if it does, > 0.
    """

    max_rate: float | None = None
    rollover: float | None = None

    @property
    def rate(self) -> float:
        """How much it gains in a microsecond at most; infinite where that is not known."""
        return self.max_rate or inf


NO_RULES = Rules()  # of a counter of which nothing is known


@dataclass(frozen=True, slots=True)
class CounterState:
    """All that decides what the next readings of a counter add.

    Values are NONE where there are none, and the instants that belong to them 0. The `level` was
    decided at `until`; the next rise is measured from `since`. `dip`: what the last decided reading
    showed, if it was below the level, as all since `dipped` were. `undecided`: the reading that is,
    of `undecided_at`; nothing is decided from `strayed` on. The `old` level, whose next rise is
    measured from `old_since`, may return up to `old_until`.
    """

    level: float = NONE
    until: int = 0
    since: int = 0
    dip: float = NONE
    dipped: int = 0
    undecided: float = NONE
    undecided_at: int = 0
    strayed: int = 0
    old: float = NONE
    old_since: int = 0
    old_until: int = 0

    _LAYOUT: ClassVar = Struct("<dqqdqdqqdqq")
    SIZE: ClassVar = _LAYOUT.size

    def to_bytes(self) -> bytes:
        """Always SIZE bytes, from which exactly this state is read again."""
        return self._LAYOUT.pack(*astuple(self))

    @classmethod
    def from_bytes(cls, packed: bytes) -> "CounterState":
        """The state that `to_bytes` wrote."""
        return cls(*cls._LAYOUT.unpack(packed))


NEVER_READ = CounterState()


class Counter:
    """One counter, read one reading after the other. The attributes are those of its state."""

    __slots__ = (*CounterState.__slots__, "is_rated", "rate", "rollover")

    def __init__(self, state: CounterState, rules: Rules) -> None:
        self.level, self.until, self.since = state.level, state.until, state.since
        self.dip, self.dipped = state.dip, state.dipped
        self.undecided, self.undecided_at = state.undecided, state.undecided_at
        self.strayed = state.strayed
        self.old, self.old_since, self.old_until = state.old, state.old_since, state.old_until
        self.rate, self.rollover = rules.rate, rules.rollover
        self.is_rated = self.rate < inf

    @property
    def state(self) -> CounterState:
        """All that later readings need."""
        return CounterState(*(getattr(self, name) for name in CounterState.__slots__))

    @property
    def is_settled(self) -> bool:
        """Whether the last reading was decided, and showed the level."""
        return self.dip < 0 and self.undecided < 0 <= self.level

    def read(self, at: int, value: float) -> tuple[float, float]:
        """What the undecided reading adds, if this one decides so, and what this one adds."""
        if self.level < 0:
            self.level, self.until, self.since = value, at, at - HOUR
            return NO_STEP, NO_STEP
        self._outlive(at, value)
        confirmed = NO_STEP
        if self._returns(at, value):
            self._go_on_from(self.old, self.old_since)
            self._forget_old()
        elif not self._is_near(self.level, self.since, at, value) or self._was_reset(at, value):
            if not self._confirms(at, value):
                climbed = self._settle(is_climbing=True) if self._climbs(value) else NO_STEP
                self._wait(at, value)
                return climbed, NO_STEP
            confirmed = self._settle()
        return confirmed, self._follow(at, value)

    def skip(self, at: int, value: float, since: int) -> None:
        """Go on behind rises of a tenth at most, the last of which ended so."""
        self._outlive(at, value)
        if self.level < self.old <= value:
            self._forget_old()
        self.level, self.until, self.since = value, at, since

    def _outlive(self, at: int, value: float) -> None:
        """Give up what a reading comes too late for."""
        if at > self.old_until:
            self._forget_old()
        if value < self.level and self.dip >= 0 and at - self.dipped > DAY:
            self._go_on_from(self.dip, self.dipped)

    def _is_near(self, level: float, since: int, at: int, value: float) -> bool:
        """Whether a reading is a dip of a level, or a plausible rise from it."""
        return (
            value >= KEPT * level
            and value - level <= self.rate * (at - since)
            and (self.is_rated or value <= CONFIRMED * level)
        )

    def _returns(self, at: int, value: float) -> bool:
        """Whether a reading is back at the old level, having been far from it."""
        return (
            self.old >= 0
            and (value > self.level) == (self.old > self.level)
            and self._is_near(self.old, self.old_since, at, value)
            and (
                value > CONFIRMED * self.level
                or not self._is_near(self.level, self.since, at, value)
            )
        )

    def _was_reset(self, at: int, value: float) -> bool:
        """Whether a fall lasted too long to be a blip, though the level is near again."""
        return (
            0 <= self.undecided < self.level
            and at - self.strayed > DAY
            and self._confirms(at, value)
        )

    def _confirms(self, at: int, value: float) -> bool:
        """Whether a reading is near the undecided one."""
        return self.undecided >= 0 and self._is_near(self.undecided, self.until, at, value)

    def _climbs(self, value: float) -> bool:
        """Whether a reading goes on with an implausible rise that the undecided one began."""
        return self.is_rated and self.undecided >= 0 and self.level <= self.undecided <= value

    def _wait(self, at: int, value: float) -> None:
        """Leave a reading undecided until the next."""
        if self.undecided < 0:
            self.strayed = at
        self.undecided, self.undecided_at = value, at

    def _settle(self, *, is_climbing: bool = False) -> float:
        """Let the undecided reading be the level; what it adds.

        What climbs keeps the old level from which it began, where there is one.
        """
        value, at = self.undecided, self.undecided_at
        if value < self.level:
            added = self._added_by_fall(value, at)
        else:
            added = UNKNOWN if self.is_rated else value - self.level
        if not (is_climbing and 0 <= self.old < self.level):
            self._leave(value, self.strayed)
        self._go_on_from(value, self.until)
        self.until = at
        return added

    def _added_by_fall(self, value: float, at: int) -> float:
        if self.rollover and value < self.rollover / 2 <= self.level <= self.rollover:
            across = self.rollover - self.level + value
            if across <= self.rate * (at - self.since):
                return across
        return value if value <= self.rate * (at - self.until) else UNKNOWN

    def _follow(self, at: int, value: float) -> float:
        """Decide a reading near the level; what it adds."""
        rise = value - self.level
        self.until, until = at, self.until
        if self.undecided >= 0:
            self._forget_undecided()
        if rise < 0:
            self.dipped = self.dipped if self.dip >= 0 else at
            self.dip = value
            return 0.0
        if self.dip >= 0:
            self._forget_dip()
        if rise > 0:
            if KEPT * value > self.level:
                self._leave(value, at)
            elif self.level < self.old <= value:
                self._forget_old()
            self.since = at - int(min(float(at - until), rise / self.rate))
            self.level = value
        return rise

    def _go_on_from(self, level: float, since: int) -> None:
        """Be at another level, whose next rise is measured from an instant."""
        self.level, self.since = level, since
        self._forget_dip()
        self._forget_undecided()

    def _leave(self, value: float, at: int) -> None:
        """Keep the level that the counter leaves at an instant, to go on from a value."""
        if self.level < value < self.old:
            return
        self._forget_old()
        if self.level > 0:
            self.old, self.old_since, self.old_until = self.level, self.since, at + DAY

    def _forget_old(self) -> None:
        self.old, self.old_since, self.old_until = NONE, 0, 0

    def _forget_dip(self) -> None:
        self.dip, self.dipped = NONE, 0

    def _forget_undecided(self) -> None:
        self.undecided, self.undecided_at, self.strayed = NONE, 0, 0
