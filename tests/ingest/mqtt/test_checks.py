"""What `manage.py check` says of MQTT."""

from pathlib import Path
from typing import Any

import pytest

from ingest.mqtt.checks import check_mqtt


def said(**changes: Any) -> list[tuple[str, str]]:
    return [(message.id, str(message.msg)) for message in check_mqtt()]


@pytest.fixture(autouse=True)
def unset(settings: Any) -> None:
    settings.MQTT_URL, settings.MQTT_MAPPING = "", ""


def test_nothing_where_it_is_not_used() -> None:
    assert said() == []


def test_what_comes_is_listed(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("use: [{mapping: tasmota, site: depot}]")
    settings.MQTT_MAPPING = str(path)
    ((name, text),) = said()
    assert name == "mqtt.I001"
    assert "energy/+/+/+ value → {site}/{device}/{key} (energy)" in text
    assert (
        "tele/+/SENSOR ENERGY.Total × 1000 → depot/{device}/consumption_energy in Wh (tasmota)"
    ) in text


def test_a_relative_path_begins_at_the_project(settings: Any) -> None:
    settings.MQTT_MAPPING = "deploy/mqtt/mapping.example.yaml"
    assert [name for name, _ in said()] == ["mqtt.I001"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"MQTT_URL": "mqtt://"}, "mqtt.E001"),
        ({"MQTT_URL": "mqtt://host:port"}, "mqtt.E001"),
        ({"MQTT_URL": "mqtt://host/path"}, "mqtt.E001"),
        ({"MQTT_CA_FILE": "/nowhere"}, "mqtt.E002"),
        ({"MQTT_SHARE": "a/b"}, "mqtt.E003"),
        ({"MQTT_REFUSED_TOPIC": "a/#"}, "mqtt.E004"),
        ({"MQTT_MAPPING": "/nowhere.yaml"}, "mqtt.E005"),
        ({"MQTT_REFUSED_TOPIC": "energy/a/b/c"}, "mqtt.E006"),
    ],
)
def test_mistakes_are_errors(settings: Any, changes: dict[str, str], name: str) -> None:
    settings.MQTT_URL = "mqtts://user:p%40ss@broker.example"
    for setting, value in changes.items():
        setattr(settings, setting, value)
    assert name in [found for found, _ in said()]
