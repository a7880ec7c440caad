"""What the consumer makes of messages of all kinds, from a real Mosquitto into a database."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ingest.mqtt.connection import MAX_PACKET_BYTES
from tests.support.brokers import Broker, Gateway
from tests.support.consumers import ConsumerProcess, Installation, consumer
from tests.support.processes import wait_for

pytestmark = [pytest.mark.mosquitto, pytest.mark.engine]
NOON = "2026-06-01T12:00:00Z"
AT_NOON = 1780315200
MAPPING = """
use:
  - {mapping: victron, site: depot, names: {portal: c0619ab1b5a3}}
topics:
  - {topic: "plant/{device}/power", site: depot, time: t, values: [{key: active_power, factor: 2}]}
discovery: {site: depot}
"""


@pytest.fixture(scope="module")
def running(
    mosquitto: Broker, installed: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ConsumerProcess]:
    """A consumer with a mapping, for all tests."""
    path = tmp_path_factory.mktemp("mapping") / "mapping.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    with consumer(installed, mosquitto.url(), MQTT_MAPPING=str(path)) as running:
        yield running


@pytest.fixture
def gateway(mosquitto: Broker, running: ConsumerProcess) -> Iterator[Gateway]:
    """A gateway that also hears what was refused."""
    with Gateway(mosquitto, "energy-refused") as gateway:
        yield gateway


def has(installed: Installation, meter: int, *readings: tuple[int, float]) -> bool:
    return installed.readings(meter) == sorted(readings)


def discovered(installed: Installation) -> dict[str, tuple[Any, ...]]:
    """Name, unit, type, name of the device and Site of what waits."""
    rows = installed.query(
        "SELECT d.name, d.unit, d.type, d.device_name, s.slug FROM ingest_discovered d"
        " LEFT JOIN sites_site s ON s.id = d.site_id"
    )
    return {str(name): tuple(rest) for name, *rest in rows}


def test_a_message_that_is_too_large_is_left_out_and_the_next_is_stored(
    installed: Installation, gateway: Gateway
) -> None:
    for padding in (MAX_PACKET_BYTES, 0):
        body = {"value": padding, "timestamp": NOON, "note": "x" * padding}
        gateway.send("energy/depot/meter-2/active_power", body)
    wait_for(lambda: has(installed, 2, (AT_NOON, 0)))


def test_a_number_and_an_object_and_many_values(installed: Installation, gateway: Gateway) -> None:
    gateway.send("energy/depot/meter-0/active_power", {"value": 1, "timestamp": NOON})
    several = {"timestamp": "2026-06-01T14:00:01+02:00", "values": {"active_power": -2.5}}
    gateway.send("energy/depot/meter-0", several)
    wait_for(lambda: has(installed, 0, (AT_NOON, 1), (AT_NOON + 1, -2.5)))
    gateway.send("energy/depot/meter-1/active_power", b"17.25")
    wait_for(lambda: [value for _, value in installed.readings(1)] == [17.25])


def test_a_mapping_leads_to_a_metric(installed: Installation, gateway: Gateway) -> None:
    gateway.send("plant/Meter 2/power", {"value": "21", "t": AT_NOON * 1000})
    wait_for(lambda: has(installed, 2, (AT_NOON, 42)))


@pytest.mark.parametrize(
    ("topic", "content", "reason"),
    [
        ("energy/depot/meter-3/active_power", b"nonsense", "The payload is no JSON"),
        ("energy/depot/meter-3/active_power", b"\xff\xfe", "The payload is no JSON"),
        ("energy/depot/meter-3/active_power", {"val": 1}, "There is no `value`"),
        ("energy/depot/meter-3/active_power", {"value": True}, "The value must be a number"),
        ("energy/depot/meter-3/active_power", {"value": 1, "timestamp": "noon"},
         "The timestamp must be RFC 3339"),
        ("energy/depot/meter-3/active_power", {"value": 1, "timestamp": "2199-01-01T00:00:00Z"},
         "The timestamp is over a day ahead"),
        ("energy/depot/meter-3/active_power", b'{"value": 1e999}', "not a finite number"),
        ("energy/depot/meter-3", {"values": {"active_power": "1"}}, "The value must be a number"),
        ("energy/depot/meter-3", {"values": {}}, "There is no `values.{key}`"),
        ("plant/x/power", b'{"value": 1', "The payload is no JSON"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_sent_on_with_the_reason(
    installed: Installation, gateway: Gateway, topic: str, content: Any, reason: str
) -> None:
    gateway.send(topic, content)
    # A letter may come twice, and one of a test before this one late.
    wait_for(lambda: any(reason in letter["reason"] for letter in gateway.letters()))
    letter = next(letter for letter in gateway.letters() if reason in letter["reason"])
    assert letter["topic"] == topic
    if content == b"\xff\xfe":
        assert letter["payload_base64"] == "//4="
    else:
        sent = content.decode() if isinstance(content, bytes) else json.dumps(content)
        assert letter["payload"] == sent
    assert installed.readings(3) == []


def test_good_messages_beside_bad_ones_are_stored(
    installed: Installation, gateway: Gateway
) -> None:
    for number in range(20):
        at = {"timestamp": f"2026-06-01T12:00:{number:02}Z"}
        content = {"value": number if number % 2 else None} | at
        gateway.send("energy/depot/meter-4/active_power", content)
    good = [(AT_NOON + number, float(number)) for number in range(1, 20, 2)]
    wait_for(lambda: has(installed, 4, *good))
    # Those of a test before this one may come late.
    own = "energy/depot/meter-4/active_power"
    wait_for(
        lambda: (
            len({each.get("payload") for each in gateway.letters() if each["topic"] == own}) == 10
        )
    )


def test_garbage_kills_nothing(installed: Installation, gateway: Gateway) -> None:
    random = Random(1)
    topics = [
        "energy/depot/meter-9/active_power", "energy/depot/meter-9", "plant/x/power",
        "N/c0619ab1b5a3/system/0/Dc/Battery/Soc", "energy/\u00e9/\U0001f50b/x", "energy/a b/'/\"",
        "homeassistant/sensor/x/config", "homeassistant/sensor/x/y/config",
    ]  # fmt: skip
    for number in range(400):
        payload = random.randbytes(random.randrange(200))
        if number % 2:
            payload = b'{"value": ' + payload + b"}"
        gateway.send(random.choice(topics), payload)
    gateway.send("homeassistant/sensor/x/z/config", b'{"state_topic": "' + b"x" * 70_000 + b'"}')
    gateway.send("energy/depot/meter-9/active_power", {"value": 9, "timestamp": NOON})
    wait_for(lambda: has(installed, 9, (AT_NOON, 9)))


def test_an_unknown_name_waits_for_the_site_that_it_names(
    installed: Installation, gateway: Gateway
) -> None:
    gateway.send("energy/depot/boiler", {"timestamp": NOON, "values": {"temperature": 61}})
    gateway.send("energy/nowhere/boiler/temperature", {"timestamp": NOON, "value": 61})
    names = {"energy/depot/boiler/temperature", "energy/nowhere/boiler/temperature"}
    wait_for(lambda: names <= discovered(installed).keys())
    found = discovered(installed)
    assert found["energy/depot/boiler/temperature"][-2:] == ("boiler", "depot")
    assert found["energy/nowhere/boiler/temperature"][-1] is None


FRIDGE = {
    "name": "Fridge Energy", "stat_t": "tele/fridge/SENSOR", "unit_of_meas": "kWh",
    "stat_cla": "total_increasing", "val_tpl": "{{value_json['ENERGY']['Total']}}",
    "dev": {"ids": ["218FF9"], "name": "Fridge"},
}  # fmt: skip
FRIDGE_NAME = "tele/fridge/SENSOR#ENERGY.Total"


def waiting_count(installed: Installation, name: str) -> int:
    ((count,),) = installed.query(f"SELECT waiting FROM ingest_discovered WHERE name = '{name}'")
    return int(str(count))


def test_what_home_assistant_is_told_is_a_proposal(
    mosquitto: Broker, installed: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("discovery: {prefix: assistant, site: depot}")  # No other consumer's.
    settings = {"MQTT_MAPPING": str(path), "MQTT_CLIENT_ID": "proposed"}
    with Gateway(mosquitto) as gateway:
        with consumer(installed, mosquitto.url(), **settings):
            gateway.send("assistant/sensor/218FF9/energy/config", FRIDGE, retain=True)
            wait_for(lambda: FRIDGE_NAME in discovered(installed))
            said = discovered(installed)[FRIDGE_NAME]
            assert said == ("kWh", "counter", "Fridge", "depot")
            gateway.send("tele/fridge/SENSOR", {"ENERGY": {"Total": 2674.596}})
            wait_for(lambda: waiting_count(installed, FRIDGE_NAME) == 1)
        # It is known from now on: what waits in the broker comes before the proposal does.
        sent = gateway.send("tele/fridge/SENSOR", {"ENERGY": {"Total": 2674.6}})
        wait_for(lambda: sent in gateway.acknowledged)
        with consumer(installed, mosquitto.url(), **settings):
            wait_for(lambda: waiting_count(installed, FRIDGE_NAME) == 2)


def test_an_old_value_that_the_broker_kept_is_not_measured_now(
    mosquitto: Broker, installed: Installation, running: ConsumerProcess
) -> None:
    dated = {"value": 5, "timestamp": NOON}
    with Gateway(mosquitto) as gateway:
        gateway.send("energy/depot/meter-5/active_power", dated, retain=True)
        sent = gateway.send("energy/depot/meter-6/active_power", b"6", retain=True)
        # Whoever listens when it is sent takes it as measured now.
        wait_for(lambda: sent in gateway.acknowledged and len(installed.readings(6)) == 1)
        with consumer(installed, mosquitto.url(), MQTT_CLIENT_ID="late"):
            wait_for(lambda: has(installed, 5, (AT_NOON, 5)))
            gateway.send("energy/depot/meter-7/active_power", {"value": 7, "timestamp": NOON})
            wait_for(lambda: has(installed, 7, (AT_NOON, 7)))
        assert len(installed.readings(6)) == 1


def test_a_gateway_that_needs_it_is_kept_alive(
    mosquitto: Broker, installed: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("use: [{mapping: victron, names: {portal: other}}]")  # No other consumer's.
    settings = {"MQTT_MAPPING": str(path), "MQTT_CLIENT_ID": "other"}
    with Gateway(mosquitto, "R/other/keepalive") as gateway:
        with consumer(installed, mosquitto.url(), **settings):
            wait_for(lambda: gateway.heard != [])
        assert gateway.heard[0].payload == b""  # so that all values are sent


def test_its_heart_beats_and_it_says_what_it_refuses(
    running: ConsumerProcess, gateway: Gateway
) -> None:
    before = running.heartbeat.stat().st_mtime
    wait_for(lambda: running.heartbeat.stat().st_mtime > before)
    assert "Refused a message on energy/depot/meter-3" in running.log
    assert "Traceback" not in running.log


def test_an_encrypted_connection(mosquitto: Broker, installed: Installation) -> None:
    url = mosquitto.url().replace("mqtt://", "mqtts://").replace("127.0.0.1", "localhost")
    secure = url.replace(str(mosquitto.port), str(mosquitto.secure_port))
    settings = {"MQTT_CA_FILE": str(mosquitto.ca_file), "MQTT_CLIENT_ID": "secure"}
    with consumer(installed, secure, **settings), Gateway(mosquitto) as gateway:
        gateway.send("energy/depot/meter-8/active_power", {"value": 8, "timestamp": NOON})
        wait_for(lambda: has(installed, 8, (AT_NOON, 8)))


@pytest.mark.parametrize(("user", "said"), [("nobody", "refuses"), ("energy:wrong", "refuses")])
def test_who_is_not_let_in_says_so_and_tries_again(
    mosquitto: Broker, installed: Installation, user: str, said: str
) -> None:
    process = ConsumerProcess(installed, f"mqtt://{user}@127.0.0.1:{mosquitto.port}")
    try:
        wait_for(lambda: process.log.count(said) >= 2)
        assert process.stop() == 0
        assert "Traceback" not in process.log
        assert "wrong" not in process.log
    finally:
        process.process.kill()
        process.process.wait()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"MQTT_URL": ""}, "MQTT_URL is not set"),
        ({"MQTT_URL": "http://u:secret@h"}, "MQTT_URL has the form mqtt[s]://"),
        ({"MQTT_MAPPING": "/nowhere.yaml"}, "/nowhere.yaml cannot be read"),
        ({"MQTT_CA_FILE": "/nowhere.pem"}, "there is no file /nowhere.pem"),
        ({"MQTT_REFUSED_TOPIC": "energy/a/b"}, "matches MQTT_REFUSED_TOPIC"),
    ],
)
def test_wrong_settings_are_said_at_the_start(
    installed: Installation, wrong: dict[str, str], said: str
) -> None:
    process = ConsumerProcess(installed, "mqtt://127.0.0.1:1", **wrong)
    assert process.process.wait(timeout=30) == 1
    assert said in process.log
    assert "secret" not in process.log
    assert "Traceback" not in process.log
