"""`manage.py import_readings` of typical meteorological years."""

import gzip
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devices.models import Device
from energy.instants import to_micros
from history import get_store
from metrics.vocabulary import CANONICAL
from sites.models import Site
from tests.support.factories import DeviceFactory
from tests.support.importing import run, write


@pytest.fixture
def station(site: Site) -> Device:
    device = Device(site=site, name="Weather station", kind="weather_station")
    device.named_metrics = CANONICAL["weather_station"]
    device.save()
    return device


def shipped(name: str) -> Path:
    import pvlib

    return Path(pvlib.__file__).parent / "data" / name


def irradiance(station: Device) -> Any:
    metric = station.metrics.get(key="irradiance")
    return get_store().read([metric.pk], 0, 2**62)[metric.pk]


@pytest.mark.parametrize(
    ("name", "mean"), [("723170TYA.CSV", 178.79), ("703165TY.csv", 94.66), ("12839.tm2", 204.64)]
)
def test_a_typical_year_becomes_a_weather_stations_readings(
    station: Device, name: str, mean: float
) -> None:
    out, _, error = run(shipped(name), site=station.site.slug, device=station.slug, year=2025)
    assert error is None
    assert "Stored 26,280 readings as the year 2025" in out
    light = irradiance(station)
    assert len(light) == 8760
    assert light.values.mean() == pytest.approx(mean, abs=0.01)


def test_its_hours_are_in_standard_time_all_year(station: Device) -> None:
    run(shipped("723170TYA.CSV"), site=station.site.slug, device=station.slug, year=2025)
    first = datetime(2025, 1, 1, 5, tzinfo=UTC)  # midnight in North Carolina
    light = irradiance(station)
    assert light.timestamps[0] == to_micros(first)
    assert np.all(np.diff(light.timestamps) == 3_600_000_000)
    temperature = station.metrics.get(key="ambient_temperature")
    ends = get_store().read([temperature.pk], 0, 2**62)[temperature.pk]
    assert np.array_equal(ends.timestamps, light.timestamps + 3_600_000_000)
    assert ends.values[0] == 10.0


def test_a_leap_day_stays_empty(station: Device) -> None:
    run(shipped("723170TYA.CSV"), site=station.site.slug, device=station.slug, year=2024)
    light = irradiance(station)
    assert len(light) == 8760
    gap = np.flatnonzero(np.diff(light.timestamps) > 3_600_000_000)
    assert light.timestamps[gap + 1].tolist() == [to_micros(datetime(2024, 3, 1, 5, tzinfo=UTC))]


def test_a_packed_typical_year_is_read(station: Device, tmp_path: Path) -> None:
    packed = tmp_path / "greensboro.csv.gz"
    packed.write_bytes(gzip.compress(shipped("723170TYA.CSV").read_bytes()))
    assert run(packed, site=station.site.slug, device=station.slug)[2] is None
    assert len(irradiance(station)) == 8760


def test_a_typical_year_needs_a_weather_station(site: Site) -> None:
    other = DeviceFactory(site=site, kind="load_meter")
    file = shipped("723170TYA.CSV")
    assert "--site and --device" in str(run(file)[2])
    assert "no weather station" in str(run(file, site=site.slug, device=other.slug)[2])
    assert "no weather station" in str(run(file, site="nowhere", device="nothing")[2])


def test_a_weather_station_without_the_metrics_is_refused(site: Site) -> None:
    bare = DeviceFactory(site=site, kind="weather_station")
    error = run(shipped("723170TYA.CSV"), site=site.slug, device=bare.slug)[2]
    assert "no metric ambient_temperature, wind_speed" in str(error)


@pytest.mark.parametrize("year", [1999, 9999])
def test_a_year_that_is_not_past_is_refused(station: Device, year: int) -> None:
    file = shipped("723170TYA.CSV")
    error = run(file, site=station.site.slug, device=station.slug, year=year)[2]
    assert "--year must be" in str(error)


def test_part_of_a_typical_year_is_refused(station: Device, tmp_path: Path) -> None:
    lines = shipped("723170TYA.CSV").read_text().splitlines()[:50]
    file = write(tmp_path, *lines)
    error = run(file, site=station.site.slug, device=station.slug)[2]
    assert "is not a typical year" in str(error)


def test_without_the_library_that_reads_it_the_way_to_it_is_named(
    station: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = shipped("723170TYA.CSV")
    monkeypatch.setitem(sys.modules, "pvlib", None)
    _, _, error = run(file, site=station.site.slug, device=station.slug, year=2025)
    assert "pip install -r requirements-demo.txt" in str(error)
