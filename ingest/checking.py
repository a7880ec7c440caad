"""Readings as a request names them become a batch: can what it says be true?

Every format's parser ends in `ParsedReadings`; what is checked here is checked for all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from energy.instants import to_micros
from history.arrays import Floats, Ints, ReadingBatch
from ingest.finding import FoundMetrics
from ingest.parsed import ParsedReadings, Refusal, Rejection

# Clocks of devices are ahead at times; a day more is a fault, and would hide all that follows.
MAX_AHEAD = timedelta(days=1)
# Nothing that is read today was measured before; but whatever counts seconds where nanoseconds are
# expected, and clocks that were never set, say 1970.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_UNKNOWN = Refusal("unknown_metric", "There is no such metric.")
_NOT_FINITE = Refusal("not_finite", "The value is not a finite number.")
_TOO_EARLY = Refusal(
    "too_early",
    f"The timestamp is before the year {EARLIEST.year}: it may be in another unit (precision) than "
    "was said, or the clock of the device is not set.",
)
_IN_FUTURE = Refusal("in_future", "The timestamp is over a day ahead of now.")

# Which readings are bad, and why: one reason for all, or for each Metric its own.
Faults = Sequence[tuple[NDArray[np.bool_], Refusal | Sequence[Refusal | None]]]


@dataclass(frozen=True, slots=True)
class CheckedReadings:
    """What of a request may be stored, what has to wait, and what is refused, in the order sent.

    `waiting` has the positions of names in the request where a batch has ids of Metrics; `ignored`
    readings are those that came under a name which somebody chose to ignore.
    """

    batch: ReadingBatch
    rejections: list[Rejection]
    waiting: ReadingBatch
    ignored: int


def check_readings(
    parsed: ParsedReadings, found: FoundMetrics, seen: Ints, *, now: datetime
) -> CheckedReadings:
    """Refuse what cannot be true, and readings of Metrics that are not `seen`.

    `found` is what `parsed.metrics` mean (`find_metrics`). A Metric that its sender does not see is
    refused in the words of one that does not exist. Values must be finite, as sent and as stored,
    timestamps from EARLIEST up to MAX_AHEAD past `now`.
    """
    of_metric, values = parsed.metric_of, _scaled(parsed, found)
    ignored, waits = found.ignored[of_metric], found.waits[of_metric]
    refused = np.array([refusal is not None for refusal in found.refusals], bool)[of_metric]
    unseen = ~np.isin(found.ids, seen)[of_metric] & ~waits
    earliest, latest = to_micros(EARLIEST), to_micros(now + MAX_AHEAD)
    faults: Faults = (
        (refused & ~ignored, found.refusals),
        (unseen & ~refused & ~ignored, _UNKNOWN),
        (~np.isfinite(values) & ~ignored, _NOT_FINITE),
        ((parsed.timestamps < earliest) & ~ignored, _TOO_EARLY),
        ((parsed.timestamps > latest) & ~ignored, _IN_FUTURE),
    )
    good = ~np.logical_or.reduce([bad for bad, _ in faults]) & ~ignored
    ids = np.where(found.waits, np.arange(found.ids.size), found.ids)[of_metric]
    everything = ReadingBatch(ids, parsed.timestamps, values)
    return CheckedReadings(
        everything[good & ~waits],
        sorted([*parsed.malformed, *_rejections(faults, parsed)]),
        everything[good & waits],
        int(ignored.sum()),
    )


def _scaled(parsed: ParsedReadings, found: FoundMetrics) -> Floats:
    """The values as they are stored."""
    if (found.scales == 1).all():
        return parsed.values
    with np.errstate(over="ignore"):  # what becomes infinite is refused
        return parsed.values * found.scales[parsed.metric_of]


def _rejections(faults: Faults, parsed: ParsedReadings) -> Iterator[Rejection]:
    """One rejection for each bad reading: its first fault."""
    named = np.zeros(parsed.positions.size, bool)
    for bad, refusal in faults:
        chosen = bad & ~named
        places, metric_of = parsed.positions[chosen].tolist(), parsed.metric_of[chosen].tolist()
        for position, metric in zip(places, metric_of, strict=True):
            why = refusal if isinstance(refusal, Refusal) else refusal[metric]
            if why is not None:
                yield Rejection(position, *why)
        named |= bad
