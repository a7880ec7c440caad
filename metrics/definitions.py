"""How the readings of a Metric are to be understood, and what contradicts itself in that."""

from typing import Any, NamedTuple, Self

from metrics.vocabulary import MetricType


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
        return [fault for fault in (self._rollover_fault(),) if fault]

    def _rollover_fault(self) -> Fault | None:
        if self.rollover is None or self.type == MetricType.COUNTER:
            return None
        message = f"Only a counter's register begins at 0 again; this is a {self.type}."
        return Fault("rollover", "not_a_counter", message)
