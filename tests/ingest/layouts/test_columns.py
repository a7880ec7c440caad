"""Which columns hold measurements: their values and units decide, not a word in their titles."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.layouts.detect import understand
from ingest.layouts.understood import Asked, NotUnderstood
from tests.ingest.layouts.reading import text_file, understood_and_read

NUMBERS = ["1002.5", "1003.25", "1004.75", "1006.5"]
POWER = ["1.5", "2.5", "3.5", "4.5"]


def table(*columns: Sequence[str]) -> str:
    """A file with a row an hour below the titles of the columns."""
    (_, *titles), *rows = zip(["", "00:00", "01:00", "02:00", "03:00"], *columns, strict=False)
    lines = [f"2026-06-01 {clock},{','.join(cells)}" for clock, *cells in rows]
    return "\n".join([f"Time,{','.join(titles)}", *lines])


@pytest.mark.parametrize(
    "title",
    [
        "Meter", "Meter reading", "Meter reading (kWh)", "Register 1 (kWh)", "Point A (kW)",
        "Serial (kWh)", "MPAN total kWh", "ESIID kWh",
    ],
)  # fmt: skip
def test_numbers_that_change_are_measurements_whatever_the_title(
    title: str, tmp_path: Path
) -> None:
    file = text_file(tmp_path, table(["Power (kW)", *POWER], [title, *NUMBERS]))
    _, series = understood_and_read(file)
    assert [value for _, value in series[title]] == [float(number) for number in NUMBERS]


@pytest.mark.parametrize("cells", [["0.0"] * 4, ["12.5"] * 4])
def test_a_meter_at_rest_is_a_measurement(cells: list[str], tmp_path: Path) -> None:
    file = text_file(tmp_path, table(["Power (kW)", *POWER], ["Meter", *cells]))
    _, series = understood_and_read(file)
    assert [value for _, value in series["Meter"]] == [float(cell) for cell in cells]


def test_a_title_with_a_unit_is_a_measurement_although_its_numbers_look_like_instants(
    tmp_path: Path,
) -> None:
    cells = [str(1_234_567_890 + n) for n in range(4)]
    file = text_file(tmp_path, table(["Power (kW)", *POWER], ["Energy (Wh)", *cells]))
    understood, series = understood_and_read(file)
    assert series["Energy (Wh)"][1][1] == 1_234_567_891
    assert {column.unit for column in understood.columns} == {"kW", "Wh"}


@pytest.mark.parametrize(
    ("title", "cells"),
    [("MPAN", ["1200012345678"] * 4), ("Unix time", [str(1_780_300_800 + n) for n in range(4)])],
)
def test_an_identifier_or_an_instant_means_nothing_by_itself_but_may_be_chosen(
    title: str, cells: list[str], tmp_path: Path
) -> None:
    text = table(["Power", *POWER], [title, *cells], ["Unit", *["kWh"] * 4])
    understood, series = understood_and_read(text_file(tmp_path, text))
    columns = {column.name: column for column in understood.columns}
    assert columns["Power"].unit == "kWh"
    assert (columns[title].unit, columns[title].key) == ("", "")
    assert [value for _, value in series[title]] == [float(cell) for cell in cells]


def test_an_identifier_in_letters_is_left_out(tmp_path: Path) -> None:
    text = table(["Power (kW)", *POWER], ["Meter Serial", *["E10BG12345"] * 4])
    understood = understand(text_file(tmp_path, text), zone="UTC")
    assert [column.name for column in understood.columns] == ["Power (kW)"]
    assert "the column Meter Serial" in understood.left_out


def test_a_file_of_one_number_is_not_taken_for_an_identifier(tmp_path: Path) -> None:
    file = text_file(tmp_path, "Time,Meter\n2026-06-01 00:00,1234\n")
    _, series = understood_and_read(file)
    assert series == {"Meter": [("2026-05-31T22:00:00Z", 1234.0)]}


def test_numbers_of_meters_that_return_at_each_time_name_the_series(tmp_path: Path) -> None:
    rows = (f"2026-06-01 {n:02}:00,{meter},{n}.5" for n in range(4) for meter in (1001, 1002))
    file = text_file(tmp_path, "\n".join(["Time,Meter,kWh", *rows]))
    _, series = understood_and_read(file)
    assert {name: len(rows) for name, rows in series.items()} == {"1001": 4, "1002": 4}


@pytest.mark.parametrize("step", [1, 3, 4])
def test_the_readings_of_a_meter_name_no_series_where_times_repeat(
    step: int, tmp_path: Path
) -> None:
    rows = (f"2026-06-01 00:{n // 6:02},{1000 + n // step},{n}.5" for n in range(24))
    file = text_file(tmp_path, "\n".join(["Time,Meter,Power (kW)", *rows]))
    _, series = understood_and_read(file)
    assert len(series["Meter"]) == len(series["Power (kW)"]) == 24


def test_days_in_a_row_are_named_by_the_meter_and_not_by_its_total(tmp_path: Path) -> None:
    clocks = ",".join(f"{n:02}:00" for n in range(24))
    rows = (f"2026-06-0{day},{24 * day}.0,1200012345678,{','.join([f'{day}.5'] * 24)}"
            for day in (1, 2, 3))  # fmt: skip
    text = "\n".join([f"Date,Meter total kWh,MPAN,{clocks}", *rows])
    _, series = understood_and_read(text_file(tmp_path, text))
    assert list(series) == ["1200012345678"]


# Times --------------------------------------------------------------------------------------


def test_a_time_that_cannot_be_read_makes_no_series_of_the_times(tmp_path: Path) -> None:
    file = text_file(tmp_path, table(["kW", *POWER]).replace("2026-06-01 02:00", "yesterday"))
    understood = understand(file, zone="UTC")
    assert [column.name for column in understood.columns] == ["kW"]
    assert understood.warnings == ("1 cell or row cannot be read.",)


@pytest.mark.parametrize("offset", ["+25:00", "-24:00", "+02:60", "+9900"])
def test_an_offset_that_no_clock_has_is_refused(offset: str, tmp_path: Path) -> None:
    text = table(["kW", *POWER])
    file = text_file(tmp_path, text.replace("02:00,", f"02:00{offset},"))
    preview = understand(file, zone="UTC").preview
    assert [row.time for row in preview if row.problem] == [""]
    assert preview[2].problem.startswith("Not a time of the format")


ONCE = ["01:00", "02:00", "03:00"]
TWICE = ["01:00", "02:00", "02:00", "03:00"]


@pytest.mark.parametrize(
    ("clocks", "said"),
    [
        (TWICE, "told apart by their order"),
        (TWICE[::-1], "told apart by their order"),
        (ONCE, "they are taken for the first of the two"),
        (ONCE[::-1], "they are taken for the second of the two"),
    ],
)
def test_of_an_hour_that_clocks_show_twice_it_is_said_what_was_done(
    clocks: list[str], said: str, tmp_path: Path
) -> None:
    rows = [f"2026-10-25 {clock},{n}.5" for n, clock in enumerate(clocks)]
    file = text_file(tmp_path, "\n".join(["Time,kW", *rows]))
    (warning,) = understand(file, zone="Europe/Amsterdam").warnings
    assert said in warning


# Numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delimiter", "cells", "sign", "is_asked"),
    [
        (",", ["1,234", "1,235"], ",", True), (",", ["1.234", "1.235"], ".", False),
        (",", ["1.234", "1,235"], ",", True), (";", ["1.234", "1.235"], ".", True),
        (";", ["1,234", "1,235"], ",", False), (";", ["1,234", "1.235"], ".", True),
        (",", ["1,234", "1,234.5"], ",", False),
    ],
)  # fmt: skip
def test_three_digits_behind_a_sign_that_is_unusual_there_are_asked_about(
    delimiter: str, cells: list[str], sign: str, *, is_asked: bool, tmp_path: Path
) -> None:
    rows = [f'2026-06-01 {n:02}:00{delimiter}"{cell}"' for n, cell in enumerate(cells)]
    file = text_file(tmp_path, "\n".join([f"Time{delimiter}kW", *rows]))
    questions = understand(file, zone="UTC").questions
    assert [question.field for question in questions] == ["decimal"] * is_asked
    assert all(f"“{sign}”" in question.message for question in questions)


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbf", b"\xef\xbb\xbf \r\n", b"\xff\xfe", b"\xfe\xff", b";;;\n \n;\n"]
)
def test_a_file_without_text_is_empty(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    with pytest.raises(NotUnderstood) as refusal:
        understand(file, zone="UTC")
    assert refusal.value.found == "The file is empty."


@pytest.mark.parametrize(
    "asked",
    [
        {"profile": "nothing"}, {"time_zone": "Europe/Nowhere"}, {"delimiter": "x"},
        {"decimal": "'"}, {"date_format": "%H:%M"}, {"time_is": "middle"},
    ],
)  # fmt: skip
def test_what_people_say_wrongly_is_told_whatever_the_file(
    asked: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(NotUnderstood) as refusal:
        understand(text_file(tmp_path, "no table\n"), Asked(**asked), zone="UTC")
    assert [refusal.value.field] == list(asked)
