"""How much is measured, from the environment."""

import os
from dataclasses import dataclass
from typing import Self

LEAST_METRICS = 50


@dataclass(frozen=True)
class Size:
    """A history of so many Metrics and days of minutes, and how many times the days to grow to."""

    metrics: int
    days: int
    growth: int

    @classmethod
    def from_environment(cls, *, days: int = 30) -> Self:
        """BENCH_METRICS, BENCH_DAYS and BENCH_GROWTH, or what is usual."""
        return cls(
            metrics=max(LEAST_METRICS, int(os.environ.get("BENCH_METRICS", "1000"))),
            days=int(os.environ.get("BENCH_DAYS", days)),
            growth=int(os.environ.get("BENCH_GROWTH", "3")),
        )

    @property
    def readings(self) -> int:
        """How many that are before it grows."""
        return self.metrics * self.days * 1440
