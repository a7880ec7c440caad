"""Simulated equipment, read through the one door."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from demo.simulators.aside import SimulationAside
from demo.simulators.site import Block, Key, Simulation, SitePlan
from devices.kinds import DeviceStatus
from energy.instants import MICROS_PER_SECOND, to_micros
from history.arrays import ReadingBatch
from ingest.door import store_history
from metrics.models import Metric
from metrics.vocabulary import CANONICAL

MINUTE = 60 * MICROS_PER_SECOND  # µs; simulated equipment reports every full minute


@dataclass(frozen=True, slots=True)
class Feed:
    """A Metric that simulated equipment feeds, and the instant (µs) of its last reading."""

    metric_id: int
    last: int | None


def feeds(plan: SitePlan) -> dict[Key, Feed]:
    """The Metrics that a site's equipment feeds, as far as they exist and it is in service."""
    fed = {(item.slug, spec.key) for item in plan.equipment for spec in CANONICAL[item.KIND]}
    columns = ("device__slug", "key", "pk", "latest__timestamp")
    active = Metric.objects.filter(
        device__site__slug=plan.slug, device__status=DeviceStatus.ACTIVE
    ).order_by()
    rows: Iterable[Any] = active.values_list(*columns)
    return {
        (device, key): Feed(pk, to_micros(last) if last else None)
        for device, key, pk, last in rows
        if (device, key) in fed
    }


def unfed_since(fed: Mapping[Key, Feed], earliest: int) -> int:
    """The first minute that some Metric has no reading of, but not before `earliest` (µs)."""
    lasts = [feed.last for feed in fed.values() if feed.last is not None]
    return max(earliest, min(lasts, default=0) // MINUTE * MINUTE + MINUTE)


def store_window(
    simulation: Simulation | SimulationAside,
    fed: Mapping[Key, Feed],
    start: int,
    end: int,
    *,
    received_at: datetime,
    days_at_once: int = 1,
) -> Iterator[int]:
    """Store the full minutes of [start, end) (µs) some days at a time; yields how many readings.

    Each Metric only gets readings newer than its last one, so what people posted is not touched.
    """
    for block in simulation.readings(start, end, block_days=days_at_once):
        batch = _batch(block, fed)
        yield store_history(batch, now=received_at) if len(batch) else 0


def _batch(block: Block, fed: Mapping[Key, Feed]) -> ReadingBatch:
    """In the order of Metric ids, which is how the door wants it."""
    columns = []
    for key in sorted(fed.keys() & block.values.keys(), key=lambda key: fed[key].metric_id):
        feed = fed[key]
        new = slice(
            0 if feed.last is None else block.timestamps.searchsorted(feed.last, "right"), None
        )
        timestamps = block.timestamps[new]
        ids = np.full(timestamps.size, feed.metric_id, np.int64)
        columns.append((ids, timestamps, block.values[key][new]))
    if not columns:
        return ReadingBatch.of([], [], [])
    return ReadingBatch.of(*(np.concatenate(column) for column in zip(*columns, strict=True)))
