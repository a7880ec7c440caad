"""Whatever a message holds, it is read, or refused in words, and nothing else happens."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.mqtt.discovery import proposals
from ingest.mqtt.letters import letter
from ingest.mqtt.mapping import Mapping, read_mapping
from ingest.mqtt.messages import Message
from ingest.mqtt.reading import Router

RECEIVED_AT = 1_790_000_000_000_000
ALL = "use: [shelly, tasmota, zigbee2mqtt, openems, {mapping: flat, names: {prefix: home}}]"
TOPICS = [
    "energy/a/b/c", "energy/a/b", "x/events/rpc", "tele/x/SENSOR", "zigbee2mqtt/x", "home/a/b",
    "edge/e/channel/_sum/EssSoc",
]  # fmt: skip
MEMBERS = st.sampled_from(
    ["value", "values", "timestamp", "Time", "ENERGY", "Power", "Total", "params", "ts", "switch:0",
     "apower", "em:0", "last_seen", "power", "x"]
)  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.sampled_from(["1.5", "NaN", "1_0", "2026-01-01T00:00:00Z", "9" * 400, "-inf"])
)  # fmt: skip
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(MEMBERS | st.text(), inner)
)


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> Mapping:
    path: Path = tmp_path_factory.mktemp("mapping") / "mapping.yaml"
    path.write_text(ALL, encoding="utf-8")
    return read_mapping(path)


def read_or_refuse(mapping: Mapping, topic: str, payload: bytes, *, retained: bool) -> None:
    message = Message(topic, payload, RECEIVED_AT, retained)
    route = Router(mapping.rules).route(topic)
    assert route is not None
    readings, reason = [], ""
    try:
        readings = route.read(message)
    except ValueError as error:
        reason = str(error) or "none"
    assert json.loads(letter(message, reason))["reason"] == reason != "none"
    for reading in readings:
        assert isinstance(reading.value, float)
        assert isinstance(reading.timestamp, int)
        assert abs(reading.timestamp) < 2**63


@given(st.sampled_from(TOPICS), st.binary(), st.booleans())
def test_bytes(mapping: Mapping, topic: str, payload: bytes, retained: bool) -> None:
    read_or_refuse(mapping, topic, payload, retained=retained)


@given(st.sampled_from(TOPICS), JSON, st.booleans())
def test_json(mapping: Mapping, topic: str, content: object, retained: bool) -> None:
    read_or_refuse(mapping, topic, json.dumps(content).encode(), retained=retained)


@given(st.text(), JSON | st.binary())
def test_discovery(topic: str, content: object) -> None:
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    for prefix in ("homeassistant/sensor/", "homeassistant/device/"):
        for proposal in proposals(f"{prefix}{topic}/config", "homeassistant", payload):
            assert proposal.topic


@pytest.mark.parametrize("payload", [b"[" * 1_000_000, b'{"a":' * 500_000, b"{" * 2_000])
def test_depth(mapping: Mapping, payload: bytes) -> None:
    for topic in TOPICS:
        read_or_refuse(mapping, topic, payload, retained=False)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(946684800, 4102444800))
def test_what_is_written_is_what_is_read(mapping: Mapping, value: float, second: int) -> None:
    router = Router(mapping.rules)
    moment = f"{second}"
    payload = json.dumps({"timestamp": moment, "value": value}).encode()
    route = router.route("home/meter/power")
    assert route is not None
    (read,) = route.read(Message("home/meter/power", payload, RECEIVED_AT))
    assert read.timestamp == second * 1_000_000
    assert read.value == value or math.isclose(read.value, value)
