"""Quarter hours with readings: what the readings of each come to. Pure."""

from dataclasses import dataclass, fields

import numpy as np

from history.arrays import Floats, Ints
from history.buckets import DAY, MINUTE

QUARTER = 15 * MINUTE
QUARTERS_A_DAY = DAY // QUARTER


@dataclass(frozen=True, slots=True)
class Cells:
    """What the readings of some quarter hours come to; one entry for each that has any.

    `keys` int64[n] ascending: which quarter hour. `counts` int64[n]; `firsts` and `lasts` int64[n]:
    when the first and last of its readings were measured, in microseconds since the Unix epoch;
    `known` int64[n]: microseconds for which a value is known from the first reading to the end.
    float64[n]: the `first`, `low`, `high` and `last` value and the `mean` over the known time.
    """

    keys: Ints
    counts: Ints
    firsts: Ints
    lasts: Ints
    known: Ints
    first: Floats
    low: Floats
    high: Floats
    last: Floats
    mean: Floats

    @property
    def shape(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Count, first and last as offsets in the quarter hour, known time."""
        return self.counts, self.firsts % QUARTER, self.lasts % QUARTER, self.known

    def between(self, low: int, high: int) -> "Cells":
        """Those from one index up to another."""
        return Cells(*(getattr(self, field.name)[low:high] for field in fields(self)))


@np.errstate(over="ignore", invalid="ignore")
def cells_of(
    keys: Ints, timestamps: Ints, values: Floats, *, hold: Ints | int, until: int | None = None
) -> Cells:
    """The cells of one or more readings, ascending by key, then time.

    `keys` are not negative and differ between quarter hours. Each reading is held for at most
    `hold` microseconds, and not beyond `until`.
    """
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    ends = np.append(begins[1:], keys.size) - 1
    counts = ends - begins + 1
    stops = np.append(timestamps[1:], 0)
    stops[ends] = timestamps[ends] - timestamps[ends] % QUARTER + QUARTER
    stops = np.minimum(stops, timestamps + hold)
    if until is not None:
        stops = np.minimum(stops, until)
    held = np.maximum(stops - timestamps, 0)
    known, last = np.add.reduceat(held, begins), values[ends]
    # Averaging the differences from one of the values keeps constants constant.
    risen = np.add.reduceat(held * (values - np.repeat(last, counts)), begins)
    return Cells(
        keys=keys[begins],
        counts=counts,
        firsts=timestamps[begins],
        lasts=timestamps[ends],
        known=known,
        first=values[begins],
        low=np.minimum.reduceat(values, begins),
        high=np.maximum.reduceat(values, begins),
        last=last,
        mean=last + risen / np.maximum(known, 1),
    )


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def steepest(groups: Ints, timestamps: Ints, values: Floats, count: int) -> Floats:
    """The fastest rise of each of `count` groups of readings; infinite where one falls.

    `groups` int64[n] names each reading's group, from 0, ascending. float64[count], the counter's
    unit per microsecond since it last moved; 0 for groups without a step.
    """
    fastest = np.zeros(count)
    if groups.size < 2:
        return fastest
    changes, inside = np.diff(values), groups[1:] == groups[:-1]
    begins = np.append(True, ~inside | (changes != 0))
    since = timestamps[np.maximum.accumulate(np.where(begins, np.arange(groups.size), 0))]
    rates = changes / (timestamps[1:] - since[:-1])
    rates = np.where((changes < 0) | ~np.isfinite(rates), np.inf, rates)
    np.maximum.at(fastest, groups[1:][inside], rates[inside])
    return fastest
