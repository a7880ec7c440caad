"""Giving the readings that a Metric has another meaning: what that would do, and who did it.

What a Metric has readings of is known by its latest value, which the door moves with the readings.
"""

import logging
from functools import partial
from typing import Any, NamedTuple

from django.db import transaction

from metrics.units import factor_between
from metrics.vocabulary import MetricType

LABELS = ("key", "unit", "type", "expected_interval")

audit = logging.getLogger("metrics.audit")


class Relabelling(NamedTuple):
    """Another key, unit, type or interval for a Metric whose newest reading is `value`."""

    before: dict[str, Any]
    after: dict[str, Any]
    value: float

    @property
    def fields(self) -> list[str]:
        """Those that change what readings mean: how often others report says nothing of them."""
        changed = [field for field in LABELS if self.before[field] != self.after[field]]
        is_interval = self.before["type"] == MetricType.INTERVAL
        return [field for field in changed if field != "expected_interval" or is_interval]

    @property
    def consequence(self) -> str:
        """What would happen, in words."""
        said = " ".join(getattr(self, f"_{field}_says")() for field in self.fields)
        return f"This metric has readings. {said} No stored number changes."

    def log(self, pk: int, actor: Any) -> None:
        """Write down who did it, once it is committed."""
        changes = " ".join(f"{name}={self.before[name]}>{self.after[name]}" for name in self.fields)
        line = "metric relabelled: user=%s metric=%s %s"
        transaction.on_commit(partial(audit.info, line, actor.pk, pk, changes))

    def _key_says(self) -> str:
        before, after = self.before["key"], self.after["key"]
        return (
            f"All of them would count as {after} instead of {before}, in figures too, "
            f"and whoever sends {before} would be refused."
        )

    def _unit_says(self) -> str:
        before, after = self.before["unit"], self.after["unit"]
        newest = f"The newest, {self.value:g} {before}, would read {self.value:g} {after}"
        factor = factor_between(after, before)
        if factor is None or factor == 1:
            return f"{newest}, and so would all before it."
        larger = f"{factor:,.6g} times as much" if factor > 1 else f"1/{1 / factor:,.6g} of it"
        return f"{newest}, which is {larger}, and so would all before it."

    def _type_says(self) -> str:
        before, after = self.before["type"], self.after["type"]
        return f"All history would be summed up as type {after} instead of {before}."

    def _expected_interval_says(self) -> str:
        before, after = self.before["expected_interval"], self.after["expected_interval"]
        return (
            f"The newest, {self.value:g} {self.before['unit']}, would be the amount of {after:,} s "
            f"instead of {before:,} s, and so would all before it."
        )
