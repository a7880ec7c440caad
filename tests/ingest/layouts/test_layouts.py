"""Each layout that is known: a file as people have it is recognised and read without a word.

The values are invented. Where each layout was seen is said beside its test.
"""

import gzip
from pathlib import Path
from typing import Any

import pytest

from ingest.layouts.detect import understand
from ingest.layouts.understood import FileColumn
from tests.ingest.layouts.reading import FILES, understood_and_read


def described(columns: tuple[FileColumn, ...]) -> dict[str, tuple[str, str, str]]:
    return {column.name: (column.unit, column.key, column.type) for column in columns}


def test_home_assistants_history() -> None:
    # patrickvorgers/Home-Assistant-Import-Energy-Data, Datasources/Home Assistant/Sample files
    understood, series = understood_and_read(FILES / "home_assistant.csv")
    assert understood.profile == "home_assistant"
    assert series["sensor.solar_power"][:2] == [
        ("2026-06-01T10:00:07Z", 1200.0), ("2026-06-01T10:05:07Z", 1237.5),
    ]  # fmt: skip
    assert len(series["sensor.solar_power"]) == 11  # one was unavailable
    columns = {column.name: column for column in understood.columns}
    assert columns["sensor.grid_import_total"].type == "counter"
    assert columns["binary_sensor.pump"].is_text
    assert columns["binary_sensor.pump"].texts == ("on",)


def test_solaredge() -> None:
    # The dashboard's chart as CSV, its columns as read in public importers of such files.
    understood, series = understood_and_read(FILES / "solaredge.csv")
    assert (understood.profile, understood.date_format) == ("solaredge", "%m/%d/%Y")
    assert understood.interval == 900
    assert series["System Production (W)"][1] == ("2026-05-13T06:15:00Z", 891.25)
    assert described(understood.columns)["Battery Charge Level (%)"] == (
        "%", "state_of_charge", "gauge",
    )  # fmt: skip


def test_sunny_explorer_in_utf_16_with_the_repeated_hour() -> None:
    # Sunny Explorer's files, as public scripts for PVOutput and Home Assistant take them.
    understood, series = understood_and_read(FILES / "sunny_explorer.csv")
    assert (understood.profile, understood.encoding) == ("sunny_portal", "utf-16")
    assert (understood.delimiter, understood.decimal, understood.header) == (";", ",", 9)
    assert understood.left_out == ("8 lines before the first row", "1 row of totals or remarks")
    assert described(understood.columns) == {
        "SN: 2130012345 STP 8000TL-20 Total yield": ("kWh", "production_energy", "counter"),
        "SN: 2130012345 STP 8000TL-20 Power": ("kW", "active_power", "gauge"),
    }
    times = [time for time, _ in series["SN: 2130012345 STP 8000TL-20 Power"]]
    # 01:30 CEST, and every quarter of an hour from there through both hours from two to three.
    assert times[0] == "2026-10-24T23:30:00Z"
    hours = [(hour, minute) for hour in (0, 1) for minute in (0, 15, 30, 45)]
    assert times[2:10] == [f"2026-10-25T{hour:02}:{minute:02}:00Z" for hour, minute in hours]
    assert [row.offset for row in understood.preview] == ["", "", *["+02:00"] * 4, *["+01:00"] * 4]


def test_a_day_of_sunny_portal_has_its_date_in_the_name_of_the_file() -> None:
    # ";SB1.5-1VL-40 966 / Power / Mean Values  [kW]", "12:15 AM;…", as the portal's page exports
    understood, series = understood_and_read(FILES / "sunny_portal_2026-06-01.csv")
    assert (understood.profile, understood.day) == ("sunny_portal", "2026-06-01")
    (rows,) = series.values()
    # Rows are dated by the end of their quarter of an hour: 06:15 is that from 06:00.
    assert rows[0] == ("2026-06-01T04:00:00Z", 0.092)
    assert len(rows) == 47


def test_fronius_solar_web_with_its_row_of_units() -> None:
    # "Datum und Uhrzeit,Gesamt Erzeugung,…" above "[dd.MM.yyyy],[Wh],[Wh],…"
    understood, series = understood_and_read(FILES / "fronius.csv")
    assert (understood.profile, understood.interval) == ("fronius", 300)
    assert described(understood.columns) == {
        "Gesamt Erzeugung": ("Wh", "production_energy", "interval"),
        "Gesamt Verbrauch": ("Wh", "consumption_energy", "interval"),
        "Eigenverbrauch": ("Wh", "", "interval"),
        "Energie ins Netz eingespeist": ("Wh", "export_energy", "interval"),
        "Energie vom Netz bezogen": ("Wh", "import_energy", "interval"),
    }
    assert series["Gesamt Erzeugung"][0] == ("2026-08-08T09:00:00Z", 231.52)


def test_enphase_with_its_row_of_totals() -> None:
    # patrickvorgers/Home-Assistant-Import-Energy-Data, Datasources/Enphase/Sample files
    understood, series = understood_and_read(FILES / "enphase.csv")
    assert (understood.profile, understood.date_format) == ("enphase", "%m/%d/%Y")
    assert understood.left_out == ("1 row of totals or remarks",)
    assert series["Energy Produced (Wh)"][0] == ("2026-07-03T07:00:00Z", 210.0)
    assert described(understood.columns)["Imported from Grid (Wh)"] == (
        "Wh", "import_energy", "interval",
    )  # fmt: skip


def test_green_button_with_both_directions_and_a_multiplier() -> None:
    # NAESB ESPI as utilities write it: entries that link MeterReading, ReadingType, IntervalBlock
    understood, series = understood_and_read(FILES / "green_button.xml")
    assert (understood.profile, understood.interval) == ("green_button", 900)
    assert described(understood.columns) == {
        "Electricity 1, delivered": ("Wh", "import_energy", "interval"),
        "Electricity 2, received": ("Wh", "export_energy", "interval"),
    }
    assert series["Electricity 1, delivered"][0] == ("2026-06-01T00:00:00Z", 323.0)
    assert series["Electricity 2, received"][1] == ("2026-06-01T00:15:00Z", 2000.0)


def test_uk_half_hourly_columns() -> None:
    # Energy-Sparks/energy-sparks: "MPAN,Reading Date,One Day Total kWh,00:30,01:00,…,00:00"
    understood, series = understood_and_read(FILES / "uk_half_hourly.csv", zone="Europe/London")
    assert (understood.profile, understood.interval) == ("uk_half_hourly", 1800)
    assert described(understood.columns) == {"1200012345678": ("kWh", "import_energy", "interval")}
    rows = series["1200012345678"]
    assert len(rows) == 144
    assert rows[:2] == [("2026-01-11T00:00:00Z", 0.1), ("2026-01-11T00:30:00Z", 0.11)]
    assert rows[-1][0] == "2026-01-13T23:30:00Z"


def test_a_half_hourly_day_of_25_hours_has_50_columns() -> None:
    _, series = understood_and_read(FILES / "uk_half_hourly_50.csv", zone="Europe/London")
    (rows,) = series.values()
    times = [time for time, _ in rows]
    assert len(times) == 146
    assert times == sorted(set(times))
    assert times[48] == "2026-10-24T23:00:00Z"
    assert times[-1] == "2026-10-26T23:30:00Z"


def test_a_us_utilitys_quarter_hours_below_the_account() -> None:
    # PG&E, PECO, ComEd: "TYPE,DATE,START TIME,END TIME,USAGE,UNITS,COST,NOTES"
    understood, series = understood_and_read(FILES / "us_utility.csv", zone="America/Los_Angeles")
    assert (understood.profile, understood.header, understood.interval) == ("us_utility", 6, 900)
    assert described(understood.columns) == {"USAGE": ("kWh", "consumption_energy", "interval")}
    assert series["USAGE"][1] == ("2026-01-15T08:15:00Z", 0.12)


def test_smart_meter_texas_with_both_directions_one_below_the_other() -> None:
    # "ESIID,USAGE_DATE,REVISION_DATE,USAGE_START_TIME,USAGE_END_TIME,USAGE_KWH,…"
    understood, series = understood_and_read(
        FILES / "smart_meter_texas.csv", zone="America/Chicago"
    )
    assert understood.profile == "us_utility"
    assert described(understood.columns) == {
        "Consumption": ("kWh", "consumption_energy", "interval"),
        "Surplus Generation": ("kWh", "export_energy", "interval"),
    }
    assert series["Consumption"][0] == ("2026-05-06T05:00:00Z", 0.131)


@pytest.mark.parametrize(
    ("name", "first", "count"),
    [
        ("emoncms.csv", ("2026-06-01T08:00:00Z", 251.5), 11),
        ("emoncms_excel.csv", ("2026-06-13T06:00:00Z", 251.5), 12),
    ],
)
def test_emoncms_without_names(name: str, first: Any, count: int) -> None:
    # emoncms/emoncms, Modules/feed/engine/shared_helper.php: csv_write and format_time
    understood, series = understood_and_read(FILES / name)
    assert understood.profile == "emoncms"
    assert series["value"][0] == first
    assert len(series["value"]) == count


def test_openems() -> None:
    # OpenEMS/openems, io.openems.edge.simulator/csvexporter: timestamp, then channels with units
    understood, series = understood_and_read(FILES / "openems.csv")
    assert (understood.profile, understood.interval) == ("openems", 60)
    assert described(understood.columns) == {
        "ess0/Soc [%]": ("%", "state_of_charge", "gauge"),
        "ess0/ActivePower [W]": ("W", "active_power", "gauge"),
        "_sum/GridActivePower [W]": ("W", "active_power", "gauge"),
        "_sum/GridBuyActiveEnergy [Wh]": ("Wh", "import_energy", "counter"),
    }
    assert len(series["ess0/Soc [%]"]) == 11  # one row has empty cells


def test_entsoes_load_with_the_repeated_hour() -> None:
    # '"Time (CET/CEST)","Day-ahead Total Load Forecast [MW] - BZN|NL",…', rows of an interval each
    understood, series = understood_and_read(FILES / "entsoe_load.csv")
    assert (understood.profile, understood.time_zone) == ("entsoe", "Europe/Brussels")
    rows = series["Day-ahead Total Load Forecast [MW] - BZN|NL"]
    times = [time for time, _ in rows]
    assert times == sorted(set(times))
    assert (times[0], times[-1]) == ("2026-10-24T23:00:00Z", "2026-10-25T02:45:00Z")
    assert len(series["Actual Total Load [MW] - BZN|NL"]) == 14  # n/e is not there


def test_entsoes_generation_with_a_row_a_type() -> None:
    # '"MTU (CET/CEST)","Area","Production Type","Generation (MW)"', with the zone beside each time
    understood, series = understood_and_read(FILES / "entsoe_generation.csv")
    assert understood.profile == "entsoe"
    assert [time for time, _ in series["BZN|NL Solar"]] == [
        "2026-10-24T23:00:00Z", *(f"2026-10-25T{hour:02}:00:00Z" for hour in range(7)),
    ]  # fmt: skip
    assert series["BZN|NL Wind Onshore"][0][1] == 830.0


def test_pvgis_between_its_preamble_and_its_remarks() -> None:
    # re.jrc.ec.europa.eu, hourly data as CSV: "time,P,G(i),H_sun,T2m,WS10m,Int"
    understood, series = understood_and_read(FILES / "pvgis.csv")
    assert (understood.profile, understood.time_zone) == ("pvgis", "UTC")
    assert described(understood.columns) == {
        "P": ("W", "active_power", "gauge"),
        "G(i)": ("W/m²", "irradiance", "gauge"),
        "H_sun": ("°", "", "gauge"),
        "T2m": ("°C", "ambient_temperature", "gauge"),
        "WS10m": ("m/s", "wind_speed", "gauge"),
    }
    assert series["P"][0][0] == "2023-06-01T00:10:00Z"
    assert len(series["P"]) == 24


def test_influxdbs_annotated_tables() -> None:
    # docs.influxdata.com, "Annotated CSV"; the measurement is the unit, as Home Assistant has it
    understood, series = understood_and_read(FILES / "influx.csv")
    assert understood.profile == "influx"
    assert described(understood.columns) == {
        "W,entity_id=solar_power/value": ("W", "active_power", "gauge"),
        "%,entity_id=battery_soc/value": ("%", "state_of_charge", "gauge"),
    }
    assert series["%,entity_id=battery_soc/value"][0] == ("2026-06-01T10:00:30Z", 81.0)


def test_one_column_a_series_as_a_german_spreadsheet_has_it() -> None:
    understood, series = understood_and_read(FILES / "wide_latin1.csv")
    assert (understood.profile, understood.encoding) == ("wide", "cp1252")
    assert (understood.delimiter, understood.decimal, understood.header) == (";", ",", 4)
    assert series["Wirkleistung (kW)"][0] == ("2026-11-19T22:00:00Z", 1204.5)
    assert series["Außentemperatur (°C)"][0][1] == -1.5
    columns = {column.name: column for column in understood.columns}
    assert columns["Zustand"].texts == ("Derating", "Ok")
    assert columns["Zählerstand (kWh)"].type == "counter"
    assert columns["Wirkleistung (kW)"].low == 1204.5


def test_the_systems_own_export() -> None:
    understood, series = understood_and_read(FILES / "own.csv")
    assert understood.profile == "own"
    assert series["12"][0] == ("2026-06-01T00:00:00Z", 0.5)


@pytest.mark.parametrize("file", sorted(FILES.iterdir()), ids=lambda file: file.name)
def test_packed_files_are_understood_alike(file: Path, tmp_path: Path) -> None:
    packed = tmp_path / f"{file.name}.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert understand(packed, zone="Europe/Amsterdam") == understand(file, zone="Europe/Amsterdam")


@pytest.mark.parametrize("file", sorted(FILES.glob("*.csv")), ids=lambda file: file.name)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_says_the_same_in_every_encoding(file: Path, encoding: str, tmp_path: Path) -> None:
    before = understand(file, zone="Europe/Amsterdam")
    other = tmp_path / file.name
    text = file.read_bytes().decode(before.encoding)
    other.write_bytes(text.encode(encoding))
    after = understand(other, zone="Europe/Amsterdam")
    assert after.corrected(encoding=before.encoding) == before
