"""What the series of line protocol are called, and what is guessed of them."""

from typing import Any

import pytest

from ingest.names import Guess
from tests.ingest.lines.test_body import parse

# As Home Assistant writes them: its measurement is the unit, its attributes are fields.
SOLAR_POWER = (
    'W,domain=sensor,entity_id=solar_power device_class_str="power",'
    'friendly_name_str="Solar power",state_class_str="measurement",value=2412.0 1780000000000000000'
)
SOLAR_ENERGY = (
    'kWh,domain=sensor,entity_id=solar_energy_total device_class_str="energy",'
    'friendly_name_str="Solar energy total",state_class_str="total_increasing",value=18204.6 5'
)


def named(text: str) -> dict[str, Any]:
    """What is known of each series, by its name."""
    return {external.name: external for external in parse(text).metrics}


def guess(text: str) -> Guess:
    [external] = named(text).values()
    return external.guess


def test_a_series_is_called_by_its_measurement_its_tags_in_order_and_its_field() -> None:
    text = "cpu,host=quay-1,cpu=cpu0 usage_idle=1,usage_user=2 5\ncpu,cpu=cpu0,host=quay-1 x=3 5"
    assert list(named(text)) == [
        "cpu,cpu=cpu0,host=quay-1/usage_user",
        "cpu,cpu=cpu0,host=quay-1/usage_idle",
        "cpu,cpu=cpu0,host=quay-1/x",
    ]


def test_an_entity_of_home_assistant_is_called_as_there() -> None:
    assert list(named(SOLAR_POWER)) == ["sensor.solar_power/value"]


def test_the_same_series_has_one_name_whatever_its_lines_look_like() -> None:
    text = 'm,a=1,b=2 v=1 5\nm,b=2,a=1 v=2 5\nm,b=2,a=1 v=3,s="x" 5\n m,a=1,b=2 v=true 5'
    parsed = parse(text)
    assert len(parsed.metrics) == 1
    assert parsed.metric_of.tolist() == [0, 0, 0, 0]


DIFFERENT = (
    r"m,a=1 b/c=1", r"m,a=1/b c=1", r"m,a=1\,b\=2 c=1", r"m,a=1,b=2 c=1", r"m\,a\=1 c=1",
    r"m,a=1 c=1", r"m\ a c=1", r"m c=1", r"m,a=1\\/b c=1", r"m,a=1 \/b/c=1",
)  # fmt: skip


def test_different_series_have_different_names() -> None:
    assert len(named("\n".join(DIFFERENT))) == len(DIFFERENT)


def test_tags_site_and_device_are_slugs_and_the_field_is_the_key() -> None:
    text = "meter,site=harbour-depot,device=main,phase=1 active_power=1 5"
    [external] = named(text).values()
    assert external.slugs == ("harbour-depot", "main", "active_power")


@pytest.mark.parametrize("tags", ["site=a", "device=a", "domain=a,device=b"])
def test_one_of_both_tags_names_no_metric(tags: str) -> None:
    [external] = named(f"m,{tags} v=1").values()
    assert external.slugs is None


GUESSES = {
    SOLAR_POWER: Guess("W", "gauge", "Solar power"),
    SOLAR_ENERGY: Guess("kWh", "counter", "Solar energy total"),
    "°C,domain=sensor,entity_id=t value=1": Guess("°C", "gauge"),
    "MWh,domain=sensor,entity_id=e value=1": Guess("MWh", "counter"),
    "kVAh,domain=sensor,entity_id=e value=1": Guess("kVAh", "counter"),
    'm³,domain=sensor,entity_id=w state_class_str="total",value=1': Guess("m³", "counter"),
    "sensor.x,domain=sensor,entity_id=x value=1": Guess(),
    "state,domain=sensor,entity_id=x value=1": Guess(),
    "lx,domain=sensor,entity_id=x value=1": Guess(),
    'sensor.x,domain=sensor,entity_id=x unit_of_measurement_str="kW",value=1': Guess("kW", "gauge"),
    'sensor__power,domain=sensor,entity_id=x unit_of_measurement_str="W",value=1': Guess(
        "W", "gauge"
    ),
    'door,domain=binary_sensor,entity_id=d friendly_name_str="Door",state="on",value=1': Guess(
        type="state", name="Door"
    ),
    'W,domain=sensor,entity_id=x friendly_name_str="Meter",battery_level=80': Guess(
        name="Meter battery_level", device_name="Meter"
    ),
    r"W,domain=sensor,entity_id=x,friendly_name=Roof\ power value=1": Guess(
        "W", "gauge", "Roof power"
    ),
    "m v=1": Guess(device_name="m"),
    "m v=true": Guess(type="state", device_name="m"),
    "modbus,host=gw,name=inverter power=1": Guess(device_name="inverter"),
    "m,host=gw v=1": Guess(device_name="gw"),
    "m,unit=kWh,device=main v=1": Guess("kWh", "counter", device_name="main"),
    "m,unit=KWH v=1": Guess("kWh", "counter", device_name="m"),
}


@pytest.mark.parametrize("text", GUESSES)
def test_what_a_line_tells_of_its_series_is_kept(text: str) -> None:
    assert guess(text) == GUESSES[text]
