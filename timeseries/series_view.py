"""One series of history as a page shows it."""

from dataclasses import dataclass

from metrics.models import Metric
from metrics.quantities import Scale, direction
from timeseries.answers import Series

Known = list[float]


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A series with its label, colour (a CSS class), scale and statistics."""

    metric: Metric
    label: str
    css: str
    scale: Scale
    series: Series

    @property
    def known(self) -> Known:
        """The values that are known."""
        return [value for value in self.series["values"] if value is not None]

    @property
    def minimum(self) -> float | None:
        """The smallest reading; where readings were combined otherwise, the smallest result."""
        return min(self._extremes("min"), default=None)

    @property
    def maximum(self) -> float | None:
        """The largest reading; where readings were combined otherwise, the largest result."""
        return max(self._extremes("max"), default=None)

    @property
    def mean(self) -> float | None:
        """The mean of the values, each weighted with how much of its bucket is known."""
        values = self.series["values"]
        weights = self.series["coverage"] or [1.0] * len(values)
        pairs = [(v, w or 0.0) for v, w in zip(values, weights, strict=True) if v is not None]
        weight = sum(w for _, w in pairs)
        return sum(v * w for v, w in pairs) / weight if weight else None

    @property
    def total(self) -> float | None:
        """The increase of a counter over the whole range; None for other aggregates."""
        return sum(self.known) if self.series["aggregate"] == "increase" and self.known else None

    @property
    def statistics(self) -> list[tuple[str, float | None]]:
        """(name, value) of what sums the range up."""
        named = [("Minimum", self.minimum), ("Mean", self.mean), ("Maximum", self.maximum)]
        return named if self.total is None else [("Increase", self.total), *named]

    @property
    def directions(self) -> tuple[str, str] | None:
        """The words for values above and below zero, where a power flows both ways."""
        kind, key = self.metric.device.kind, self.metric.key
        above, below = direction(kind, key, 1.0), direction(kind, key, -1.0)
        return (above, below) if above else None

    def points(self, times: list[int]) -> dict[int, float]:
        """The known values by time; `times` are those of the answer, a raw series has its own."""
        own: list[int] = self.series.get("timestamps") or times  # type: ignore[assignment]
        pairs = zip(own, self.series["values"], strict=True)
        return {time: value for time, value in pairs if value is not None}

    def _extremes(self, name: str) -> Known:
        column = self.series.get(name) if self.series["aggregate"] == "mean" else None
        values: list[float | None] = column or self.series["values"]  # type: ignore[assignment]
        return [value for value in values if value is not None]
