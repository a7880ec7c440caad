"""Readings as a request names them become a batch: whose Metric is meant, and can it be true?

Every format's parser ends in `ParsedReadings`; what is checked here is checked for all of them.
"""

from collections.abc import Iterable, Iterator, Sequence
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


@dataclass(frozen=True, slots=True)
class CheckedReadings:
    """What of a request may be stored, and what is refused, in the order sent."""

    batch: ReadingBatch
    rejections: list[Rejection]


def check_readings(
    parsed: ParsedReadings, metric_ids: Ints, seen: Ints, *, now: datetime
) -> CheckedReadings:
    """Refuse what cannot be true, and readings of Metrics that are not `seen`.

    `metric_ids` are those of `parsed.metrics` (`metric_ids_of`). A Metric that its sender does
    not see is refused in the words of one that does not exist. Values must be finite, timestamps
    from 1970 up to MAX_AHEAD past `now`.
    """
    ids = metric_ids[parsed.metric_of]
    unknown = ~np.isin(metric_ids, seen)[parsed.metric_of]
    latest = to_micros(now + MAX_AHEAD)
    faults = (
        (unknown, "unknown_metric", "There is no such metric."),
        (~np.isfinite(parsed.values), "not_finite", "The value is not a finite number."),
        (parsed.timestamps < 0, "too_early", "The timestamp is before 1970."),
        (parsed.timestamps > latest, "in_future", "The timestamp is over a day ahead of now."),
    )
    good = ~np.logical_or.reduce([bad for bad, _, _ in faults])
    batch = ReadingBatch(ids[good], parsed.timestamps[good], parsed.values[good])
    rejections = [*parsed.malformed, *_rejections(faults, parsed.positions)]
    return CheckedReadings(batch, sorted(rejections))


def metric_ids_of(metrics: Sequence[MetricRef], user: Any) -> Ints:
    """The id of each Metric that is named; _UNKNOWN for names of none that `user` sees.

    Takes a query where Metrics are named by names, and another per 10,000. Whether ids that were
    given are those of Metrics, and of ones that `user` sees, is not looked up.
    """
    names = [ref for ref in metrics if not isinstance(ref, int)]
    found: dict[MetricRef, int] = {}
    for some in in_blocks([name for name in names if _can_exist(name)], _NAMES_A_QUERY):
        found.update(_by_name(Metric.objects.visible_to(user).order_by(), some))
    ids = [ref if isinstance(ref, int) else found.get(ref, _UNKNOWN) for ref in metrics]
    return np.array(ids, np.int64)


def _rejections(
    faults: Iterable[tuple[NDArray[np.bool_], str, str]], positions: Ints
) -> Iterator[Rejection]:
    """One rejection for each bad reading: its first fault."""
    named = np.zeros(positions.size, bool)
    for bad, code, reason in faults:
        for position in positions[bad & ~named].tolist():
            yield Rejection(position, code, reason)
        named |= bad


def _by_name(visible: QuerySet[Metric], names: Sequence[Any]) -> Iterator[tuple[MetricRef, int]]:
    """Each of `names` with the id of its Metric, where there is one, and of some Metrics more."""
    sites, devices, keys = ({name[part] for name in names} for part in range(3))
    candidates = visible.filter(
        device__site__slug__in=sites, device__slug__in=devices, key__in=keys
    )
    columns = ("device__site__slug", "device__slug", "key", "unit", "pk")
    for site, device, key, unit, pk in candidates.values_list(*columns):
        yield (site, device, key), pk
        yield (site, device, key, unit), pk


def _can_exist(name: Sequence[str]) -> bool:
    """Whether a database can be asked for it: PostgreSQL takes no NUL in text."""
    return all(part.isascii() and part.isprintable() for part in name[:3])
