"""How the readings of a Metric are to be understood, and what contradicts itself in that."""

from typing import Any, NamedTuple, Self

from metrics.units import UNITS, suggestion, units_of
from metrics.vocabulary import MetricSpec, MetricType, canonical


class Fault(NamedTuple):
    """What is wrong with one field of a definition; `code` is for programs."""

    field: str
    code: str
    message: str


class Definition(NamedTuple):
    """The fields of a Metric that say what its readings mean."""

    key: str
    unit: str
    type: str
    rollover: float | None = None

    @classmethod
    def of(cls, described: Any) -> Self:
        """That of anything which has these attributes, such as a Metric or a MetricSpec."""
        return cls(*(getattr(described, field) for field in cls._fields))

    def faults(self) -> list[Fault]:
        """What contradicts the rest of the definition; a field without a value is not judged."""
        found = self._unit_fault(), self._type_fault(), self._rollover_fault()
        return [fault for fault in found if fault]

    def _unit_fault(self) -> Fault | None:
        if not self.unit:
            return None
        spec = canonical(self.key)
        return self._misspelt() if spec is None else self._of_another_dimension(spec)

    def _misspelt(self) -> Fault | None:
        """Of keys of people's own, what can only be a slip.

        A single letter may be a unit that the registry does not know: S is siemens, s the second.
        """
        meant = suggestion(self.unit) if len(self.unit) > 1 else None
        if self.unit in UNITS or meant is None:
            return None
        return Fault("unit", "misspelt_unit", f"Write {meant} for {self.unit}.")

    def _of_another_dimension(self, spec: MetricSpec) -> Fault | None:
        dimension, unit = UNITS[spec.unit].dimension, UNITS.get(self.unit)
        if unit and unit.dimension == dimension:
            return None
        if meant := suggestion(self.unit, dimension):
            return Fault("unit", "misspelt_unit", f"Write {meant} for {self.unit}.")
        known = ", ".join(units_of(dimension))
        return Fault("unit", "wrong_unit", f"{self.key} is in one of {known}; not in {self.unit}.")

    def _type_fault(self) -> Fault | None:
        spec = canonical(self.key)
        allowed = _types_of(spec) if spec else MetricType.values
        if not self.type or self.type in allowed:
            return None
        return Fault("type", "wrong_type", f"{self.key} is of type {' or '.join(allowed)}.")

    def _rollover_fault(self) -> Fault | None:
        if self.rollover is None or self.type == MetricType.COUNTER:
            return None
        message = f"Only a counter's register begins at 0 again; this is of type {self.type}."
        return Fault("rollover", "not_a_counter", message)


def _types_of(spec: MetricSpec) -> list[str]:
    """The types of a canonical Metric: what counts energy may send the amount of each interval."""
    is_energy = UNITS[spec.unit].dimension == "energy"
    interval = [MetricType.INTERVAL.value] if is_energy and spec.type == MetricType.COUNTER else []
    return [str(spec.type), *interval]
