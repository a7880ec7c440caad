"""In which part of a period a Device was in service."""

from collections.abc import Collection, Iterable
from typing import NamedTuple, Self

import numpy as np

from devices.models import Device
from energy.instants import to_micros
from history import get_store
from history.arrays import Floats, Ints
from metrics.models import Metric

_BEGINNING, _END = -(2**62), 2**62  # of time


class Service(NamedTuple):
    """The half-open span [start, end) in microseconds since the Unix epoch."""

    start: int = _BEGINNING
    end: int = _END

    @classmethod
    def of(cls, device: Device) -> Self:
        """As far as people have said; without a beginning it is that of the first reading."""
        return cls(
            _BEGINNING if device.in_service_from is None else to_micros(device.in_service_from),
            _END if device.retired_at is None else to_micros(device.retired_at),
        )

    def overlaps(self, edges: Ints) -> bool:
        """Whether any of it is in the window of the buckets between `edges`."""
        return self.start < edges[-1] and edges[0] < self.end

    def inside(self, edges: Ints) -> Floats:
        """How many microseconds of each bucket are in it."""
        return np.diff(np.clip(edges, self.start, self.end)).astype(float)

    def cuts(self, edges: Ints) -> list[int]:
        """Its ends that divide a bucket."""
        return [at for at in self if edges[0] < at < edges[-1] and at not in edges]


def first_readings(devices: Collection[Device], since: int) -> dict[int, int]:
    """When each Device, by its id, was read first; without those that never were.

    Of one that was read before `since`, some instant before it.
    """
    pairs = Metric.objects.filter(device__in=devices).values_list("pk", "device_id")
    owners = dict(pairs.order_by("pk"))
    found = get_store().read_blocks(list(owners), since, since + 1, with_neighbours=True)
    firsts: dict[int, int] = {}
    for metric_id, samples in found:
        if len(samples):
            device, first = owners[metric_id], int(samples.timestamps[0])
            firsts[device] = min(first, firsts.get(device, first))
    return firsts


def refined(edges: Ints, services: Iterable[Service]) -> Ints:
    """`edges` with further ones where any of the services begins or ends."""
    cuts = [cut for service in services for cut in service.cuts(edges)]
    return np.union1d(edges, np.array(cuts, np.int64)) if cuts else edges
