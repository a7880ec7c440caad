"""Locks of Metrics for whoever changes what is sealed, and what sealing needs to know of them."""

from collections.abc import Mapping, Sequence

from history.counters import Rules
from history.relational.rollups import Traits
from history.rules import lookback_of_metric, rules_of
from metrics.models import Metric


def lock(metric_ids: Sequence[int]) -> dict[int, Traits]:
    """Keep everybody else who seals or deletes off these Metrics until the transaction's end.

    Returns what sealing needs to know of those that exist. Writers of readings pass. Always in the
    order of ids: two who want the same Metrics wait, they never deadlock.
    """
    metrics = Metric.objects.select_for_update(no_key=True, of=("self",)).among(metric_ids)
    needed = ("type", "unit", "rollover", "expected_interval", "device__rated_power")
    return {
        metric.pk: Traits(lookback_of_metric(metric), rules_of(metric))
        for metric in metrics.select_related("device").only(*needed).order_by("pk")
    }


def counters_among(traits: Mapping[int, Traits]) -> dict[int, Rules]:
    """The rules of those that are counters."""
    return {key: each.rules for key, each in traits.items() if each.rules is not None}
