"""What the documents show of MQTT is what works."""

import re
import subprocess
from pathlib import Path

import pytest

from ingest.mqtt.mapping import read_mapping, ready_made
from tests.support.brokers import Broker
from tests.support.composition import ROOT
from tests.support.consumers import Installation, consumer
from tests.support.processes import wait_for

README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8")
CAMPUS = """
    from devices.models import Device
    from metrics.models import Metric
    from sites.models import Site
    site = Site.objects.create(name="Campus", slug="greensboro-campus", time_zone="UTC")
    meter = Device.objects.create(site=site, name="Grid meter", kind="grid_meter")
    Metric.objects.create(device=meter, key="voltage", name="Voltage", unit="V")
"""
STORED = (
    "SELECT m.key, r.value FROM history_reading r JOIN metrics_metric m ON m.id = r.metric_id"
    " JOIN devices_device d ON d.id = m.device_id WHERE d.slug = 'grid-meter'"
)


def test_the_mapping_that_is_shown_is_understood(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```yaml\n(.+?)```", REFERENCE, re.DOTALL)
    path = tmp_path / "mapping.yaml"
    path.write_text(shown, encoding="utf-8")
    mapping = read_mapping(path)
    assert {rule.origin for rule in mapping.rules} == {
        "energy", "shelly", "tasmota", "victron", "mapping.yaml"
    }  # fmt: skip
    assert mapping.discovery.site == "depot"


def test_each_ready_made_mapping_is_told_of() -> None:
    table = REFERENCE.partition("| ready-made |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == ready_made()


@pytest.mark.mosquitto
@pytest.mark.engine
def test_the_commands_that_are_shown_store_readings(
    mosquitto: Broker, installed: Installation
) -> None:
    commands = re.findall(r"^mosquitto_pub (?:.+\\\n)?.+$", README, re.MULTILINE)
    assert len(commands) == 2
    broker = f"-h 127.0.0.1 -p {mosquitto.port} -u gateway -P {mosquitto.password('gateway')}"
    installed.manage("shell", "--verbosity=0", script=CAMPUS)
    with consumer(installed, mosquitto.url()):
        for command in commands:
            assert "-h localhost" in command
            shown = command.replace("-h localhost", broker)
            subprocess.run(["sh", "-c", shown], check=True)
        expected = [("active_power", 1250), ("active_power", 1250), ("voltage", 231.4)]
        wait_for(lambda: sorted(installed.query(STORED)) == expected)
