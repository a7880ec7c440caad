"""What Home Assistant's InfluxDB integration sends, by either of its clients, as recorded."""

from base64 import b64encode
from typing import Any

import pytest

from ingest.models import Discovered
from metrics.models import Metric
from tests.ingest.lines.conftest import Send

# The measurement of an entity is its unit, else its id; attributes are fields beside its state, and
# those that are no numbers are texts.
ENTITIES = (
    (
        'W,domain=sensor,entity_id=solar_power device_class_str="power",'
        'friendly_name_str="Solar power",'
        'state_class_str="measurement",value=2412 1780315200123456000'
    ),
    (
        'kWh,domain=sensor,entity_id=solar_energy_total device_class_str="energy",'
        'friendly_name_str="Solar energy total",last_reset_str="None",'
        'state_class_str="total_increasing",value=18204.6 1780315200123456000'
    ),
    (
        "°C,domain=sensor,entity_id=attic_temperature battery_level=98,"
        r'friendly_name_str="Attic \"north\", temperature",value=21.5 1780315200123456000'
    ),
    (
        'binary_sensor.grid_ok,domain=binary_sensor,entity_id=grid_ok device_class_str="power",'
        'friendly_name_str="Grid OK",state="on",value=1 1780315200123456000'
    ),
    (
        "sensor.inverter_mode,domain=sensor,entity_id=inverter_mode "
        "friendly_name_str=\"Inverter mode\",options_str=\"['Self use', 'Feed in']\","
        'state="Self use\nmode" 1780315200123456000'
    ),
)
FOUND = {
    "sensor.solar_power/value": ("W", "gauge", "Solar power", 2412),
    "sensor.solar_energy_total/value": ("kWh", "counter", "Solar energy total", 18204.6),
    "sensor.attic_temperature/value": ("°C", "gauge", 'Attic "north", temperature', 21.5),
    "sensor.attic_temperature/battery_level": (
        "", "", 'Attic "north", temperature battery_level', 98,
    ),
    "binary_sensor.grid_ok/value": ("", "state", "Grid OK", 1),
}  # fmt: skip
SECOND = ("/api/v2/write?org=energy&bucket=home&precision=ns", {})
FIRST = (
    "/write?db=home",
    {"Content-Type": "application/octet-stream", "Accept": "application/x-msgpack"},
)


@pytest.fixture(params=[1, 2])
def write(request: Any, send: Send, key: str) -> Send:
    """Sends a body as the client of either generation does."""
    path, headers = FIRST if request.param == 1 else SECOND
    basic = b64encode(f"homeassistant:{key}".encode()).decode()
    authorization = f"Basic {basic}" if request.param == 1 else f"Token {key}"
    return lambda body: send(body, path, **headers, Authorization=authorization)


@pytest.mark.parametrize("body", ["", "\n"])
def test_its_set_up_writes_nothing_and_is_told_that_it_may(write: Send, body: str) -> None:
    assert write(body).status_code == 204


def test_every_entity_is_found_with_what_is_told_of_it(write: Send, metric: Metric) -> None:
    assert write("\n".join(ENTITIES)).status_code == 204
    assert {
        found.name: (found.unit, found.type, found.friendly_name, found.latest_value)
        for found in Discovered.objects.all()
    } == FOUND
    assert {found.waiting for found in Discovered.objects.all()} == {1}
