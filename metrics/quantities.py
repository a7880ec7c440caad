"""How stored values, which are in base units, are formatted for people: scale, number, direction.

Pure functions. Values that are compared (a table column, a chart, the figures of a Site) share one
`Scale`, chosen from the largest of them, so that 0.9 kW never stands above 850 W.
"""

from collections.abc import Iterable
from dataclasses import dataclass

UNKNOWN = "–"
MINUS = "\u2212"
# Narrow and non-breaking, so that a line never ends between a number and its unit.
THIN_SPACE = "\u202f"

_PREFIXED_UNITS = frozenset({"W", "Wh", "var", "varh", "VA", "VAh"})
_KILO = 1e3
_PREFIXES = ((1e9, "G"), (1e6, "M"), (_KILO, "k"))
_DIMENSIONLESS = "1"
_DIRECTIONS = {
    "grid_meter": ("importing", "exporting"),
    "battery": ("discharging", "charging"),
}
_SIGNED_KEY = "active_power"


@dataclass(frozen=True, slots=True)
class Scale:
    """A unit to show, and the divisor that converts the base unit to it."""

    divisor: float
    unit: str

    def number(self, value: float | None) -> str:
        """`value` (base unit) as a number in this scale, without the unit."""
        return number(None if value is None else value / self.divisor)

    def text(self, value: float | None) -> str:
        """`value` (base unit) as a number with its unit; the dash alone when unknown."""
        digits = self.number(value)
        return digits if value is None or not self.unit else f"{digits}{THIN_SPACE}{self.unit}"


def scale_for(
    unit: str, values: Iterable[float | None], *, kilo: bool = False, room: float = 1.0
) -> Scale:
    """The common scale of `values` (in the base unit `unit`), chosen from the largest of them.

    Only power and energy take SI prefixes. `kilo` fixes the prefix to k, for users who want kW and
    kWh everywhere. Prefixes beyond k apply from `room` times their factor: with 10, a table of
    unlike values has 2,310.7 kW above 21.4 kW instead of 2.31 MW above 0.02 MW.
    """
    if unit == _DIMENSIONLESS:
        return Scale(1.0, "")
    if unit not in _PREFIXED_UNITS:
        return Scale(1.0, unit)
    if kilo:
        return Scale(_KILO, f"k{unit}")
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    for factor, prefix in _PREFIXES:
        # A value that would be rounded up to 1,000.0 takes the next prefix.
        if largest >= factor * (room if factor > _KILO else 1) * 0.99995:
            return Scale(factor, f"{prefix}{unit}")
    return Scale(1.0, unit)


def number(value: float | None) -> str:
    """Two decimals below 10 and one above, grouped thousands, a minus sign; "–" when unknown."""
    if value is None:
        return UNKNOWN
    size = abs(value)
    if size >= 1e12:
        digits = f"{size:.3e}"
    elif size == 0 or size >= 9.995:
        digits = f"{size:,.1f}"
    else:
        digits = f"{size:.2f}"
    is_zero = not digits.strip("0.,")
    return f"{MINUS}{digits}" if value < 0 and not is_zero else digits


def count(value: float | None) -> str:
    """A number such as a coded state or a count of cycles, without decimals if it is whole."""
    if value is None or not float(value).is_integer() or abs(value) >= 1e12:
        return number(value)
    return f"{value:,.0f}".replace("-", MINUS)


def direction(kind: str, key: str, value: float | None) -> str:
    """The word for the sign of a power that can flow both ways, "" for any other value.

    Positive power flows into the Site's bus: grid import, battery discharge.
    """
    if value is None or key != _SIGNED_KEY or kind not in _DIRECTIONS:
        return ""
    if value == 0:
        return "idle"
    positive, negative = _DIRECTIONS[kind]
    return positive if value > 0 else negative
