"""What a name from outside most likely stands for, from its words and its unit."""

import re

from metrics.units import UNITS, units_of
from metrics.vocabulary import canonical

# Words of names that say nothing of what is measured.
_EMPTY = {"value", "state", "sensor", "payload", "reading"}
_UNITS_OF_WORDS = {
    "power": "W", "energy": "Wh", "voltage": "V", "current": "A", "frequency": "Hz",
    "temperature": "°C", "temp": "°C", "soc": "%", "humidity": "%", "irradiance": "W/m²",
}  # fmt: skip
_NO_KEY = re.compile(r"[^a-z0-9]+")
_SEPARATORS = re.compile(r"[/.,:=\s]+")


def key_of(name: str) -> str:
    """A key for a Metric, of the last part of the name that says something."""
    keys = [_NO_KEY.sub("_", part.lower()).strip("_") for part in _SEPARATORS.split(name)]
    telling = [key for key in keys if key and key not in _EMPTY]
    key = telling[-1][:64].strip("_") if telling else "value"
    return key if key[0].isalpha() else f"value_{key}"[:64].strip("_")


def unit_of(name: str) -> str:
    """The unit that the last telling word of the name is mostly in; "" where there is none."""
    words = [word for word in key_of(name).split("_") if word in _UNITS_OF_WORDS]
    return _UNITS_OF_WORDS[words[-1]] if words else ""


def stored_unit(key: str, unit: str) -> str:
    """The unit to store values in that come in `unit`.

    That of the canonical Metric, or the base unit, where a factor leads there.
    """
    known, spec = UNITS.get(unit), canonical(key)
    if known is None:
        return unit
    if spec and UNITS[spec.unit].dimension == known.dimension:
        base = spec.unit
    else:
        base = units_of(known.dimension)[0]
    return base if UNITS[base].offset == known.offset else unit
