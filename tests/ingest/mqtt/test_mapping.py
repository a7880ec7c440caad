"""A mapping file: what it means, and what is said of the mistakes in it."""

from datetime import datetime
from pathlib import Path

import pytest

from energy.instants import to_micros
from ingest.mqtt.mapping import read_mapping
from ingest.mqtt.messages import Message
from ingest.mqtt.places import MappingError
from ingest.mqtt.reading import Router

RECEIVED_AT = 1_790_000_000_000_000


def written(folder: Path, text: str) -> Path:
    path = folder / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_there_are_the_topics_of_the_system() -> None:
    filters = [rule.pattern.filter for rule in read_mapping(None).rules]
    assert filters == ["energy/+/+/+", "energy/+/+"]


def test_names_of_topic_and_path_name_the_metric(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        topics:
          - topic: plant/{site}/inv-{number}/data
            device: inverter-{number}
            time: {path: at, format: "%d.%m.%Y %H:%M:%S", zone: Europe/Vienna}
            values:
              - {path: "phase.{phase}.p", key: "power_{phase}", unit: W, factor: 1000, sign: -1}
        """,
    )
    route = Router(read_mapping(path).rules).route("plant/mill/inv-7/data")
    assert route is not None
    payload = b'{"at": "01.07.2026 12:00:00", "phase": {"l1": {"p": 1.5}, "l2": {"p": 2}}}'
    read = route.read(Message("plant/mill/inv-7/data", payload, RECEIVED_AT))
    assert [(each.series.name.slugs, each.value) for each in read] == [
        (("mill", "inverter-7", "power_l1"), -1500),
        (("mill", "inverter-7", "power_l2"), -2000),
    ]
    assert {each.timestamp for each in read} == {1782900000_000000}  # 10:00 UTC
    assert read[0].series.name.name == "plant/mill/inv-7/data#phase.l1.p"


@pytest.mark.parametrize("measured", ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"])
def test_of_a_repeated_hour_the_one_is_meant_in_which_it_arrives(
    tmp_path: Path, measured: str
) -> None:
    expected = to_micros(datetime.fromisoformat(measured))
    path = written(tmp_path, "topics: [{topic: a, time: {path: t, zone: Europe/Berlin}}]")
    route = Router(read_mapping(path).rules).route("a")
    assert route is not None
    payload = b'{"t": "2026-10-25T02:30:00", "value": 1}'
    (read,) = route.read(Message("a", payload, expected + 7_000_000))
    assert read.timestamp == expected


@pytest.mark.parametrize(
    "written_time",
    ["1761730200", "1761730200.0", "1761730200000", "1761730200000000",
     '"2025-10-29T09:30:00Z"', '"2025-10-29T10:30:00+01:00"', '"1761730200"'],
)  # fmt: skip
def test_a_time_is_understood_however_it_is_written(tmp_path: Path, written_time: str) -> None:
    path = written(tmp_path, "topics: [{topic: a, time: t}]")
    route = Router(read_mapping(path).rules).route("a")
    assert route is not None
    payload = f'{{"t": {written_time}, "value": 1}}'.encode()
    (read,) = route.read(Message("a", payload, RECEIVED_AT))
    assert read.timestamp == 1761730200_000000


@pytest.mark.parametrize(
    "written_time",
    ['"soon"', "1e300", "-1e300", "true", "[1]", '"١"', "4e30", "-4e30"],
)
def test_what_is_no_time_is_refused_in_words(tmp_path: Path, written_time: str) -> None:
    path = written(tmp_path, "topics: [{topic: a, time: t}]")
    route = Router(read_mapping(path).rules).route("a")
    assert route is not None
    with pytest.raises(ValueError, match=r"no time|too far"):
        route.read(Message("a", f'{{"t": {written_time}, "value": 1}}'.encode(), RECEIVED_AT))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("topics:\n  - {topic: a/+}", ":2: topics[0].topic: Instead of + and # write names"),
        ("topics:\n  - {topic: 'a/{x#}/b'}", "has to be the last level"),
        ("topics:\n  - {topic: 'a/{x}/{x}'}", "It has a name twice"),
        ("topics:\n  - topic: a\n    values:\n      - path: p\n        factor: x",
         ":5: topics[0].values[0].factor: Expected `float`, got `str`"),
        ("topics:\n  - topic: a\n    values:\n      - path: p\n        factor: 0",
         ":5: topics[0].values[0].factor: A factor is a number, and not zero"),
        ("topics:\n  - topic: a\n    values: [{sign: 2}]", ":3: topics[0].values[0].sign: "),
        ("topics:\n  - topic: a\n    values: [{path: a..b}]", ":3: topics[0].values[0].path: "),
        ("topics:\n  - topic: a\n    values: [{unit: KWH}]", "There is no unit KWH; kWh is meant?"),
        ("topics:\n  - topic: a\n    site: '{s}'", "Nothing says what {s} stands for"),
        ("topics:\n  - topic: a\n    time: {path: t, zone: Mars}", ":3: topics[0].time.zone: "),
        ("topics:\n  - topic: a\n    time: {path: t, format: iso}", "time.format: It is "),
        ("topics:\n  - {topic: a, values: []}", "A topic has at least one value"),
        ("topics:\n  - {topic: a, vales: []}", ":2: topics[0]: Object contains unknown field"),
        ("use:\n  - shelly\n  - shely", ":3: use[1]: There is no ready-made mapping shely, only "),
        ("use:\n  - victron", ":2: use[0]: keepalive[0].topic: Nothing says what {portal}"),
        ("use:\n  - {mapping: tasmota, zone: Mars}", ":2: use[0]: topics[0].time.zone: "),
        ("topics: [", "This is no YAML"),
        ("- a", "Expected `object`, got `array`"),
        ("keepalive:\n  - {topic: a, every: 0}", ":2: keepalive[0].every: "),
        ("discovery:\n  prefix: [a]", ":2: discovery.prefix: Expected `str`, got `array`"),
        ("a: &a [*a]", "unknown field"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(MappingError) as raised:
        read_mapping(path)
    assert str(path) in str(raised.value)
    assert said in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"nowhere\.yaml cannot be read"):
        read_mapping(tmp_path / "nowhere.yaml")


def test_an_empty_file_adds_nothing(tmp_path: Path) -> None:
    assert read_mapping(written(tmp_path, "# later\n")).rules == read_mapping(None).rules
