"""`manage.py import_readings` of files in other layouts than this system's own."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from devices.models import Device
from energy.instants import to_micros
from history import get_store
from ingest.importing import running
from ingest.layouts import sources
from ingest.layouts.detect import understand
from ingest.models import Alias
from metrics.models import Metric
from metrics.vocabulary import MetricSpec
from sites.models import Site
from tests.ingest.layouts.reading import FILES, text_file
from tests.support.factories import DeviceFactory
from tests.support.importing import QUARTERS, run


def stored(metric: Metric) -> list[tuple[int, float]]:
    """Minutes after midnight of 1 June 2026 in Amsterdam, and values."""
    samples = get_store().read([metric.pk], 0, 2**62)[metric.pk]
    midnight = 1_780_264_800 * 1_000_000
    minutes = (samples.timestamps - midnight) // 60_000_000
    return list(zip(minutes.tolist(), samples.values.tolist(), strict=True))


def of(device: Device, key: str) -> Metric:
    return device.metrics.get(key=key)


def test_columns_go_where_they_are_mapped_in_the_units_of_the_metrics(
    meter: Device, tmp_path: Path
) -> None:
    file = text_file(tmp_path, QUARTERS)
    wishes = [
        "Power (kW)=grid-meter/active_power",
        "energy imported (kwh)=grid-meter/import_energy:kWh",
    ]
    out, err, error = run(file, site=meter.site.slug, map=wishes)
    assert (error, err) == (None, "")
    assert "Stored 48 readings." in out
    assert "Power (kW): Grid meter › Active power (kW × 1000)" in out
    assert stored(of(meter, "active_power"))[:2] == [(0, 500.0), (15, 1500.0)]
    assert stored(of(meter, "import_energy"))[:2] == [(0, 100250.0), (15, 101250.0)]


def test_columns_go_by_themselves_to_what_they_measure_on_the_device(
    meter: Device, tmp_path: Path
) -> None:
    file = text_file(tmp_path, QUARTERS.replace("(kWh)", "(kWh);Note"))
    file.write_text(file.read_text().replace(",25\n", ",25;fine\n"))
    out, _, error = run(file, site=meter.site.slug, device=meter.slug)
    assert error is None
    assert "Note: text (fine), not imported" in out
    assert len(stored(of(meter, "active_power"))) == len(stored(of(meter, "import_energy"))) == 24


def test_the_site_is_enough_where_it_has_one_metric_of_the_key(
    meter: Device, tmp_path: Path
) -> None:
    DeviceFactory(site=meter.site, name="Another meter")  # has an active power, too
    file = text_file(tmp_path, QUARTERS)
    out, _, error = run(file, site=meter.site.slug)
    assert error is None
    assert "Power (kW): not imported" in out
    assert len(stored(of(meter, "import_energy"))) == 24
    assert stored(of(meter, "active_power")) == []


def test_an_alias_of_the_site_says_where_a_name_goes(meter: Device, tmp_path: Path) -> None:
    Alias.objects.create(
        site=meter.site, source="file", name="sensor.solar_power", factor=2.0, sign=-1,
        metric=of(meter, "active_power"),
    )  # fmt: skip
    file = Path(shutil.copy(FILES / "home_assistant.csv", tmp_path))
    out, _, error = run(file, site=meter.site.slug)
    assert error is None
    assert stored_values(of(meter, "active_power"))[0] == -2400.0
    assert "sensor.grid_import_total: not imported" in out


def stored_values(metric: Metric) -> list[float]:
    return get_store().read([metric.pk], 0, 2**62)[metric.pk].values.tolist()


def test_local_times_are_those_of_the_site(meter: Device, tmp_path: Path) -> None:
    wish = "SN: 2130012345 STP 8000TL-20 Power=grid-meter/active_power"
    file = Path(shutil.copy(FILES / "sunny_explorer.csv", tmp_path))
    assert run(file, device=meter.slug, map=[wish])[2] is None
    pk = of(meter, "active_power").pk
    times = get_store().read([pk], 0, 2**62)[pk].timestamps
    assert len(times) == 14  # both hours from two to three, told apart by their order
    assert times[0] == to_micros(datetime.fromisoformat("2026-10-24T23:30:00+00:00"))


def test_a_dry_run_says_what_would_be_stored_and_stores_nothing(
    meter: Device, tmp_path: Path
) -> None:
    file = text_file(tmp_path, QUARTERS)
    out, _, error = run(
        file, site=meter.site.slug, map=["Power (kW)=grid-meter/active_power"], dry_run=True
    )
    assert error is None
    assert "One column a series: utf-8, semicolons between cells, “,” for decimals." in out
    assert "24 rows from 2026-05-31T22:00:00Z to 2026-06-01T03:45:00Z" in out
    assert "Nothing was stored." in out
    assert stored(of(meter, "active_power")) == []
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"map": ["Power (kW)=grid-meter/import_energy"]}, "is in kW, and Grid meter"),
        ({"map": ["Power (kW)=grid-meter/active_power:KW"]}, "Write kW for KW"),
        ({"map": ["Power (kW)=grid-meter/nothing"]}, "There is no metric grid-meter/nothing."),
        ({"map": ["Nothing=grid-meter/active_power"]}, "no column of numbers “Nothing”"),
        ({"map": ["Power (kW)"]}, "does not say where a column goes"),
        ({"map": ["Power (kW)=grid-meter/active_power"] * 2}, "Two columns go to"),
        ({"site": "nowhere", "map": ["a=b/c"]}, "There is no site nowhere."),
        ({"device": "nothing"}, "There is no device nothing."),
        ({"profile": "nothing"}, "There is no layout nothing."),
        ({"map": ["Energy imported (kWh)=grid-meter/bought"]}, "set the metric's expected"),
        ({}, "No column has a metric that it goes to by itself"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(
    options: dict[str, Any], words: str, meter: Device, tmp_path: Path
) -> None:
    metric = of(meter, "bought")
    metric.expected_interval = 3600
    metric.save()
    # A second metric of each key, so that no column goes by itself.
    for name in ("active_power", "import_energy"):
        twin = of(DeviceFactory(site=meter.site, name=f"Twin {name}"), "active_power")
        if name != "active_power":
            Metric.objects.create(
                device=twin.device, key=name, name=name, unit="Wh", type="counter"
            )
    file = text_file(tmp_path, QUARTERS)
    _, _, error = run(file, **{"site": meter.site.slug, **options})
    assert words in str(error)
    for each in meter.metrics.all():
        assert stored(each) == []


def test_an_open_question_names_the_option_that_answers_it(meter: Device, tmp_path: Path) -> None:
    file = text_file(tmp_path, "time,kW\n03/04/2026 1:00,1.5\n03/04/2026 2:00,2.5\n")
    wish = ["kW=grid-meter/active_power"]
    assert "--date-format: Day and month cannot be told apart" in str(run(file, map=wish)[2])
    asked = {"map": wish, "date_format": "dd/MM/yyyy"}
    assert "--time-zone: The times have no offset" in str(run(file, **asked)[2])
    assert run(file, **asked, time_zone="UTC")[2] is None


def test_a_unit_that_nobody_says_is_taken_for_the_metrics(meter: Device, tmp_path: Path) -> None:
    file = Path(shutil.copy(FILES / "emoncms.csv", tmp_path))
    out, _, error = run(file, site=meter.site.slug, map=["value=grid-meter/active_power"])
    assert error is None
    assert "value: Grid meter › Active power (taken for W)" in out
    assert stored_values(of(meter, "active_power"))[0] == 251.5


def test_temperatures_are_converted_with_their_offset(site: Site, tmp_path: Path) -> None:
    station = Device(site=site, name="Station", kind="weather_station")
    station.named_metrics = (MetricSpec("ambient_temperature", "Temperature", "°C"),)
    station.save()
    file = text_file(tmp_path, "time,Air (°F)\n2026-06-01 0:00,50\n2026-06-01 1:00,32\n")
    run(file, site=site.slug, device="station")
    assert stored_values(station.metrics.get()) == pytest.approx([10.0, 0.0])


def test_bad_rows_store_nothing_unless_a_part_is_welcome(meter: Device, tmp_path: Path) -> None:
    bad = QUARTERS.replace("2026-06-01 00:15;1,5;", "2026-06-01 00:15;#REF!;")
    file = text_file(tmp_path, bad.replace("2026-06-01 00:30;", "2062-06-01 00:30;"))
    options = {"site": meter.site.slug, "map": ["Power (kW)=grid-meter/active_power"]}
    _, err, error = run(file, **options)
    assert "Line 3, Power (kW), “#REF!”: Not a number: an error of the spreadsheet" in err
    assert "Line 4, Power (kW), “2.5 at 2062-05-31T22:30:00Z”: The timestamp is over a day" in err
    assert "Bad rows: 2. Nothing was stored" in str(error)
    assert stored(of(meter, "active_power")) == []
    _, _, error = run(file, **options, partial=True)
    assert "refused: 2" in str(error)
    assert len(stored(of(meter, "active_power"))) == 22


def test_a_killed_import_goes_on_where_it_was(
    meter: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = text_file(tmp_path, QUARTERS)
    options = {"site": meter.site.slug, "map": ["Power (kW)=grid-meter/active_power"]}
    monkeypatch.setattr(sources, "AT_ONCE", 5)
    store, sizes, left = running.receive_readings, [], iter(range(2))

    def stored_or_killed(parsed: Any, **kwargs: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return store(parsed, **kwargs)

    def counted(parsed: Any, **kwargs: Any) -> Any:
        sizes.append(len(parsed.values))
        return store(parsed, **kwargs)

    monkeypatch.setattr(running, "receive_readings", stored_or_killed)
    assert "Stopped" in str(run(file, **options)[2])
    assert len(stored(of(meter, "active_power"))) == 10
    monkeypatch.setattr(running, "receive_readings", counted)
    out, _, error = run(file, **options)
    assert error is None
    assert "Going on after line 10." in out
    assert "Stored 24 readings." in out
    assert sum(sizes) == 14
    assert len(stored(of(meter, "active_power"))) == 24


def test_an_import_that_does_something_else_starts_over(
    meter: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = text_file(tmp_path, QUARTERS)
    monkeypatch.setattr(sources, "AT_ONCE", 5)
    left, store = iter(range(2)), running.receive_readings

    def stored_or_killed(*args: Any, **kwargs: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return store(*args, **kwargs)

    monkeypatch.setattr(running, "receive_readings", stored_or_killed)
    run(file, site=meter.site.slug, map=["Power (kW)=grid-meter/active_power"])
    monkeypatch.setattr(running, "receive_readings", store)
    out, _, _ = run(file, site=meter.site.slug, map=["Power (kW)=grid-meter/active_power:MW"])
    assert "has changed since its import began: starting over" in out
    assert stored(of(meter, "active_power"))[0] == (0, 500_000.0)


def test_own_csv_takes_metrics_of_the_named_site_only(
    metric: Metric, foreign_metric: Metric, tmp_path: Path
) -> None:
    rows = [f"{each.pk},2026-06-01T00:00:00Z,1" for each in (metric, foreign_metric)]
    file = text_file(tmp_path, "\n".join(["metric,timestamp,value", *rows]))
    _, err, error = run(file, site=metric.device.site.slug)
    assert err == "Line 3: There is no such metric.\n"
    assert "Nothing was stored" in str(error)
    _, _, error = run(file, site=foreign_metric.device.site.slug, partial=True)
    assert stored_values(metric) == []
    assert stored_values(foreign_metric) == [1.0]


def test_own_csv_with_semicolons_goes_to_the_metrics_that_it_names(
    metric: Metric, tmp_path: Path
) -> None:
    device = metric.device
    name = f"{device.site.slug};{device.slug};{metric.key};kW"
    file = text_file(
        tmp_path, "site;device;key;unit;timestamp;value\n"
        f"{name};2026-06-01T00:00:00Z;1,5\n{name};2026-06-01T01:00:00Z;2,5\n",
    )  # fmt: skip
    assert run(file)[2] is None
    assert stored_values(metric) == [1500.0, 2500.0]


@pytest.mark.parametrize("file", sorted(FILES.iterdir()), ids=lambda file: file.name)
def test_every_layout_is_stored_by_the_command(file: Path, meter: Device, tmp_path: Path) -> None:
    """The first series of the file, into a Metric of its own unit and type."""
    understood = understand(file, zone="Europe/Amsterdam")
    column = next(each for each in understood.columns if not each.is_text)
    Metric.objects.create(
        device=meter, key="from_file", name="From the file", unit=column.unit or "1",
        type=column.type or "gauge", expected_interval=understood.interval or 60,
    )  # fmt: skip
    copy = Path(shutil.copy(file, tmp_path))
    wish = [f"{column.name}=grid-meter/from_file"]
    out, err, error = run(copy, site=meter.site.slug, map=wish)
    assert (error, err) == (None, "")
    assert f"Stored {column.count} readings." in out
    assert len(stored_values(of(meter, "from_file"))) == column.count
