"""Home Assistant's discovery messages: what they propose."""

import json
from typing import Any

import pytest

from ingest.mqtt import proposed
from ingest.mqtt.discovery import proposals
from ingest.mqtt.form import DiscoveryForm
from ingest.mqtt.messages import Message
from ingest.mqtt.proposed import ProposedSeries
from ingest.mqtt.reading import Router
from ingest.names import Guess

# As Tasmota and Zigbee2MQTT send them.
TASMOTA = {
    "name": "plug001 ENERGY Total", "stat_t": "tele/plug001/SENSOR", "avty_t": "tele/plug001/LWT",
    "pl_avail": "Online", "pl_not_avail": "Offline", "uniq_id": "218FF9_ENERGY_Total",
    "dev": {"ids": ["218FF9"], "name": "Fridge"}, "unit_of_meas": "kWh", "dev_cla": "energy",
    "stat_cla": "total_increasing", "frc_upd": True,
    "val_tpl": "{{value_json['ENERGY']['Total']}}",
}  # fmt: skip
ZIGBEE = {
    "availability": [{"topic": "zigbee2mqtt/bridge/state"}],
    "device": {"identifiers": ["zigbee2mqtt_0x01"], "manufacturer": "Tuya", "name": "PS5"},
    "device_class": "power", "enabled_by_default": True, "json_attributes_topic": "zigbee2mqtt/PS5",
    "name": "PS5 power", "state_class": "measurement", "state_topic": "zigbee2mqtt/PS5",
    "unique_id": "0x01_power_zigbee2mqtt", "unit_of_measurement": "W",
    "value_template": "{{ value_json.power }}",
}  # fmt: skip


def found(message: Any, topic: str = "homeassistant/sensor/x/power/config") -> list[Any]:
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    return [
        (at, path.text, guess) for at, path, guess in proposals(topic, "homeassistant", payload)
    ]


def test_short_names_and_members_in_brackets() -> None:
    guess = Guess("kWh", "counter", "plug001 ENERGY Total", "Fridge")
    assert found(TASMOTA) == [("tele/plug001/SENSOR", "ENERGY.Total", guess)]


def test_long_names_and_members_with_points() -> None:
    guess = Guess("W", "gauge", "PS5 power", "PS5")
    assert found(ZIGBEE) == [("zigbee2mqtt/PS5", "power", guess)]


def test_a_device_has_many_sensors() -> None:
    message = {
        "dev": {"ids": "a1", "name": "Inverter"},
        "o": {"name": "esp"},
        "cmps": {
            "p": {"p": "sensor", "unit_of_meas": "kW", "val_tpl": "{{ value_json.pac | float }}"},
            "e": {"p": "sensor", "unit_of_meas": "kWh", "stat_t": "esp/energy"},
            "s": {"p": "switch", "command_topic": "esp/set"},
        },
        "stat_t": "esp/state",
    }
    assert found(message, "homeassistant/device/a1/config") == [
        ("esp/state", "pac", Guess("kW", "gauge", "Inverter", "Inverter")),
        ("esp/energy", "value", Guess("kWh", "counter", "Inverter", "Inverter")),
    ]


@pytest.mark.parametrize(
    ("topic", "expected"), [("~/state", "base/x/state"), ("state/~", "state/base/x")]
)
def test_a_tilde_stands_for_the_base_topic(topic: str, expected: str) -> None:
    ((at, _, _),) = found(ZIGBEE | {"~": "base/x", "state_topic": topic})
    assert at == expected


@pytest.mark.parametrize(
    "template",
    ["{{ value_json.power / 1000 }}", "{{ value|float / 10 }}", "{{ value_json.a[0] }}",
     "{% if value_json.a %}1{% endif %}", "{{ states('sensor.x') }}", "{{ value_json }}",
     "{{ value_json['a.b'] }}", "{{ value_json.power }}{{ value_json.power }}"],
)  # fmt: skip
def test_what_computes_proposes_nothing(template: str) -> None:
    assert found(ZIGBEE | {"value_template": template}) == []


@pytest.mark.parametrize(
    ("template", "path"),
    [("{{ value }}", "value"), ("{{ value | float(0) }}", "value"), ("{{value_json.a.b}}", "a.b"),
     ("{{- value_json['a'].b | round(2) -}}", "a.b"), ("{{ value_json.value }}", "value")],
)  # fmt: skip
def test_what_only_takes_a_value_proposes_it(template: str, path: str) -> None:
    ((_, at, _),) = found(ZIGBEE | {"value_template": template})
    assert at == path


@pytest.mark.parametrize(
    "message",
    [b"", b"nonsense", b"[]", b"null", b'{"state_topic": 5}', {}, ZIGBEE | {"state_topic": "a/#"},
     ZIGBEE | {"state_topic": "$share/a/b"}, ZIGBEE | {"state_topic": "a\0b"}, b"[" * 100_000,
     ZIGBEE | {"state_topic": "a/\ud800"}],
)  # fmt: skip
def test_what_is_not_understood_proposes_nothing(message: Any) -> None:
    assert found(message) == []


def test_only_sensors_measure() -> None:
    assert found(ZIGBEE, "homeassistant/binary_sensor/x/state/config") == []


@pytest.mark.parametrize(
    ("changes", "unit", "kind"),
    [
        ({"unit_of_measurement": "kwh", "state_class": "total"}, "kWh", "counter"),
        ({"unit_of_measurement": "m³", "state_class": "total", "device_class": "gas"}, "m³",
         "counter"),
        ({"unit_of_measurement": "Wh", "state_class": "measurement"}, "Wh", "gauge"),
        ({"unit_of_measurement": "°C", "state_class": None}, "°C", "gauge"),
        ({"unit_of_measurement": "lx", "state_class": None}, "lx", "gauge"),
    ],
)  # fmt: skip
def test_unit_and_kind_are_guessed(changes: dict[str, Any], unit: str, kind: str) -> None:
    ((_, _, guess),) = found(ZIGBEE | changes)
    assert guess[:2] == (unit, kind)


def test_so_many_series_are_listened_to_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposed, "MOST_PROPOSED", 2)
    series = ProposedSeries(Router([]), DiscoveryForm())
    heard = [series.hear(_announcement(number)) for number in range(3)]
    assert heard == [["home/0"], ["home/1"], []]


def _announcement(number: int) -> Message:
    payload = {"state_topic": f"home/{number}", "unit_of_measurement": "W", "name": "A sensor"}
    topic = f"homeassistant/sensor/s{number}/config"
    return Message(topic, json.dumps(payload).encode(), 0)
