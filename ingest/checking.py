"""Readings as a request names them become a batch: whose Metric is meant, and can it be true?

Every format's parser ends in `ParsedReadings`; what is checked here is checked for all of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from energy.instants import to_micros
from history.arrays import Ints, ReadingBatch
from history.blocks import in_blocks
from ingest.parsed import MetricRef, ParsedReadings, Rejection
from metrics.models import Metric

# Clocks of devices are ahead at times; a day more is a fault, and would hide all that follows.
MAX_AHEAD = timedelta(days=1)
# Databases differ in how many parameters a statement takes; SQLite's least is 32,766.
_NAMES_A_QUERY = 10_000
_UNKNOWN = 0  # no Metric has this id

Name = tuple[str, str, str]
# Which readings are bad, a code, and the reason: one for all, or for each Metric its own.
Faults = Sequence[tuple[NDArray[np.bool_], str, str | Sequence[str]]]


@dataclass(frozen=True, slots=True)
class CheckedReadings:
    """What of a request may be stored, and what is refused, in the order sent."""

    batch: ReadingBatch
    rejections: list[Rejection]


@dataclass(frozen=True, slots=True)
class FoundMetrics:
    """The Metrics that a request names, in its order.

    `ids` int64[n], _UNKNOWN where a name is that of none; `misfits` says of each what is wrong with
    the unit it was named in, "" where nothing is.
    """

    ids: Ints
    misfits: Sequence[str]


def check_readings(
    parsed: ParsedReadings, found: FoundMetrics, seen: Ints, *, now: datetime
) -> CheckedReadings:
    """Refuse what cannot be true, and readings of Metrics that are not `seen`.

    `found` are `parsed.metrics` (`find_metrics`). A Metric that its sender does not see is refused
    in the words of one that does not exist. Values must be finite, timestamps from 1970 up to
    MAX_AHEAD past `now`.
    """
    ids = found.ids[parsed.metric_of]
    unknown = ~np.isin(found.ids, seen)[parsed.metric_of]
    misfit = np.array([reason != "" for reason in found.misfits], bool)[parsed.metric_of]
    latest = to_micros(now + MAX_AHEAD)
    faults: Faults = (
        (unknown, "unknown_metric", "There is no such metric."),
        (misfit, "wrong_unit", found.misfits),
        (~np.isfinite(parsed.values), "not_finite", "The value is not a finite number."),
        (parsed.timestamps < 0, "too_early", "The timestamp is before 1970."),
        (parsed.timestamps > latest, "in_future", "The timestamp is over a day ahead of now."),
    )
    good = ~np.logical_or.reduce([bad for bad, _, _ in faults])
    batch = ReadingBatch(ids[good], parsed.timestamps[good], parsed.values[good])
    rejections = [*parsed.malformed, *_rejections(faults, parsed)]
    return CheckedReadings(batch, sorted(rejections))


def find_metrics(metrics: Sequence[MetricRef], user: Any) -> FoundMetrics:
    """The Metrics that are named, of those that `user` sees.

    Takes a query where Metrics are named by names, and another per 10,000. Whether ids that were
    given are those of Metrics, and of ones that `user` sees, is not looked up.
    """
    names = [ref for ref in metrics if not isinstance(ref, int)]
    by_name: dict[Name, tuple[int, str]] = {}
    for some in in_blocks([name for name in names if _can_exist(name)], _NAMES_A_QUERY):
        by_name.update(_by_name(Metric.objects.visible_to(user).order_by(), some))
    found = [_found(ref, by_name) for ref in metrics]
    return FoundMetrics(
        np.array([pk for pk, _ in found], np.int64), [misfit for _, misfit in found]
    )


def _found(ref: MetricRef, by_name: Mapping[Name, tuple[int, str]]) -> tuple[int, str]:
    """A Metric's id, and what is wrong with the unit that it was named in."""
    if isinstance(ref, int):
        return ref, ""
    pk, unit = by_name.get(ref[:3], (_UNKNOWN, ""))
    said = ref[3] if len(ref) == 4 else unit
    if pk == _UNKNOWN or said == unit:
        return pk, ""
    return pk, f"This metric is in {unit}, the file says {said or 'nothing'}."


def _rejections(faults: Faults, parsed: ParsedReadings) -> Iterator[Rejection]:
    """One rejection for each bad reading: its first fault."""
    named = np.zeros(parsed.positions.size, bool)
    for bad, code, reason in faults:
        chosen = bad & ~named
        places, metric_of = parsed.positions[chosen].tolist(), parsed.metric_of[chosen].tolist()
        for position, metric in zip(places, metric_of, strict=True):
            yield Rejection(position, code, reason if isinstance(reason, str) else reason[metric])
        named |= bad


def _by_name(
    visible: QuerySet[Metric], names: Sequence[Any]
) -> Iterator[tuple[Name, tuple[int, str]]]:
    """Each of `names` with its Metric's id and unit, where there is one, and some Metrics more."""
    sites, devices, keys = ({name[part] for name in names} for part in range(3))
    candidates = visible.filter(
        device__site__slug__in=sites, device__slug__in=devices, key__in=keys
    )
    columns = ("device__site__slug", "device__slug", "key", "unit", "pk")
    for site, device, key, unit, pk in candidates.values_list(*columns):
        yield (site, device, key), (pk, unit)


def _can_exist(name: Sequence[str]) -> bool:
    """Whether a database can be asked for it: PostgreSQL takes no NUL in text."""
    return all(part.isascii() and part.isprintable() for part in name[:3])
