"""The form of a mapping file, as types that msgspec checks. docs/mqtt.md tells its parts. Pure."""

from typing import Literal

import msgspec


class _MappingPart(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """No member is ignored: a misspelt one must not pass for one that was left out."""


class TimeForm(_MappingPart, frozen=True):
    """`{path: Time, format: auto, zone: Europe/Berlin}`"""

    path: str
    format: str = "auto"
    zone: str = ""


class ValueForm(_MappingPart, frozen=True):
    """One value of a message, or with names in its path several.

    `name` is how it is called, where that is not by the topic and the path.
    """

    path: str = "value"
    name: str = ""
    key: str = ""
    device: str = ""
    unit: str = ""
    type: Literal["", "gauge", "counter", "interval", "state"] = ""
    factor: float = 1.0
    sign: Literal[1, -1] = 1


class TopicForm(_MappingPart, frozen=True):
    """What messages of a topic hold. `strict`: what is not understood in them is refused."""

    topic: str
    site: str = ""
    device: str = ""
    time: str | TimeForm | None = None
    values: tuple[ValueForm, ...] = (ValueForm(),)
    strict: bool = False


class KeepaliveForm(_MappingPart, frozen=True):
    """What to send every so many seconds, so that a gateway goes on; `first` after connecting."""

    topic: str
    payload: str = ""
    first: str = ""
    every: float = 30.0


class UseForm(_MappingPart, frozen=True):
    """A ready-made mapping, with what it cannot know: Site, zone, what its names stand for."""

    mapping: str
    site: str = ""
    zone: str = ""
    names: dict[str, str] = {}


class DiscoveryForm(_MappingPart, frozen=True):
    """Where Home Assistant's discovery messages are; an empty prefix for nowhere."""

    prefix: str = "homeassistant"
    site: str = ""


class MappingForm(_MappingPart, frozen=True):
    """A whole file."""

    use: tuple[str | UseForm, ...] = ()
    topics: tuple[TopicForm, ...] = ()
    keepalive: tuple[KeepaliveForm, ...] = ()
    discovery: DiscoveryForm = DiscoveryForm()
