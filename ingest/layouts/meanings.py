"""What the name of a column tells of its series: unit, key and type of a Metric. Pure."""

import re
from typing import NamedTuple

from metrics.units import UNITS, suggestion

_IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]{1,16})[)\]]")
_LAST_WORD = re.compile(r"(?:^|[\s_/,-])([^\s_/,-]{1,8})\s*$")
# Words of the languages in which portals write, and what they stand for.
_DIRECTIONS = {
    "import": "import|purchas|bought|from.?grid|drawn|bezug|bezogen|gekauft|afname|delivered|buy"
    "|achat",
    "export": "export|feed.?in|fed.?in|to.?grid|sold|gridsell|einspeis|eingespeist|teruglever"
    "|surplus|received|injection|immess",
    "discharge": "discharg|from.?batter|entlad|ontlad",
    "charge": r"charg|to.?batter|stored|\blad|geladen|opgeladen",
    "self": "self|eigen",
    "consumption": r"consum|usage|verbrauch|verbruik|\bload\b|demand|consommation",
    "production": r"produc|generat|yield|erzeug|ertrag|opwek|solar|\bpv\b|photovolt",
}
_ENERGY_KEYS = {
    "import": "import_energy", "export": "export_energy", "charge": "charge_energy",
    "discharge": "discharge_energy", "consumption": "consumption_energy",
    "production": "production_energy",
}  # fmt: skip
_BY_DIMENSION = {
    "power": "active_power", "apparent power": "apparent_power",
    "reactive power": "reactive_power", "frequency": "frequency", "irradiance": "irradiance",
}  # fmt: skip
_NAMED = (
    (r"soc\b|state.?of.?charge|charge.?level|ladezustand|laadtoestand", "share", "state_of_charge"),
    (r"soh\b|state.?of.?health", "share", "state_of_health"),
    (r"module|panel|cell", "temperature", "module_temperature"),
    (r"ambient|outdoor|air|t2m|außen|aussen|buiten", "temperature", "ambient_temperature"),
    (r"wind|ws10m", "speed", "wind_speed"),
    (r"dc", "voltage", "dc_voltage"),
    (r"", "voltage", "voltage"),
    (r"dc", "current", "dc_current"),
    (r"", "current", "current"),
)  # fmt: skip


class ColumnMeaning(NamedTuple):
    """The unit, key and type of a Metric, each "" where nothing tells it."""

    unit: str = ""
    key: str = ""
    type: str = ""


def unit_in(name: str) -> str:
    """The unit that a column's name has in brackets or at its end, as the registry writes it."""
    for text in reversed(_IN_BRACKETS.findall(name)):
        if unit := known_unit(text):
            return unit
    if (last := _LAST_WORD.search(name)) and len(last[1]) > 1:
        return known_unit(last[1])
    return ""


def known_unit(text: str) -> str:
    """The unit that a text is, as the registry writes it; "" where it is none."""
    plain = re.sub(r"\s*\(?(?:ac|dc|avg|mean)\)?$", "", text.strip(), flags=re.IGNORECASE)
    if plain in UNITS:
        return plain
    return suggestion(plain) or ""


def meaning_of(name: str, unit: str = "") -> ColumnMeaning:
    """What a column of that name holds; its unit may stand in a line of its own."""
    unit = unit or unit_in(name)
    dimension = UNITS[unit].dimension if unit in UNITS else ""
    return ColumnMeaning(unit, _key(name.lower(), dimension))


def _key(name: str, dimension: str) -> str:
    if dimension == "energy":
        return _ENERGY_KEYS.get(_direction(name), "")
    if dimension in _BY_DIMENSION:
        return _BY_DIMENSION[dimension]
    for pattern, of, key in _NAMED:
        if of == dimension and re.search(pattern, name):
            return key
    return ""


def _direction(name: str) -> str:
    for direction, pattern in _DIRECTIONS.items():
        if re.search(pattern, name):
            return direction
    return ""
