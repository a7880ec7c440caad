"""The canonical Metrics of each kind of Device, in SI base units.

Keys are snake_case without units, and follow OpenEMS natures, SunSpec models and Home Assistant's
energy platform. Positive power flows into the Site's bus; consumption of loads is positive too.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from django.db import models

from devices.kinds import DeviceKind


class MetricType(models.TextChoices):
    """How the readings of a Metric are to be understood and aggregated over time."""

    GAUGE = "gauge", "Gauge (instantaneous)"
    COUNTER = "counter", "Counter (cumulative)"
    INTERVAL = "interval", "Interval (an amount of each interval)"
    STATE = "state", "State (stepped)"


class MetricSpec(NamedTuple):
    """The description of a Metric, without the Device that it belongs to."""

    key: str
    name: str
    unit: str
    type: str = MetricType.GAUGE
    expected_interval: int = 60  # s
    rollover: float | None = None


_ACTIVE_POWER = MetricSpec("active_power", "Active power", "W")
_PRODUCTION = MetricSpec("production_energy", "Energy produced", "Wh", MetricType.COUNTER)
_WIND_SPEED = MetricSpec("wind_speed", "Wind speed", "m/s")

CANONICAL: dict[str, tuple[MetricSpec, ...]] = {
    DeviceKind.GRID_METER: (
        _ACTIVE_POWER,
        MetricSpec("import_energy", "Energy imported", "Wh", MetricType.COUNTER),
        MetricSpec("export_energy", "Energy exported", "Wh", MetricType.COUNTER),
        MetricSpec("reactive_power", "Reactive power", "var"),
        MetricSpec("voltage", "Voltage", "V"),
        MetricSpec("current", "Current", "A"),
        MetricSpec("frequency", "Frequency", "Hz"),
        MetricSpec("power_factor", "Power factor", "1"),
    ),
    DeviceKind.PV_ARRAY: (
        MetricSpec("dc_power", "DC power", "W"),
        MetricSpec("dc_voltage", "DC voltage", "V"),
        MetricSpec("module_temperature", "Module temperature", "°C"),
    ),
    DeviceKind.INVERTER: (
        _ACTIVE_POWER,
        _PRODUCTION,
        MetricSpec("apparent_power", "Apparent power", "VA"),
        MetricSpec("cabinet_temperature", "Cabinet temperature", "°C"),
        MetricSpec("operating_state", "Operating state", "1", MetricType.STATE),
    ),
    DeviceKind.BATTERY: (
        MetricSpec("state_of_charge", "State of charge", "%"),
        MetricSpec("state_of_health", "State of health", "%"),
        _ACTIVE_POWER,
        MetricSpec("charge_energy", "Energy charged", "Wh", MetricType.COUNTER),
        MetricSpec("discharge_energy", "Energy discharged", "Wh", MetricType.COUNTER),
        MetricSpec("dc_voltage", "DC voltage", "V"),
        MetricSpec("dc_current", "DC current", "A"),
        MetricSpec("cell_temperature_max", "Cell temperature, maximum", "°C"),
        MetricSpec("cycle_count", "Cycle count", "1", MetricType.COUNTER),
    ),
    DeviceKind.WIND_TURBINE: (
        _ACTIVE_POWER,
        _PRODUCTION,
        _WIND_SPEED,
        MetricSpec("wind_direction", "Wind direction", "°"),
        MetricSpec("rotor_speed", "Rotor speed", "1/min"),
    ),
    DeviceKind.LOAD_METER: (
        _ACTIVE_POWER,
        MetricSpec("consumption_energy", "Energy consumed", "Wh", MetricType.COUNTER),
    ),
    DeviceKind.EV_CHARGER: (
        _ACTIVE_POWER,
        MetricSpec("session_energy", "Energy of this session", "Wh", MetricType.COUNTER),
    ),
    DeviceKind.HEAT_PUMP: (
        _ACTIVE_POWER,
        MetricSpec("thermal_power", "Thermal power", "W"),
        MetricSpec("flow_temperature", "Flow temperature", "°C"),
    ),
    DeviceKind.GENSET: (
        _ACTIVE_POWER,
        _PRODUCTION,
        MetricSpec("fuel_level", "Fuel level", "%"),
    ),
    DeviceKind.WEATHER_STATION: (
        MetricSpec("irradiance", "Irradiance", "W/m²"),
        MetricSpec("ambient_temperature", "Ambient temperature", "°C"),
        _WIND_SPEED,
    ),
}

_PHASE = re.compile(r"_(l[123])\Z")
_BY_KEY = {spec.key: spec for specs in CANONICAL.values() for spec in specs}


def headline(kind: str) -> MetricSpec:
    """The Metric that every Device of this kind is created with unless others are named."""
    return CANONICAL[kind][0]


def canonical(key: str) -> MetricSpec | None:
    """The canonical Metric of that key, which means the same on every kind; None for other keys.

    That of a phase, such as active_power_l1, is described as that of all phases is.
    """
    return _described(key, _BY_KEY)


def describe(kind: str, key: str) -> MetricSpec:
    """The canonical Metric `key` of a Device of `kind`; for an unknown key a gauge without unit."""
    own = {spec.key: spec for spec in CANONICAL[kind]}
    unknown = MetricSpec(key, key.replace("_", " ").capitalize(), "1")
    return _described(key, own) or canonical(key) or unknown


def _described(key: str, specs: Mapping[str, MetricSpec]) -> MetricSpec | None:
    """The one of `specs` with that key, or of one of whose phases it is the key."""
    phase = _PHASE.search(key)
    if phase is None:
        return specs.get(key)
    spec = specs.get(key.removesuffix(phase[0]))
    return spec and spec._replace(key=key, name=f"{spec.name}, {phase[1].upper()}")
