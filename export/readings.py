"""An export of raw readings: Metric by Metric, in time, a bounded page of them at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

from energy.instants import MICROS_PER_SECOND
from history import get_store
from history.arrays import Samples
from history.buckets import Window
from history.store import BLOCK
from metrics.models import Metric

PAGE = 100_000  # readings in memory at once
ROW_BYTES = 32  # of the time and the punctuation of a row of text
NUMBER_BYTES = 8  # of a number as text, on average
IDENTITY = ("site", "device", "key", "unit")

Page = list[tuple[Metric, Samples]]


def identity(metric: Metric) -> tuple[str, str, str, str]:
    """What names a Metric in a file, in the order of IDENTITY."""
    device = metric.device
    return device.site.slug, device.slug, metric.key, metric.unit


def groups(metrics: Sequence[Metric], window: Window, at_most: int) -> Iterator[list[Metric]]:
    """The Metrics in groups that have `at_most` readings in the window, if each keeps its interval.

    A Metric that has more is a group by itself.
    """
    group: list[Metric] = []
    room = at_most
    for metric in metrics:
        expected = (window.end - window.start) // (metric.expected_interval * MICROS_PER_SECOND)
        if group and (expected > room or len(group) == BLOCK):
            yield group
            group, room = [], at_most
        group.append(metric)
        room -= expected
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class ReadingsExport:
    """All readings of some Metrics in a window; times are written in `zone`, None being UTC."""

    metrics: Sequence[Metric]
    window: Window
    zone: ZoneInfo | None
    resolution: ClassVar[str] = "raw"

    def rows(self) -> int:
        """How many readings the window has."""
        ids = [metric.pk for metric in self.metrics]
        blocks = (ids[begin : begin + BLOCK] for begin in range(0, len(ids), BLOCK))
        return sum(get_store().count(block, *self.window) for block in blocks)

    def text_bytes(self, rows: int) -> int:
        """How large so many rows are as text, roughly."""
        names = sum(sum(map(len, identity(metric))) + len(IDENTITY) for metric in self.metrics)
        return rows * (ROW_BYTES + NUMBER_BYTES + names // max(1, len(self.metrics)))

    def pages(self) -> Iterator[Page]:
        """The readings by Metric id, then time; no page without any.

        The store looks for each page among the Metrics it is asked for: few of them for a long
        window, more for a short one.
        """
        ordered = sorted(self.metrics, key=lambda metric: metric.pk)
        for group in groups(ordered, self.window, PAGE):
            by_id = {metric.pk: metric for metric in group}
            store, position, more = get_store(), None, True
            while more:
                page = store.read_page(list(by_id), *self.window, after=position, limit=PAGE)
                found = [(by_id[pk], samples) for pk, samples in sorted(page.samples.items())]
                if filled := [(metric, samples) for metric, samples in found if len(samples)]:
                    yield filled
                position, more = page.position, page.position is not None
