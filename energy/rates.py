"""How often something may be done, as settings say it: 20/min."""

from datetime import timedelta
from typing import NamedTuple, Self

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Rate(NamedTuple):
    """So many times within so much time."""

    times: int
    period: timedelta

    @classmethod
    def of(cls, text: str) -> Self:
        """The rate that a text such as 20/min, 5/s or 1000/hour says."""
        times, _, period = text.partition("/")
        return cls(int(times), timedelta(seconds=_SECONDS[period[:1]]))
