"""One series of history as a page shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from history.arrays import Floats, Ints, Samples
from metrics.models import Metric
from metrics.quantities import Scale, direction
from metrics.vocabulary import MetricType


@dataclass(frozen=True)
class SeriesView:
    """A series with its label, colour (a CSS class), scale and statistics.

    `series` is that of an answer made of arrays; `times`, int64[n] in milliseconds since the Unix
    epoch, are those of its values.
    """

    metric: Metric
    label: str
    css: str
    scale: Scale
    series: Any
    times: Ints

    @cached_property
    def known(self) -> Samples:
        """The values that are known."""
        is_known = ~np.isnan(self.series["values"])
        return Samples(self.times[is_known], self.series["values"][is_known])

    @property
    def unit(self) -> str:
        """The unit of the values, before they are scaled."""
        return str(self.series["unit"])

    @property
    def minimum(self) -> float | None:
        """The smallest reading; where readings were combined otherwise, the smallest result."""
        return self._extreme("min", np.min)

    @property
    def maximum(self) -> float | None:
        """The largest reading; where readings were combined otherwise, the largest result."""
        return self._extreme("max", np.max)

    @property
    def mean(self) -> float | None:
        """The mean of the values, each weighted with how much of its bucket is known."""
        values, coverage = self.series["values"], self.series["coverage"]
        weights = np.ones(values.size) if coverage is None else coverage
        weights = np.where(np.isnan(values), 0, weights)
        weight = weights.sum()
        return float(np.nansum(values * weights) / weight) if weight else None

    @property
    def total(self) -> float | None:
        """A counter's increase, or the sum of intervals, over the whole range; else None."""
        is_total = self._total_name is not None and len(self.known)
        return float(self.known.values.sum()) if is_total else None

    @property
    def _total_name(self) -> str | None:
        totals = {"increase": "Increase"}
        if self.metric.type == MetricType.INTERVAL:
            totals["sum"] = "Sum"
        return totals.get(self.series["aggregate"])

    @property
    def statistics(self) -> list[tuple[str, float | None]]:
        """(name, value) of what sums the range up."""
        named = [("Minimum", self.minimum), ("Mean", self.mean), ("Maximum", self.maximum)]
        return named if self.total is None else [(str(self._total_name), self.total), *named]

    @property
    def directions(self) -> tuple[str, str] | None:
        """The words for values above and below zero, where a power flows both ways."""
        kind, key = self.metric.device.kind, self.metric.key
        above, below = direction(kind, key, 1.0), direction(kind, key, -1.0)
        return (above, below) if above and self.unit == self.metric.unit else None

    @property
    def description(self) -> dict[str, Any]:
        """How the chart's script labels and draws it."""
        return {
            "metric": self.metric.pk,
            "label": self.label,
            "unit": self.scale.unit,
            "divisor": self.scale.divisor,
            "stepped": self.metric.type == MetricType.STATE,
            "directions": self.directions,
        }

    def number_at(self, time: int) -> str:
        """The last value of that millisecond in the series' scale; the dash where none is known."""
        index = int(np.searchsorted(self.known.timestamps, time, side="right")) - 1
        is_there = index >= 0 and self.known.timestamps[index] == time
        return self.scale.number(float(self.known.values[index]) if is_there else None)

    def _extreme(self, name: str, reduce: Callable[[Floats], Any]) -> float | None:
        has_readings = self.series["aggregate"] == "mean" and name in self.series
        column = self.series[name if has_readings else "values"]
        known = column[~np.isnan(column)]
        return float(reduce(known)) if known.size else None
