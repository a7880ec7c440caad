"""Readings of sealed days, with the hot rows on top."""

from collections.abc import Mapping, Sequence

import numpy as np

from energy.instants import MICROS_PER_SECOND
from history.arrays import Samples
from history.buckets import DAY
from history.merge import overlay
from history.relational import chunks
from history.relational.backend import Pair, backend
from history.store import NEIGHBOURS_BEFORE, READINGS_AT_ONCE


def read(
    metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool
) -> dict[int, Samples]:
    """The readings of [start, end), and those around it, of Metrics that have any."""
    # Hot rows first: what is sealed in between is then seen twice, never missed.
    hot = backend().select(metric_ids, start, end)
    if with_neighbours:
        hot = overlay(hot, backend().neighbours(metric_ids, start, end))
    first, last = start // DAY, (end - 1) // DAY
    sealed = chunks.days(metric_ids, first, last)
    if with_neighbours:
        for metric_id, days in chunks.around(metric_ids, first, last).items():
            sealed.setdefault(metric_id, []).extend(days)
    before = NEIGHBOURS_BEFORE if with_neighbours else 0
    found = overlay(joined(sealed), hot)
    return {key: samples.around(start, end, before) for key, samples in found.items()}


def read_first(metric_ids: Sequence[int], start: int, end: int, limit: int) -> dict[int, Samples]:
    """The first `limit` readings of [start, end), and maybe more, of Metrics that have any."""
    hot = backend().select_first(metric_ids, start, end, limit)
    sealed = joined(_first_days(metric_ids, start, end, limit))
    inside = {key: samples.within(start, end) for key, samples in sealed.items()}
    return overlay(inside, hot)


def _first_days(
    metric_ids: Sequence[int], start: int, end: int, limit: int
) -> dict[int, list[Samples]]:
    """The sealed days that hold the first `limit` readings of [start, end), and maybe more."""
    first, last = start // DAY, (end - 1) // DAY
    if _are_few(metric_ids, start, end):
        return chunks.days(metric_ids, first, last)
    pairs: list[Pair] = []
    for metric_id, day, n in chunks.headers(metric_ids, first, last):
        if limit <= 0:
            break
        pairs.append((metric_id, day))
        if start <= day * DAY and (day + 1) * DAY <= end:  # else nobody knows how many are inside
            limit -= n
    return chunks.chosen(pairs)


def weights(metric_ids: Sequence[int], start: int, end: int) -> dict[int, int]:
    """About how many sealed readings of [start, end) the Metrics have that have any.

    Not counted where one a second of each would not be too many to read at once.
    """
    found: dict[int, int] = {}
    if not _are_few(metric_ids, start, end):
        for metric_id, _, n in chunks.headers(metric_ids, start // DAY, (end - 1) // DAY):
            found[metric_id] = found.get(metric_id, 0) + n
    return found


def _are_few(metric_ids: Sequence[int], start: int, end: int) -> bool:
    """Whether all readings of [start, end) may be in memory, even if there is one a second."""
    return len(metric_ids) * (end - start) <= READINGS_AT_ONCE * MICROS_PER_SECOND


def count(metric_ids: Sequence[int], start: int, end: int) -> int:
    """How many readings of [start, end) there are, those counted once that are hot and sealed."""
    first, last = start // DAY, (end - 1) // DAY
    sizes = backend().head_sizes(metric_ids, start, end)
    hot = {(metric_id, day): n for metric_id, day, n in sizes}
    counted = sum(hot.values())
    unsure: dict[int, list[int]] = {}
    for metric_id, day, n in chunks.headers(metric_ids, first, last):
        if (metric_id, day) not in hot and start <= day * DAY and (day + 1) * DAY <= end:
            counted += n
        else:
            unsure.setdefault(day, []).append(metric_id)
            counted -= hot.get((metric_id, day), 0)
    for day, ids in unsure.items():
        inside = max(start, day * DAY), min(end, (day + 1) * DAY)
        counted += sum(map(len, read(ids, *inside, with_neighbours=False).values()))
    return counted


def joined(days: Mapping[int, Sequence[Samples]]) -> dict[int, Samples]:
    """Each Metric's days as one; those around a window may come behind it."""
    return {metric_id: _one(parts) for metric_id, parts in days.items()}


def _one(parts: Sequence[Samples]) -> Samples:
    if len(parts) == 1:
        return parts[0]
    ordered = sorted(parts, key=lambda part: int(part.timestamps[0]))
    return Samples(
        np.concatenate([part.timestamps for part in ordered]),
        np.concatenate([part.values for part in ordered]),
    )
