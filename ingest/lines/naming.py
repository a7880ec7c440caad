"""What the series of line protocol are called, and what their tags and texts tell of them. Pure.

Home Assistant tags each line with `domain` and `entity_id`: a series is `domain.entity_id/field`,
such as `sensor.solar_power/value`, and the measurement is its unit. Any other is
`measurement,tag=value,…/field`, tags in the order of their keys and a backslash before characters
that would separate. Where `site` and `device` are among the tags they are slugs, and the field is
the key of the Metric.
"""

import re

from ingest.lines.points import Point
from ingest.names import ExternalName, Guess
from metrics.units import UNITS, suggestion

_SEPARATORS = re.compile(r"[\\,= ]")
_READING = "value"  # the field that has an entity's state as a number; others are its attributes
_ON_OR_OFF = {"binary_sensor", "input_boolean", "light", "switch"}
_COUNTING = {"total", "total_increasing"}
# Tags that name equipment, the nearest to it first.
_EQUIPMENT = ("device_name", "device", "name", "host")


def name_of(point: Point, field: str) -> ExternalName:
    """What the series of a point's field is called."""
    tags = point.tags
    if _is_entity(point):
        name, guess = f"{tags['domain']}.{tags['entity_id']}", _of_entity(point, field)
    else:
        name, guess = _series_key(point), _of_tags(point, field)
    slugs = (tags["site"], tags["device"], field) if {"site", "device"} <= tags.keys() else None
    of_field = _escaped(field).replace("/", r"\/")
    return ExternalName(f"{name}/{of_field}", slugs, guess)


def _is_entity(point: Point) -> bool:
    return {"domain", "entity_id"} <= point.tags.keys()


def _series_key(point: Point) -> str:
    tags = (f"{_escaped(key)}={_escaped(value)}" for key, value in sorted(point.tags.items()))
    return ",".join([_escaped(point.measurement), *tags])


def _escaped(text: str) -> str:
    return _SEPARATORS.sub(r"\\\g<0>", text)


def _of_entity(point: Point, field: str) -> Guess:
    """What an entity of Home Assistant tells, of which most is text beside its value."""
    told = {key.removesuffix("_str"): text for key, text in _texts(point).items()} | point.tags
    name = told.get("friendly_name", "")
    if field != _READING:
        return Guess(name=f"{name} {field}".strip(), device_name=name)
    unit = _unit(point.measurement) or _unit(told.get("unit_of_measurement", ""))
    if told["domain"] in _ON_OR_OFF:
        return Guess(unit, "state", name)
    return Guess(unit, "counter" if told.get("state_class") in _COUNTING else _type(unit), name)


def _of_tags(point: Point, field: str) -> Guess:
    unit = _unit(point.tags.get("unit", ""))
    kind = "state" if isinstance(point.fields.get(field), bool) else _type(unit)
    equipment = (point.tags[tag] for tag in _EQUIPMENT if tag in point.tags)
    return Guess(unit, kind, device_name=next(equipment, point.measurement))


def _texts(point: Point) -> dict[str, str]:
    return {key: value for key, value in point.fields.items() if isinstance(value, str)}


def _unit(text: str) -> str:
    """The unit that a text is, or may have been meant to be; "" where it is none."""
    return text if text in UNITS or not text else suggestion(text) or ""


def _type(unit: str) -> str:
    """What readings in a unit are, as a rule: energy is counted."""
    if not unit:
        return ""
    return "counter" if UNITS[unit].dimension.endswith("energy") else "gauge"
