"""Readings by MQTT: what waits in a Mosquitto, until the consumer has stored all of it.

`python -m bench.run bench.mqtt REPORT` measures it alone, on a database that is empty and migrated.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

from django.core.management import call_command
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bench.server import HOST, await_answer, free_port
from bench.tables import table, target
from devices.models import Device
from history.models import Reading
from metrics.models import Metric
from sites.models import Site

GATEWAYS = 10  # each with a Site of its own
VALUES = 10  # in a message
MESSAGES = 20_000
WANTED = 20_000
CONFIGURATION = Path(__file__).parent.parent / "deploy" / "mosquitto" / "mosquitto.conf"
_KEPT = ("persistence true", "max_", "persistent_client")
_PATIENCE = 120.0  # s


def measure() -> float:
    """Readings/s of one consumer; NaN where there is no Mosquitto."""
    if (program := which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")) is None:
        return float("nan")
    gateways = _gateways()
    with tempfile.TemporaryDirectory() as folder, _broker(program, Path(folder)) as port:
        with _consumer(port):  # The broker keeps what comes for whoever was there once.
            _await_subscription(port, gateways[0])
        before = _stored()
        _publish(port, gateways)
        with _consumer(port):
            return _rate(before, before + MESSAGES * VALUES)


def report(rate: float) -> str:
    """The table of it."""
    if math.isnan(rate):
        return "Readings by MQTT: not measured, as Mosquitto is not installed."
    head = (f"readings/s by MQTT, {VALUES} in a message", "measured", "target")
    return table(head, [("one consumer", f"{rate:,.0f}", target(f"≥ {WANTED:,}", rate >= WANTED))])


def _gateways() -> list[str]:
    """The topics of some Devices of many Metrics."""
    topics = []
    for number in range(GATEWAYS):
        slug = f"gateway-{number}"
        site = Site.objects.create(name=f"Gateway {number}", slug=slug, time_zone="Europe/Berlin")
        device = Device.objects.create(site=site, name="Meter", kind="load_meter")
        Metric.objects.bulk_create(
            Metric(device=device, key=f"power_{n}", name=f"Power {n}", unit="W")
            for n in range(VALUES)
        )
        topics.append(f"energy/{slug}/{device.slug}")
    return topics


def _messages(topics: list[str]) -> Iterator[tuple[str, str]]:
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    for number in range(MESSAGES):
        values = {f"power_{n}": 1000.0 + (number * 7 + n) % 971 / 10 for n in range(VALUES)}
        measured = (moment + timedelta(seconds=number // len(topics))).isoformat()
        yield topics[number % len(topics)], json.dumps({"timestamp": measured, "values": values})


@contextmanager
def _broker(program: str, folder: Path) -> Iterator[int]:
    """A Mosquitto with the deployed limits, open to this machine; yields its port."""
    port = free_port()
    deployed = CONFIGURATION.read_text("utf-8").splitlines()
    kept = [line for line in deployed if line.startswith(_KEPT)]
    own = ["user root", f"listener {port} {HOST}", "allow_anonymous true"]
    configuration = folder / "mosquitto.conf"
    location = [f"persistence_location {folder}/"]
    configuration.write_text("\n".join([*own, *kept, *location, ""]), "utf-8")
    process = subprocess.Popen([program, "-c", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        await_answer(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


@contextmanager
def _consumer(port: int) -> Iterator[None]:
    environment = {"MQTT_URL": f"mqtt://{HOST}:{port}", "MQTT_CLIENT_ID": "bench"}
    command = [sys.executable, "manage.py", "consume_mqtt"]
    process = subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _publisher(port: int) -> Iterator[Client]:
    version = MQTTProtocolVersion.MQTTv5
    client = Client(CallbackAPIVersion.VERSION2, "publisher", protocol=version)
    client.max_inflight_messages_set(1_000)
    client.connect(HOST, port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def _await_subscription(port: int, topic: str) -> None:
    """Send until something arrives."""
    deadline = time.monotonic() + _PATIENCE
    with _publisher(port) as client:
        while not _stored():
            _check(deadline)
            client.publish(topic, json.dumps({"values": {"power_0": 1}}), qos=1).wait_for_publish(5)
            time.sleep(0.2)


def _publish(port: int, topics: list[str]) -> None:
    with _publisher(port) as client:
        sent = [client.publish(topic, text, qos=1) for topic, text in _messages(topics)]
        for each in sent:
            each.wait_for_publish(_PATIENCE)


def _rate(before: int, after: int) -> float:
    """Readings/s from when the first are there to when all are."""
    deadline, first, began = time.monotonic() + _PATIENCE, before, 0.0
    while (count := _stored()) < after:
        _check(deadline)
        if first == before and count > before:
            first, began = count, time.monotonic()
        time.sleep(0.1)  # Asking takes time from the consumer, too.
    return (after - first) / (time.monotonic() - began)


def _stored() -> int:
    """How many readings of the gateways there are."""
    ids = Metric.objects.filter(device__site__slug__startswith="gateway-").values_list("pk")
    return Reading.objects.filter(metric__in=[pk for (pk,) in ids]).count()


def _check(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise RuntimeError("the messages do not arrive")


def main(file: str) -> int:
    """Measure it alone."""
    call_command("migrate", verbosity=0)
    Path(file).write_text(report(measure()), encoding="utf-8")
    return 0
