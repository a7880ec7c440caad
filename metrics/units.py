"""The units that values are stored in, by dimension, each with its factor to the base unit. Pure.

A table of some ninety units instead of `pint`: nothing here needs more than a factor and, for
temperatures, an offset, and importing pint takes 0.3 s. Symbols follow the SI brochure (9th
edition) and are case-sensitive, because mW and MW are a billion apart.
"""

from typing import NamedTuple


class Unit(NamedTuple):
    """A unit: `value` of it is `value * factor + offset` in the base unit of its dimension."""

    symbol: str
    dimension: str
    factor: float = 1.0
    offset: float = 0.0

    def to_base(self, value: float) -> float:
        """`value` in the base unit of the dimension."""
        return value * self.factor + self.offset


_PREFIXES = {"m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def _prefixed(dimension: str, symbol: str, prefixes: str = "mkMG") -> list[Unit]:
    """The unit itself and its multiples; thousandths beside millions, which case alone tells."""
    return [Unit(f"{prefix}{symbol}", dimension, _PREFIXES[prefix]) for prefix in ("", *prefixes)]


_UNITS = (
    *_prefixed("power", "W"),
    *_prefixed("apparent power", "VA"),
    *_prefixed("reactive power", "var"),
    *_prefixed("energy", "Wh", "mkMGT"),
    Unit("Ws", "energy", 1 / 3600),
    Unit("J", "energy", 1 / 3600),
    Unit("kJ", "energy", 1e3 / 3600),
    Unit("mJ", "energy", 1e-3 / 3600),
    Unit("MJ", "energy", 1e6 / 3600),
    Unit("GJ", "energy", 1e9 / 3600),
    *_prefixed("apparent energy", "VAh"),
    *_prefixed("reactive energy", "varh"),
    *_prefixed("charge", "Ah"),
    *_prefixed("voltage", "V"),
    *_prefixed("current", "A"),
    *_prefixed("frequency", "Hz"),
    Unit("°C", "temperature"),
    Unit("K", "temperature", 1.0, -273.15),
    Unit("°F", "temperature", 5 / 9, -160 / 9),
    Unit("%", "share"),
    Unit("‰", "share", 0.1),
    Unit("1", "number"),
    Unit("m/s", "speed"),
    Unit("km/h", "speed", 1 / 3.6),
    Unit("kn", "speed", 1852 / 3600),
    Unit("mph", "speed", 0.44704),
    Unit("1/min", "rotation"),
    Unit("rpm", "rotation"),
    Unit("1/s", "rotation", 60.0),
    Unit("°", "angle"),
    Unit("W/m²", "irradiance"),
    Unit("kW/m²", "irradiance", 1e3),
    Unit("Wh/m²", "irradiation"),
    Unit("kWh/m²", "irradiation", 1e3),
    Unit("Pa", "pressure"),
    Unit("mPa", "pressure", 1e-3),
    Unit("hPa", "pressure", 1e2),
    Unit("mbar", "pressure", 1e2),
    Unit("kPa", "pressure", 1e3),
    Unit("MPa", "pressure", 1e6),
    Unit("bar", "pressure", 1e5),
    Unit("N", "force"),
    Unit("kN", "force", 1e3),
    Unit("s", "time"),
    Unit("min", "time", 60.0),
    Unit("h", "time", 3600.0),
    Unit("l", "volume"),
    Unit("m³", "volume", 1e3),
    Unit("l/h", "volume flow"),
    Unit("l/min", "volume flow", 60.0),
    Unit("m³/h", "volume flow", 1e3),
    Unit("Ω", "resistance"),
    Unit("mΩ", "resistance", 1e-3),
    Unit("kΩ", "resistance", 1e3),
    Unit("MΩ", "resistance", 1e6),
    Unit("g", "mass of CO₂", 1e-3),
    Unit("kg", "mass of CO₂"),
    Unit("t", "mass of CO₂", 1e3),
    Unit("g/kWh", "carbon intensity"),
    *(Unit(code, f"currency {code}") for code in ("EUR", "USD", "GBP", "CHF")),
    *(Unit(f"{code}/kWh", f"price {code}") for code in ("EUR", "USD", "GBP", "CHF")),
)
UNITS = {unit.symbol: unit for unit in _UNITS}

# What people and devices write instead; each is told from all others without regard to case.
_SPELLINGS = {
    "c": "°C", "degc": "°C", "celsius": "°C", "f": "°F", "degf": "°F", "deg": "°", "percent": "%",
    "w/m2": "W/m²", "kw/m2": "kW/m²", "wh/m2": "Wh/m²", "kwh/m2": "kWh/m²", "m3": "m³",
    "m3/h": "m³/h", "kmh": "km/h", "ohm": "Ω", "kph": "km/h", "u/min": "1/min", "€": "EUR",
    "€/kwh": "EUR/kWh",
}  # fmt: skip


def units_of(dimension: str) -> list[str]:
    """The symbols of the units of a dimension, its base unit first."""
    known = [unit for unit in _UNITS if unit.dimension == dimension]
    return [unit.symbol for unit in sorted(known, key=lambda unit: (unit.factor != 1, unit.factor))]


def factor_between(symbol: str, base: str) -> float | None:
    """What one of `symbol` is in `base`; None where no factor leads from one to the other."""
    unit, other = UNITS.get(symbol), UNITS.get(base)
    if unit is None or other is None or unit.dimension != other.dimension:
        return None
    if unit.offset != other.offset:
        return None
    return unit.factor / other.factor


def suggestion(text: str, dimension: str = "") -> str | None:
    """The one unit that somebody who wrote `text` may have meant, such as kWh for KWH.

    Only of `dimension`, where one is given. None where there is none, or more than one: "MW" and
    "mW" are both written "mw".
    """
    folded = text.strip().casefold()
    meant = {symbol for symbol in UNITS if symbol.casefold() == folded}
    if spelling := _SPELLINGS.get(folded):
        meant.add(spelling)
    if dimension:
        meant = {symbol for symbol in meant if UNITS[symbol].dimension == dimension}
    return meant.pop() if len(meant) == 1 else None
