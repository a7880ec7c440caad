"""What accepting a discovered name would do, said before it is done."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from devices.models import Device
from energy.errors import DomainError
from ingest.models import Discovered
from ingest.naming.guesses import key_of, stored_unit, unit_of
from ingest.naming.services import factor_to
from metrics.models import Metric
from metrics.quantities import direction, number, scale_for
from metrics.vocabulary import MetricType, canonical


@dataclass(frozen=True)
class Proposal:
    """Which Metric a name would stand for: the Device's of that key, made where there is none."""

    device: Device
    key: str
    name: str
    unit: str
    type: str
    factor: float
    sign: int

    @cached_property
    def metric(self) -> Metric | None:
        """The Metric, where the Device has it already."""
        return Metric.objects.filter(device=self.device, key=self.key).first()

    def digest(self) -> str:
        """Differs where something else would be stored."""
        metric = self.metric
        target = metric.pk if metric else (self.device.pk, self.key, self.unit, self.type)
        told = repr((target, float(self.factor), self.sign))
        return sha256(told.encode()).hexdigest()[:16]

    def said(self, row: Discovered) -> list[str]:
        """What becomes of the newest value, of what waits, and of the Metric."""
        metric = self.metric
        unit = metric.unit if metric else self.unit
        return [*self._of_value(row, unit), _of_waiting(row), self._of_metric(metric)]

    def _of_value(self, row: Discovered, unit: str) -> list[str]:
        if row.latest_value is None:
            return []
        value = row.latest_value * self.factor * self.sign
        way = direction(self.device.kind, self.key, value)
        became = scale_for(unit, [value]).text(value) + (f", {way}" if way else "")
        return [f"{number(row.latest_value)} {row.unit}".strip() + f" becomes {became}."]

    def _of_metric(self, metric: Metric | None) -> str:
        if metric is None:
            return f"{self.device} gets a new metric, {self.name}, in {self.unit}."
        return (
            f"The metric {metric} exists: its readings and these become one series. Where both "
            "have a value of one instant, the one that waited is kept."
        )


def _of_waiting(row: Discovered) -> str:
    if not row.waiting:
        return "No readings wait; the next ones are stored."
    if row.waiting == 1:
        return "One reading that waits is stored at once, and the next ones as they come."
    return f"{row.waiting:,} readings that wait are stored at once, and the next ones as they come."


def first_proposal(row: Discovered, device: Device | None) -> dict[str, object]:
    """What the form begins with."""
    key = key_of(row.name)
    spec = canonical(key)
    unit = stored_unit(key, row.unit or unit_of(row.name))
    return {
        "device": device.pk if device else None,
        "key": key,
        "name": spec.name if spec else row.friendly_name or key.replace("_", " ").capitalize(),
        "unit": unit,
        "type": str(spec.type if spec else row.type or MetricType.GAUGE),
        "factor": _factor(row.unit, unit),
        "sign": 1,
    }


def _factor(unit: str, base: str) -> float:
    try:
        factor = factor_to(unit, base)
    except DomainError:
        return 1
    return int(factor) if factor.is_integer() else factor


def looks_like(row: Discovered) -> str:
    """The guesses in words; with a question mark where the unit is not told but guessed."""
    kind = (row.type or MetricType.GAUGE).capitalize()
    if row.unit:
        return f"{kind}, {row.unit}"
    guessed = unit_of(row.name)
    return f"{kind}, {guessed}?" if guessed else f"{kind}?"
