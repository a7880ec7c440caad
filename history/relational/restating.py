"""Deciding again what sealed days add to counters, where a day before or the rules have changed.

A chunk's state is that of its counter behind all readings in chunks up to its day, by the rules
that it names. Whoever changes the readings of a day, or has other rules, decides the days behind
again, until one leaves the counter as it did before. That happens in the caller's transaction,
which has locked the Metrics. What would take long is left without a state, and decided by the next
sealing; until then, its readings are read instead.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db import transaction

from history.blocks import in_blocks
from history.counters import CounterState
from history.models import Checkpoint, Chunk
from history.relational.backend import backend
from history.relational.base import Row
from history.relational.chunks import decoded_chunks
from history.relational.increments import States, added, left_by
from history.relational.locking import counters_among, lock
from history.relational.states import Counters, sealed_before
from history.resting import with_rests
from history.rules import counters_by_id
from history.store import BLOCK
from metrics.querysets import IdList

DAYS_AT_ONCE = 64  # of a counter, that are decided again in one transaction
_FOREVER = 2**31 - 1  # a day behind all others


def states_before(day: int, counters: Counters) -> dict[int, CounterState]:
    """The states that chunks left counters in before a day, by Metric id, where they are known."""
    found = sealed_before(day, counters)
    return {key: each.state for key, each in found.items() if each.state is not None}


def decide_behind(day: int, counters: Counters) -> None:
    """Decide the chunks behind a day again, those of each counter until nothing changes."""
    states = states_before(day + 1, counters) if counters else {}
    _forget(counters.keys() - states.keys(), day)
    reached = dict.fromkeys(states, day)
    for _ in range(DAYS_AT_ONCE):
        if not reached:
            break
        rows = backend().next_chunks(reached.items())
        reached = dict(_decide(rows, states, counters))
    for metric_id, last in reached.items():
        _forget([metric_id], last)


def settle(rest: float) -> None:
    """Decide again whatever does not follow the rules of its counter, as after a change of them.

    `rest` is for how many times as long as each step took to let others write then.
    """
    for _ in with_rests(_settling(), rest):
        continue


def keep_states(day: int, counters: Counters) -> None:
    """Keep the states of counters before a day, because the chunks before it are to be pruned."""
    rows = backend().states(list(counters), day, Chunk._meta.db_table) if counters else []
    kept = {key: state for key, _, _, state in rows if state is not None}
    drop_checkpoints(kept)
    Checkpoint.objects.bulk_create(
        Checkpoint(metric_id=key, day=day - 1, state=state) for key, state in kept.items()
    )


def drop_checkpoints(metric_ids: Iterable[int], since: int = -_FOREVER) -> None:
    """Delete the states that are kept beside chunks, from the end of one day on."""
    Checkpoint.objects.filter(metric_id__in=IdList(metric_ids), day__gte=since).delete()


def _forget(metric_ids: Iterable[int], day: int) -> None:
    """Leave the chunks of counters behind a day without states."""
    if ids := list(metric_ids):
        chunks = Chunk.objects.filter(metric_id__in=IdList(ids), day__gt=day)
        chunks.exclude(state=None).update(state=None, increments=None)


def _decide(
    rows: Sequence[Row], states: dict[int, CounterState], counters: Counters
) -> Iterator[tuple[int, int]]:
    """Decide chunks from the `states` before them, which become those behind them.

    Yields each counter that its chunk now leaves in another state, and the chunk's day.
    """
    by_day: dict[int, dict[int, Row]] = defaultdict(dict)
    for metric_id, day, *blobs in rows:
        by_day[day][metric_id] = tuple(blobs)
    for day, chunks in by_day.items():
        yield from ((key, day) for key in _decide_day(day, chunks, states, counters))


def _decide_day(
    day: int, chunks: Mapping[int, Row], states: dict[int, CounterState], counters: Counters
) -> Iterator[int]:
    samples = decoded_chunks((key, *blobs[:3]) for key, blobs in chunks.items())
    before, rules = [states[key] for key in chunks], [counters[key] for key in chunks]
    found = added(day, [samples[key] for key in chunks], before, rules)
    backend().restate(
        [(new.state, new.increments, key, day) for key, new in zip(chunks, found, strict=True)]
    )
    ends = States([new.state for new in found])
    for place, (key, (*_, old)) in enumerate(chunks.items()):
        states[key] = ends[place]
        if old is None or left_by(old) != left_by(found[place].state):
            yield key


def _settling() -> Iterator[None]:
    """Settle one counter after the other, some days at a time."""
    for block in in_blocks(list(counters_by_id().items()), BLOCK):
        counters = dict(block)
        sealed = sealed_before(_FOREVER, counters)
        for metric_id in counters:
            while sealed[metric_id].state is None and _settle_some(metric_id):
                yield


@transaction.atomic
def _settle_some(metric_id: int) -> bool:
    """Decide the first days of a counter that need it; returns whether there were any."""
    counters = counters_among(lock([metric_id]))
    chunks = Chunk.objects.filter(metric_id__in=list(counters)).order_by("day")
    rows = [
        (day, bytes(state) if state else None) for day, state in chunks.values_list("day", "state")
    ]
    follow = States([state for _, state in rows]).follow(len(rows) * [*counters.values()])
    unsettled = [day for (day, _), follows in zip(rows, follow, strict=True) if not follows]
    if unsettled:
        decide_behind(unsettled[0] - 1, counters)
    return bool(unsettled)
