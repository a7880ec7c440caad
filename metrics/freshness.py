"""How fresh a latest value is, relative to the interval in which its Metric should report."""

from enum import StrEnum

LIVE_WITHIN = 2  # expected intervals
LATE_WITHIN = 10  # expected intervals
# Seconds by which a reading may be ahead of the clock when it arrives and still be a latest value.
CLOCK_TOLERANCE = 60


class Freshness(StrEnum):
    """The state of a latest value, from the freshest on."""

    LIVE = "live"
    LATE = "late"
    STALE = "stale"
    NEVER = "never"


# Python 3.11 takes longer to look up a member of an enum than to compare an age with its limits.
_LIVE, _LATE, _STALE, _NEVER = Freshness


def freshness(age_seconds: float | None, expected_interval: int) -> Freshness:
    """Live up to 2 expected intervals, late up to 10, then stale; never if there is no reading."""
    if age_seconds is None:
        return _NEVER
    if age_seconds <= LIVE_WITHIN * expected_interval:
        return _LIVE
    return _LATE if age_seconds <= LATE_WITHIN * expected_interval else _STALE
