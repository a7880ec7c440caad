"""Home Assistant's discovery messages: what a broker's other listeners know about a topic. Pure.

They say of a sensor where its values are, in which unit, and how people call it and its device.
From that come proposals only: the values wait under a name that nothing maps, until somebody says
whose they are. https://www.home-assistant.io/integrations/mqtt#mqtt-discovery
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from ingest.mqtt.paths import VALUE, MemberPath
from ingest.mqtt.patterns import is_topic
from ingest.names import Guess
from metrics.units import UNITS, suggestion

# Names that a message may have instead of the long ones.
_SHORT = {
    "state_topic": "stat_t", "value_template": "val_tpl", "unit_of_measurement": "unit_of_meas",
    "device_class": "dev_cla", "state_class": "stat_cla", "device": "dev", "components": "cmps",
    "platform": "p",
}  # fmt: skip
# `{{ value_json.ENERGY.Power }}` and `{{ value_json['ENERGY']['Power'] | float(0) }}`, but nothing
# that computes: such values would be other ones than what the topic has.
_TEMPLATE = re.compile(
    r"\{\{-?\s*value(?P<json>_json(?P<members>(?:\.\w+|\[\s*(?:'[^'.\]]+'|\"[^\".\]]+\")\s*\])+))?"
    r"\s*(?:\|\s*(?:float|int|is_defined|round)\s*(?:\([^()]*\))?\s*)*-?\}\}",
    re.ASCII,
)
_MEMBER = re.compile(r"\.(\w+)|\[\s*['\"]([^'\"]+)['\"]\s*\]", re.ASCII)
_LONGEST = 200  # characters of what people call something
_COUNTED = {"energy", "water", "gas", "volume"}
_JSON = msgspec.json.Decoder()


class AnnouncedSensor(NamedTuple):
    """A sensor's values: on which topic they are, at which path, and what is known of them."""

    topic: str
    path: MemberPath
    guess: Guess


def filters(prefix: str) -> list[str]:
    """What the broker is asked for, so that all discovery messages come."""
    if not prefix:
        return []
    return [f"{prefix}/{middle}/config" for middle in ("+/+", "+/+/+")]


def is_discovery(topic: str, prefix: str) -> bool:
    """Whether a topic is that of a discovery message."""
    return bool(prefix) and topic.startswith(f"{prefix}/") and topic.endswith("/config")


def proposals(topic: str, prefix: str, payload: bytes) -> list[AnnouncedSensor]:
    """What a message proposes: nothing where it is about no sensor, or is not understood."""
    try:
        content = _JSON.decode(payload)
    except (ValueError, RecursionError):
        return []
    if not isinstance(content, dict):
        return []
    component = topic.removeprefix(f"{prefix}/").partition("/")[0]
    found = (_proposal(sensor) for sensor in _sensors(component, content))
    return [proposal for proposal in found if proposal is not None]


def _sensors(component: str, content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The sensors of a message: itself, or what a device has, with what they share."""
    if component == "sensor":
        yield content
    components = _member(content, "components")
    if component == "device" and isinstance(components, dict):
        shared = {name: content[name] for name in content if name not in ("components", "cmps")}
        for each in components.values():
            if isinstance(each, dict) and _member(each, "platform") == "sensor":
                yield shared | each


def _proposal(sensor: dict[str, Any]) -> AnnouncedSensor | None:
    topic, path = _absolute(sensor), _path(_text(sensor, "value_template"))
    if path is None or not is_topic(topic):
        return None
    return AnnouncedSensor(topic, path, _guess(sensor))


def _absolute(sensor: dict[str, Any]) -> str:
    """The topic of the state, in which ~ at an end stands for the base topic."""
    topic, base = _text(sensor, "state_topic"), sensor.get("~")
    if not isinstance(base, str):
        return topic
    if topic.startswith("~"):
        topic = base + topic[1:]
    return topic[:-1] + base if topic.endswith("~") else topic


def _path(template: str) -> MemberPath | None:
    """The path that a template takes a value from; None where it does something else."""
    if not template:
        return MemberPath.literal([VALUE])
    found = _TEMPLATE.fullmatch(template.strip())
    if found is None:
        return None
    members = _MEMBER.findall(found["members"] or "")
    return MemberPath.literal([plain or quoted for plain, quoted in members] or [VALUE])


def _guess(sensor: dict[str, Any]) -> Guess:
    device = _member(sensor, "device")
    device_name = _text(device, "name") if isinstance(device, dict) else ""
    unit = _text(sensor, "unit_of_measurement").strip()
    if unit not in UNITS:
        unit = suggestion(unit) or unit
    return Guess(unit, _type(sensor, unit), _text(sensor, "name") or device_name, device_name)


def _type(sensor: dict[str, Any], unit: str) -> str:
    state_class = _text(sensor, "state_class")
    if state_class == "total_increasing":
        return "counter"
    if state_class == "measurement":
        return "gauge"
    is_energy = unit in UNITS and UNITS[unit].dimension == "energy"
    return "counter" if is_energy or _text(sensor, "device_class") in _COUNTED else "gauge"


def _member(content: dict[str, Any], name: str) -> Any:
    return content.get(name, content.get(_SHORT.get(name, name)))


def _text(content: dict[str, Any], name: str) -> str:
    value = _member(content, name)
    return value[:_LONGEST] if isinstance(value, str) else ""
