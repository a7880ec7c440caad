"""What is known of a Metric before any reading: how it may move, for how long a value stands."""

from history.aggregates import lookback_of
from history.buckets import HOUR
from history.decisions import Rules
from metrics.models import Metric
from metrics.units import factor_between
from metrics.vocabulary import MetricType

# Equipment may run a little over its rating for a while, and the clocks of readings jitter.
_OVERLOAD = 1.1


def rules_of(metric: Metric) -> Rules | None:
    """The rules of a counter; None for a Metric of another type.

    An energy counter gains no more than its Device's rated power × 1.1 gives in the time; how fast
    others rise at most is not known.
    """
    if metric.type != MetricType.COUNTER:
        return None
    rated, watt_hours = metric.device.rated_power, factor_between(metric.unit, "Wh")
    if not rated or watt_hours is None:
        return Rules(None, metric.rollover)
    return Rules(rated * _OVERLOAD / watt_hours / HOUR, metric.rollover)


def counters_by_id() -> dict[int, Rules]:
    """The rules of all counters, by Metric id, ascending."""
    counters = Metric.objects.filter(type=MetricType.COUNTER).select_related("device")
    needed = counters.only("type", "unit", "rollover", "device__rated_power").order_by("pk")
    found = ((metric.pk, rules_of(metric)) for metric in needed)
    return {pk: rules for pk, rules in found if rules is not None}


def lookback_of_metric(metric: Metric) -> int:
    """For how many microseconds a reading of the Metric stands at most."""
    is_interval = metric.type == MetricType.INTERVAL
    return lookback_of(metric.expected_interval, is_interval=is_interval)
