"""Counters in files: what is said about a column is obeyed, and a guess has grounds that are so."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from devices.models import Device
from history import get_store
from ingest.layouts.detect import understand
from ingest.models import Alias
from tests.ingest.layouts.reading import text_file
from tests.support.importing import run, upload

WISH = "Energy imported (kWh)=grid-meter/import_energy"
RISING = [100 + n for n in range(30)]
DIP = [*RISING[:20], 119, 118.5, *RISING[22:]]
RESET = [*RISING[:20], *range(10)]
AMOUNTS = [5, 3, 4, 2, 6, 3, 5, 4, 2, 3] * 3
# Of a clear morning, with a cloud.
MORNING = [*range(1, 24), 12, *range(25, 31)]


def file_of(numbers: Sequence[float], title: str = "Energy imported (kWh)") -> str:
    rows = (f"2026-06-01 {n // 4:02}:{n % 4 * 15:02},{number}" for n, number in enumerate(numbers))
    return "\n".join([f"Time,{title}", *rows]) + "\n"


def stored(device: Device) -> list[float]:
    pk = device.metrics.get(key="import_energy").pk
    return [value / 1000 for value in get_store().read([pk], 0, 2**62)[pk].values.tolist()]


@pytest.mark.parametrize(
    "numbers",
    [*(RISING[:n] for n in range(1, 9)), DIP, RESET, AMOUNTS, MORNING, [7] * 9],
    ids=lambda numbers: f"{len(numbers)} to {numbers[-1]}",
)
def test_a_column_that_is_mapped_to_a_counter_is_stored_as_one(
    numbers: list[float], meter: Device, tmp_path: Path
) -> None:
    out, err, error = run(text_file(tmp_path, file_of(numbers)), site=meter.site.slug, map=[WISH])
    assert (error, err) == (None, "")
    assert f"Stored {len(numbers)} readings." in out
    assert ("and Grid meter › Energy imported is a counter." in out) == (
        numbers in (AMOUNTS, MORNING)
    )
    assert stored(meter) == numbers


@pytest.mark.parametrize("numbers", [RISING[:3], AMOUNTS])
def test_the_api_obeys_a_mapping_to_a_counter(
    numbers: list[float], api: APIClient, meter: Device
) -> None:
    answer = upload(api, file_of(numbers), site=meter.site_id, mapping=[WISH])
    assert answer.status_code == 202
    body = answer.json()
    assert body["columns"][0]["metric"] == meter.metrics.get(key="import_energy").pk
    said = (
        "“Energy imported (kWh)” falls 15 times in 30 numbers, as amounts of intervals do, and "
        "Grid meter › Energy imported is a counter."
    )
    assert body["dialect"]["warnings"] == ([said] if numbers == AMOUNTS else [])


def test_an_alias_is_obeyed(meter: Device, tmp_path: Path) -> None:
    Alias.objects.create(
        site=meter.site, source="file", name="Energy imported (kWh)", factor=1000,
        metric=meter.metrics.get(key="import_energy"),
    )  # fmt: skip
    assert run(text_file(tmp_path, file_of(AMOUNTS)), site=meter.site.slug)[2] is None
    assert stored(meter) == AMOUNTS


@pytest.mark.parametrize("numbers", [RISING[:3], RISING, DIP, RESET, [7] * 9])
def test_a_column_that_counts_goes_to_the_counter_by_itself(
    numbers: list[float], meter: Device, tmp_path: Path
) -> None:
    file = text_file(tmp_path, file_of(numbers))
    assert run(file, site=meter.site.slug, device=meter.slug)[2] is None
    assert stored(meter) == numbers


@pytest.mark.parametrize(
    ("numbers", "said"),
    [(AMOUNTS, "falls 15 times in 30 numbers"), (MORNING, "falls once in 30 numbers")],
)
def test_amounts_go_to_no_counter_by_themselves(
    numbers: list[float], said: str, meter: Device, tmp_path: Path
) -> None:
    file = text_file(tmp_path, file_of(numbers))
    _, _, error = run(file, site=meter.site.slug, device=meter.slug)
    assert f"“Energy imported (kWh)” {said}, as amounts of intervals do" in str(error)
    assert stored(meter) == []


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [(RISING, "counter"), (RISING[::-1], "interval"), (DIP, "counter"), (RESET, "counter"),
     (AMOUNTS, "interval"), (MORNING, "interval"), (RISING[:3], "")],
)  # fmt: skip
def test_counters_are_told_from_amounts_in_either_order_of_rows(
    numbers: list[float], kind: str, tmp_path: Path
) -> None:
    title, *rows = file_of(numbers).splitlines()
    for lines in (rows, rows[::-1]):
        file = text_file(tmp_path, "\n".join([title, *lines]))
        assert understand(file, zone="UTC").columns[0].type == kind


@pytest.mark.parametrize("title", ["Meter", "Meter reading", "Register 1", "Point A (kWh)"])
@pytest.mark.parametrize("numbers", [RISING[:4], [7, 7, 7], [7]])
def test_a_column_called_like_an_identifier_goes_where_it_is_mapped(
    title: str, numbers: list[float], meter: Device, tmp_path: Path
) -> None:
    text = file_of([f"1.5,{number}" for number in numbers], f"Power (kW),{title}")  # type: ignore[misc]
    wishes = ["Power (kW)=grid-meter/active_power", f"{title}=grid-meter/import_energy:kWh"]
    options: dict[str, Any] = {"site": meter.site.slug, "map": wishes}
    assert run(text_file(tmp_path, text), **options)[2] is None
    assert stored(meter) == numbers
