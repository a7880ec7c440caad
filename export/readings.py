"""An export of raw readings: Metric by Metric, in time, a bounded page of them at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

from energy.instants import MICROS_PER_SECOND
from history import get_store
from history.arrays import Samples
from history.blocks import by_weight
from history.buckets import Window
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


@dataclass(frozen=True, slots=True)
class ReadingsExport:
    """All readings of some Metrics in a window; times are written in `zone`, None being UTC."""

    metrics: Sequence[Metric]
    window: Window
    zone: ZoneInfo | None
    resolution: ClassVar[str] = "raw"

    def rows(self) -> int:
        """How many readings the window has."""
        return get_store().count([metric.pk for metric in self.metrics], *self.window)

    def text_bytes(self, rows: int) -> int:
        """How large so many rows are as text, roughly."""
        names = sum(sum(map(len, identity(metric))) + len(IDENTITY) for metric in self.metrics)
        return rows * (ROW_BYTES + NUMBER_BYTES + names // max(1, len(self.metrics)))

    def pages(self) -> Iterator[Page]:
        """The readings by Metric id, then time; no page without any."""
        by_id = {metric.pk: metric for metric in self.metrics}
        span = self.window.end - self.window.start
        expected = {
            metric.pk: span // (metric.expected_interval * MICROS_PER_SECOND)
            for metric in self.metrics
        }
        # Of few Metrics, the store finds the pages of a long window in two thirds of the time.
        for ids in by_weight(sorted(by_id), expected, PAGE):
            position, more = None, True
            while more:
                page = get_store().read_page(ids, *self.window, after=position, limit=PAGE)
                if page.samples:
                    yield [(by_id[pk], samples) for pk, samples in sorted(page.samples.items())]
                position, more = page.position, page.position is not None
