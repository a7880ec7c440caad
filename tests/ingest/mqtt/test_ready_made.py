"""The mappings that come with the system, on payloads as the devices send them."""

from pathlib import Path

import pytest

from ingest.mqtt.mapping import Mapping, read_mapping, ready_made
from ingest.mqtt.messages import Message
from ingest.mqtt.reading import Router
from ingest.mqtt.storing import store_messages
from ingest.names import Guess

RECEIVED_AT = 1_790_000_000_000_000
SHELLY_PLUG = (
    b'{"src":"shellyplus1pm-4417939341dc","dst":"shellyplus1pm-4417939341dc/events",'
    b'"method":"NotifyStatus","params":{"ts":1661517385.44,"switch:0":{"id":0,"source":"init",'
    b'"output":true,"apower":61.3,"voltage":232.7,"current":0.281,"aenergy":{"total":14.093,'
    b'"by_minute":[12.1,0.0,0.0],"minute_ts":1661517385},"temperature":{"tC":39.2,"tF":102.5}}}}'
)
SHELLY_METER = (
    b'{"src":"shellypro3em-ec6260890b50","dst":"shellypro3em-ec6260890b50/events",'
    b'"method":"NotifyFullStatus","params":{"ts":1682952865.12,"ble":{},"cloud":{"connected":true},'
    b'"em:0":{"id":0,"a_current":3.761,"a_voltage":121.7,"a_act_power":342.8,"a_aprt_power":457.5,'
    b'"a_pf":-0.80,"b_current":8.109,"b_voltage":121.0,"b_act_power":957.3,"b_aprt_power":980.7,'
    b'"b_pf":-0.98,"c_current":0.025,"c_voltage":121.7,"c_act_power":0.2,"c_aprt_power":3.1,'
    b'"c_pf":-1.00,"n_current":null,"total_current":11.896,"total_act_power":1300.252,'
    b'"total_aprt_power":1441.226,"user_calibrated_phase":[]},"emdata:0":{"id":0,'
    b'"a_total_act_energy":1075513.08,"a_total_act_ret_energy":0.00,'
    b'"b_total_act_energy":1776542.72,"total_act":2852055.81,"total_act_ret":0.00}}}'
)
TASMOTA = (
    b'{"Time":"2023-10-09T09:21:49","ENERGY":{"TotalStartTime":"2023-07-10T09:17:23",'
    b'"Total":49.766,"Yesterday":0.608,"Today":0.011,"Power":1,"ApparentPower":20,'
    b'"ReactivePower":20,"Factor":0.06,"Voltage":230,"Current":0.085}}'
)
ZIGBEE = (
    b'{"ac_frequency":50,"current":0.2,"device_temperature":30,"energy":31.02,'
    b'"last_seen":"2025-10-15T19:10:57+02:00","linkquality":76,"power":41,"power_reactive":-33,'
    b'"state":"ON","update":{"installed_version":199696,"latest_version":199696,'
    b'"state":"idle"},"voltage":236.19}'
)


def mapping(folder: Path, use: str) -> Mapping:
    path = folder / "mapping.yaml"
    path.write_text(f"use:\n  - {use}\n", encoding="utf-8")
    return read_mapping(path)


def read(mapping: Mapping, topic: str, payload: bytes) -> dict[str, float]:
    """The values by Device and key, as far as the message has any."""
    route = Router(mapping.rules).route(topic)
    assert route is not None
    readings = route.read(Message(topic, payload, RECEIVED_AT))
    return {series(reading.series.name.guess): reading.value for reading in readings}


def series(guess: Guess) -> str:
    return f"{guess.device_name}/{guess.name.lower().replace(' ', '_')}"


def instants(mapping: Mapping, topic: str, payload: bytes) -> set[int]:
    route = Router(mapping.rules).route(topic)
    assert route is not None
    return {each.timestamp for each in route.read(Message(topic, payload, RECEIVED_AT))}


def test_a_shelly_plug_tells_power_and_energy_of_its_channel(tmp_path: Path) -> None:
    shelly, topic = mapping(tmp_path, "shelly"), "shellyplus1pm-4417939341dc/events/rpc"
    device = "shellyplus1pm-4417939341dc-switch-0"
    assert read(shelly, topic, SHELLY_PLUG) == {
        f"{device}/active_power": 61.3,
        f"{device}/voltage": 232.7,
        f"{device}/current": 0.281,
        f"{device}/consumption_energy": 14.093,
    }
    assert instants(shelly, topic, SHELLY_PLUG) == {1661517385_440000}


def test_a_shelly_meter_tells_its_phases(tmp_path: Path) -> None:
    shelly, topic = mapping(tmp_path, "shelly"), "shellypro3em-ec6260890b50/events/rpc"
    found = read(shelly, topic, SHELLY_METER)
    device = "shellypro3em-ec6260890b50"
    assert found[f"{device}/active_power"] == 1300.252
    assert found[f"{device}/active_power_l2"] == 957.3
    assert found[f"{device}/import_energy"] == 2852055.81
    assert found[f"{device}/export_energy"] == 0
    assert len(found) == 12


@pytest.mark.django_db
def test_a_shelly_that_does_not_know_the_time_yet_is_refused(tmp_path: Path) -> None:
    payload = b'{"src":"x","method":"NotifyStatus","params":{"ts":1.61,"switch:0":{"apower":2}}}'
    message = Message("x/events/rpc", payload, RECEIVED_AT)
    refusals = store_messages([message], Router(mapping(tmp_path, "shelly").rules))
    assert "the clock of the device is not set" in refusals[0]


def test_tasmota_tells_kilowatt_hours_and_local_time(tmp_path: Path) -> None:
    tasmota = mapping(tmp_path, "{mapping: tasmota, zone: Europe/Berlin}")
    found = read(tasmota, "tele/plug/SENSOR", TASMOTA)
    assert found["plug/consumption_energy"] == 49_766
    assert found["plug/active_power"] == 1
    assert found["plug/power_factor"] == 0.06
    assert instants(tasmota, "tele/plug/SENSOR", TASMOTA) == {1696836109_000000}  # 07:21:49 UTC


def test_tasmota_without_a_zone_is_dated_when_it_arrives(tmp_path: Path) -> None:
    tasmota = mapping(tmp_path, "tasmota")
    assert instants(tasmota, "tele/plug/SENSOR", TASMOTA) == {RECEIVED_AT}


def test_zigbee2mqtt_tells_when_a_plug_was_seen(tmp_path: Path) -> None:
    zigbee = mapping(tmp_path, "zigbee2mqtt")
    found = read(zigbee, "zigbee2mqtt/PS5", ZIGBEE)
    assert found["PS5/active_power"] == 41
    assert found["PS5/reactive_power"] == -33
    assert found["PS5/consumption_energy"] == 31_020
    assert instants(zigbee, "zigbee2mqtt/PS5", ZIGBEE) == {1760548257_000000}


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("zigbee2mqtt/remote", b'{"action":"on","battery":100,"linkquality":102}'),
        ("zigbee2mqtt/plug", b'{"state":"OFF","power":null}'),
        ("zigbee2mqtt/plug", b"offline"),
        ("zigbee2mqtt/plug", b""),
    ],
)
def test_what_measures_nothing_says_nothing(tmp_path: Path, topic: str, payload: bytes) -> None:
    assert read(mapping(tmp_path, "zigbee2mqtt"), topic, payload) == {}


VICTRON = "{mapping: victron, site: depot, names: {portal: c0619ab1b5a3}}"


@pytest.mark.parametrize(
    ("topic", "payload", "found"),
    [
        # Charged with 512 W: negative here, where a battery that gives power is positive.
        ("system/0/Dc/Battery/Power", b'{"value":512}', {"battery/active_power": -512}),
        ("system/0/Dc/Battery/Soc", b'{"value":73.5}', {"battery/state_of_charge": 73.5}),
        ("grid/30/Ac/Power", b'{"value":936.2}', {"grid-30/active_power": 936.2}),
        ("grid/30/Ac/L2/Power", b'{"value":12}', {"grid-30/active_power_l2": 12}),
        ("grid/30/Ac/Energy/Forward", b'{"value":1203.5}', {"grid-30/import_energy": 1203500}),
        ("pvinverter/20/Ac/Power", b'{"value":936}', {"pvinverter-20/active_power": 936}),
        ("pvinverter/20/Ac/Power", b'{"value":null}', {}),
        ("pvinverter/20/Ac/Power", b"", {}),
        ("solarcharger/279/Yield/Power", b'{"max":1,"min":0,"value":20.43}',
         {"solarcharger-279/dc_power": 20.43}),
    ],
)  # fmt: skip
def test_victron_by_its_own_signs(
    tmp_path: Path, topic: str, payload: bytes, found: dict[str, float]
) -> None:
    expected = {f"c0619ab1b5a3-{name}": value for name, value in found.items()}
    assert read(mapping(tmp_path, VICTRON), f"N/c0619ab1b5a3/{topic}", payload) == expected


def test_victron_is_kept_alive(tmp_path: Path) -> None:
    (keepalive,) = mapping(tmp_path, VICTRON).keepalives
    assert keepalive.topic == "R/c0619ab1b5a3/keepalive"
    assert keepalive.every < 60
    assert keepalive.first == ""  # so that all values are sent
    assert "suppress-republish" in keepalive.payload


@pytest.mark.parametrize(
    ("topic", "payload", "found"),
    [
        ("_sum/GridActivePower", b"-1210", {"edge0-grid/active_power": -1210}),
        ("_sum/GridBuyActiveEnergy", b"1234567", {"edge0-grid/import_energy": 1234567}),
        ("_sum/EssSoc", b"55", {"edge0-battery/state_of_charge": 55}),
        ("_sum/EssActivePower", b"null", {}),
        ("meter0/ActivePower", b"812", {"edge0-meter0/active_power": 812}),
    ],
)
def test_openems_one_channel_a_topic(
    tmp_path: Path, topic: str, payload: bytes, found: dict[str, float]
) -> None:
    assert read(mapping(tmp_path, "openems"), f"edge/edge0/channel/{topic}", payload) == found


@pytest.mark.parametrize(
    ("payload", "value"),
    [(b"23.5", 23.5), (b" 7 ", 7), (b'"1.5e3"', 1500), (b"true", 1), (b'{"value": 4}', 4)],
)
def test_flat_topics_have_numbers_in_many_spellings(
    tmp_path: Path, payload: bytes, value: float
) -> None:
    flat = mapping(tmp_path, "{mapping: flat, site: depot, names: {prefix: home/data}}")
    assert read(flat, "home/data/boiler/power", payload) == {"boiler/power": value}


@pytest.mark.parametrize("payload", [b"online", b"1_000", "١٢".encode(), b"unavailable", b"\xff"])
def test_a_text_in_a_flat_topic_is_no_number(tmp_path: Path, payload: bytes) -> None:
    flat = mapping(tmp_path, "{mapping: flat, names: {prefix: home}}")
    assert read(flat, "home/boiler/power", payload) == {}


def test_a_message_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no JSON"):
        read(mapping(tmp_path, "tasmota"), "tele/plug/SENSOR", TASMOTA[:80])


@pytest.mark.parametrize("name", ready_made())
def test_each_listens_to_something(name: str, tmp_path: Path) -> None:
    names = "names: {portal: c06, prefix: home}"
    rules = mapping(tmp_path, f"{{mapping: {name}, {names}}}").rules
    assert [rule for rule in rules if rule.origin == name]
