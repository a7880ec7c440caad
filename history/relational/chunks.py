"""Statements about sealed days, and about hot rows that are to be; the same on both databases."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from history.arrays import Ints, Samples
from history.buckets import DAY
from history.relational.backend import database
from history.relational.codec import Sealed, moments, values

Pair = tuple[int, int]  # a Metric's id and a day

_HEADERS = """
    SELECT metric_id, day, n FROM history_chunk
    WHERE metric_id {any} AND day BETWEEN %s AND %s ORDER BY metric_id, day
"""
_SUMMARIES = """
    SELECT metric_id, day, hold, quarters, extremes FROM history_chunk
    WHERE metric_id {any} AND day BETWEEN %s AND %s
"""
_SUMMARIES_WITHOUT = _SUMMARIES.replace("quarters, extremes", "quarters, NULL")
_DAYS = """
    SELECT p.metric_id, p.day, p.times, p.vals
    FROM history_chunk AS p
    WHERE p.metric_id {any} AND p.day BETWEEN %s AND %s ORDER BY p.metric_id, p.day
"""
_CHOSEN = """
    SELECT p.metric_id, p.day, p.times, p.vals
    FROM {pairs} CROSS JOIN history_chunk AS p
    WHERE p.metric_id = wanted.metric_id AND p.day = wanted.day ORDER BY p.metric_id, p.day
"""
_NEAREST = """
    SELECT wanted.metric_id,
        (SELECT day FROM history_chunk AS p
         WHERE p.metric_id = wanted.metric_id AND day < %s ORDER BY day DESC LIMIT 1),
        (SELECT n FROM history_chunk AS p
         WHERE p.metric_id = wanted.metric_id AND day < %s ORDER BY day DESC LIMIT 1),
        (SELECT day FROM history_chunk AS p
         WHERE p.metric_id = wanted.metric_id AND day < %s ORDER BY day DESC LIMIT 1 OFFSET 1),
        (SELECT day FROM history_chunk AS p
         WHERE p.metric_id = wanted.metric_id AND day > %s ORDER BY day LIMIT 1)
    FROM {ids}
"""
_DELETE = "DELETE FROM history_chunk WHERE metric_id {any} AND day BETWEEN %s AND %s"
_NAMES = ", ".join(Sealed._fields)
_OVERWRITE = (
    f"INSERT INTO history_chunk ({_NAMES}) {{rows}} ON CONFLICT (metric_id, day) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in Sealed._fields[2:])
)
_OLDEST = """
    SELECT id, oldest FROM (
        SELECT id, (SELECT min(timestamp) FROM history_reading AS r
                    WHERE r.metric_id = m.id AND timestamp >= %s) AS oldest
        FROM metrics_metric AS m) AS first
    WHERE oldest < %s
"""
_HOT_COUNTS = """
    SELECT metric_id, count(*) FROM history_reading
    WHERE metric_id {any} AND timestamp >= %s AND timestamp < %s GROUP BY metric_id
"""
_HOT_DAYS = """
    SELECT metric_id, (timestamp - (timestamp %% {day} + {day}) %% {day}) / {day}, count(*)
    FROM history_reading
    WHERE metric_id {any} AND timestamp >= %s AND timestamp < %s GROUP BY 1, 2
"""
_HOLD = "SELECT id, type, expected_interval FROM metrics_metric WHERE id {any} ORDER BY id{lock}"


class Header(NamedTuple):
    """How many readings a day has."""

    metric_id: int
    day: int
    n: int


class Summaries(NamedTuple):
    """What the quarter hours of sealed days come to, a value being held for `holds` at most.

    `metric_ids`, `days` and `holds` int64[n]; `quarters` and `extremes` as in `Sealed`.
    """

    metric_ids: Ints
    days: Ints
    holds: Ints
    quarters: Sequence[bytes]
    extremes: Sequence[bytes | None]


def headers(metric_ids: Sequence[int], first: int, last: int) -> list[Header]:
    """The sealed days from `first` to `last`, by Metric, then day."""
    return [Header(*row) for row in _execute(_HEADERS, _array(metric_ids), first, last)]


def summaries(metric_ids: Sequence[int], first: int, last: int, extremes: bool) -> Summaries:
    """The summaries of the days from `first` to `last`, in no order, with `extremes` if wanted."""
    statement = _SUMMARIES if extremes else _SUMMARIES_WITHOUT
    found = _execute(statement, _array(metric_ids), first, last)
    ids, days, holds, *written = zip(*found, strict=True) if found else ((),) * 5
    return Summaries(_array(ids), _array(days), _array(holds), *written)


def days(metric_ids: Sequence[int], first: int, last: int) -> dict[int, list[Samples]]:
    """The readings of the days from `first` to `last`, day by day, of Metrics that have any."""
    return _by_metric(_execute(_DAYS, _array(metric_ids), first, last))


def chosen(pairs: Iterable[Pair]) -> dict[int, list[Samples]]:
    """The readings of some Metrics' days, day by day, as far as they are sealed."""
    wanted = np.array(sorted(set(pairs)), np.int64).reshape(-1, 2)
    if not wanted.size:
        return {}
    return _by_metric(_execute(_CHOSEN, *database().pair_parameters(wanted)))


def nearest(metric_ids: Sequence[int], first: int, last: int) -> list[Pair]:
    """The days that hold the two readings ahead of day `first` and the one behind day `last`."""
    pairs: list[Pair] = []
    for metric_id, before, n, earlier, behind in _execute(
        _NEAREST, first, first, first, last, _array(metric_ids)
    ):
        found = (before, earlier if n == 1 else None, behind)
        pairs += [(metric_id, day) for day in found if day is not None]
    return pairs


def oldest(since: int, before: int) -> dict[int, int]:
    """Each Metric's first hot reading of [since, before), of those that have any."""
    return dict(_execute(_OLDEST, since, before))


def hot_counts(metric_ids: Sequence[int], start: int, end: int) -> dict[int, int]:
    """How many hot readings of [start, end) the Metrics have that have any."""
    return dict(_execute(_HOT_COUNTS, _array(metric_ids), start, end))


def hot_days(metric_ids: Sequence[int], start: int, end: int) -> list[Header]:
    """How many hot readings of [start, end) each day has."""
    return [Header(*row) for row in _execute(_HOT_DAYS, _array(metric_ids), start, end)]


def write(packs: Sequence[Sealed]) -> None:
    """Insert sealed days, or put them in the place of what was there."""
    if packs:
        database().insert_all(_OVERWRITE, list(zip(*packs, strict=True)))


def delete(metric_ids: Sequence[int], first: int, last: int) -> None:
    """Delete the days from `first` to `last`."""
    _execute(_DELETE, _array(metric_ids), first, last)


def hold(metric_ids: Sequence[int]) -> list[tuple[int, str, int]]:
    """Keep everybody else who seals or deletes off these Metrics until the transaction's end.

    Returns id, type and expected interval of those that exist. Writers of readings pass. Always in
    the order of ids: two who want the same Metrics wait, they never deadlock.
    """
    return _execute(_HOLD, _array(metric_ids))


def _by_metric(rows: Iterable[tuple[int, int, bytes, bytes]]) -> dict[int, list[Samples]]:
    found: dict[int, list[Samples]] = {}
    clock: dict[bytes, Ints] = {}  # most Metrics are measured at the same moments
    for metric_id, _, times, vals in rows:
        if times not in clock:
            clock[times] = moments(times)
        found.setdefault(metric_id, []).append(Samples(clock[times], values(vals)))
    return found


def _array(metric_ids: Sequence[int]) -> Any:
    return np.array(metric_ids, np.int64)


def _execute(statement: str, *parameters: Any) -> list[Any]:
    engine = database()
    return engine.execute(statement.format(day=DAY, **engine.PHRASES), *parameters)
