"""The states of counters that chunks keep, and from when on readings have to be read instead."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from history.buckets import DAY
from history.counters import NEVER_READ, CounterState, Rules
from history.counting import END, Kept
from history.models import Checkpoint, Chunk
from history.relational.backend import backend
from history.relational.base import Row
from history.relational.increments import States

NEVER = -(2**31)  # before any day

Counters = Mapping[int, Rules]  # by Metric id


class Sealed(NamedTuple):
    """What is sealed of a counter before a day: the last chunk's `day`, and its `state`.

    The day is NEVER where there is none; the state is None where it is not known by the counter's
    rules. `oldest`: when the first reading of the head was measured, of whatever day.
    """

    oldest: int
    day: int
    state: CounterState | None


class Beginning(NamedTuple):
    """How a counter stands before a day, and when the first reading of the head was measured."""

    kept: Kept
    oldest: int


def sealed_before(day: int, counters: Counters) -> dict[int, Sealed]:
    """By Metric id, what is sealed of counters before a day, counted from the Unix epoch."""
    rows = backend().states(list(counters), day, Chunk._meta.db_table)
    # What was pruned lies before all chunks.
    if missing := [metric_id for metric_id, _, sealed, _ in rows if sealed is None]:
        pruned = {row[0]: row for row in backend().states(missing, day, Checkpoint._meta.db_table)}
        rows = [pruned.get(row[0], row) for row in rows]
    return told(rows, counters)


def told(rows: Sequence[Row], counters: Counters) -> dict[int, Sealed]:
    """What is sealed of counters by Metric id, as the backend's rows of states tell it."""
    states = States([state for *_, state in rows])
    follow = states.follow([counters[metric_id] for metric_id, *_ in rows])
    found = {}
    for place, (metric_id, oldest, sealed, _) in enumerate(rows):
        head = END if oldest is None else oldest
        if sealed is None:
            found[metric_id] = Sealed(head, NEVER, NEVER_READ)
        else:
            found[metric_id] = Sealed(head, sealed, states[place] if follow[place] else None)
    return found


def beginnings(counters: Counters, day: int) -> dict[int, Beginning]:
    """By Metric id, how each counter stands before a day, counted from the Unix epoch."""
    found = sealed_before(day, counters)
    for metric_id, sealed in found.items():
        if sealed.day >= sealed.oldest // DAY:  # late readings have changed how it stood
            own = {metric_id: counters[metric_id]}
            found |= sealed_before(sealed.oldest // DAY, own)
    return {
        metric_id: Beginning(
            Kept()
            if sealed.state is None
            else Kept(min(day, sealed.oldest // DAY) * DAY, sealed.state),
            sealed.oldest,
        )
        for metric_id, sealed in found.items()
    }


def kept_states(counters: Counters, instant: int) -> dict[int, Kept]:
    """By Metric id, the latest right state of each counter, from before an instant."""
    return {key: each.kept for key, each in beginnings(counters, instant // DAY).items()}
