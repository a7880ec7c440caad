"""What is not understood gets an error that says what was found and what to try."""

import gzip
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.layouts.columns import MAX_SERIES
from ingest.layouts.delimited import DELIMITERS
from ingest.layouts.detect import understand
from ingest.layouts.profiles import BY_NAME
from ingest.layouts.reading import read_file
from ingest.layouts.understood import Asked, NotUnderstood
from tests.ingest.layouts.reading import FILES, read, text_file

NOTHING_ASKED = Asked()
BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>
<feed xmlns="http://www.w3.org/2005/Atom"><title>&lol2;</title></feed>"""
OUTSIDE = (
    """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>"""
)
# Without the time of packing, so that all processes of a run call the test the same.
CUT_OFF = gzip.compress(b"time,value\n2026-01-01 10:00,1\n" * 50, mtime=0)[:-12]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "The file is empty."),
        (b"  \n\n ", "The file is empty."),
        (b"PK\x03\x04rest", "an Excel file or another ZIP archive"),
        (b"%PDF-1.7", "a PDF"),
        (b"a,b\n1\x00\x002,3\n\x00", "zero bytes"),
        (
            b"Name,Room,Value\nLamp,Hall,3\n",
            "3 columns, “Name”, “Room”, “Value”, separated by commas",
        ),
        (b"just some words\nand others\n", "No rows with a time and a number"),
        (b"time;note\n2026-01-01 10:00;on\n2026-01-01 11:00;off\n", "No rows with a time"),
        (b"a,b\n12:00,1\n12:15,2\n", "times of day, and no date"),
        (BOMB.encode(), "a document type or entities"),
        (OUTSIDE.encode(), "a document type or entities"),
        (b"<?xml version='1.0'?><feed><entry>", "The XML cannot be read"),
        (b"<?xml version='1.0'?><feed></feed>", "no reading was found"),
        (CUT_OFF, "cannot be read"),
    ],
)
def test_it_says_what_was_found_and_what_to_try(content: bytes, found: str, tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    with pytest.raises(NotUnderstood) as refusal:
        understand(file, zone="UTC")
    assert found in refusal.value.found
    assert refusal.value.tries
    assert refusal.value.field == "file"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"profile": "nothing"}, "profile"),
        ({"time_zone": "Europe/Nowhere"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"delimiter": "x"}, "delimiter"),
        ({"decimal": "'"}, "decimal"),
        ({"date_format": "%H:%M"}, "date_format"),
        ({"time_column": "When"}, "time_column"),
        ({"time_is": "middle"}, "time_is"),
    ],
)
def test_what_people_say_wrongly_names_the_field(asked: dict[str, str], field: str) -> None:
    with pytest.raises(NotUnderstood) as refusal:
        understand(FILES / "wide_latin1.csv", Asked(**asked), zone="UTC")
    assert refusal.value.field == field


def test_a_file_of_few_days_asks_for_the_order_of_day_and_month(tmp_path: Path) -> None:
    file = text_file(
        tmp_path, "time,kW\n" + "".join(f"03/04/2026 {h}:00,{h}.5\n" for h in range(9))
    )
    understood = understand(file, zone="Europe/Amsterdam")
    assert [question.field for question in understood.questions] == ["date_format"]
    for date_format, day in (("%d/%m/%Y", "2026-04-03"), ("%m/%d/%Y", "2026-03-04")):
        answered = understand(file, Asked(date_format=date_format), zone="UTC")
        assert answered.questions == ()
        assert answered.start == f"{day}T00:00:00Z"


def test_times_without_a_zone_ask_for_it(tmp_path: Path) -> None:
    file = text_file(tmp_path, "time,kW\n2026-04-13 1:00,1.5\n2026-04-13 2:00,1.5\n")
    assert [each.field for each in understand(file).questions] == ["time_zone"]
    assert understand(file, Asked(time_zone="UTC")).questions == ()


def test_numbers_with_three_digits_behind_a_comma_ask_what_it_means(tmp_path: Path) -> None:
    file = text_file(tmp_path, "time\tkW\n2026-04-13 1:00\t1,204\n2026-04-13 2:00\t2,305\n")
    assert [each.field for each in understand(file, zone="UTC").questions] == ["decimal"]
    by_sign = {
        sign: understand(file, Asked(decimal=sign), zone="UTC").columns[0].low
        for sign in ("comma", "point")
    }
    assert by_sign == {"comma": 1.204, "point": 1204.0}


def test_a_refused_row_has_line_column_what_was_found_and_what_to_try(tmp_path: Path) -> None:
    file = text_file(
        tmp_path,
        "Zeit;Leistung (kW);Ertrag (kWh)\n"
        "28.03.2026 01:45;1,5;100,0\n"
        "29.03.2026 02:15;1,5;100,5\n"
        "29.03.2026 03:00;#REF!;101,0\n"
        "29.03.2026 03:15;1.2.04,5;101,5\n"
        "yesterday;1,5;102,0\n"
        "29.03.2026 03:30;1,5\n"
        '29.03.2026 03:45;"1,5;103,0\n'
        "29.03.2026 04:00;2,5;104,0\n",
    )
    understood = understand(file, zone="Europe/Amsterdam")
    series, refused = read(file, understood)
    assert [(each.line, each.column, each.found) for each in refused] == [
        (3, "Zeit", "29.03.2026 02:15"),
        (4, "Leistung (kW)", "#REF!"),
        (5, "Leistung (kW)", "1.2.04,5"),
        (6, "Zeit", "yesterday"),
        (7, "", "29.03.2026 03:30 1,5"),
        (8, "", ""),
    ]
    assert "the clocks were put forward" in refused[0].reason
    assert "an error of the spreadsheet" in refused[1].reason
    assert "“.” for thousands and “,” for decimals" in refused[2].reason
    assert "Not a time of the format %d.%m.%Y" in refused[3].reason
    assert "2 columns, not 3" in refused[4].reason
    assert [value for _, value in series["Leistung (kW)"]] == [1.5, 2.5]
    assert [value for _, value in series["Ertrag (kWh)"]] == [100.0, 101.0, 101.5, 104.0]


def refusal_of(file: Path, asked: Asked = NOTHING_ASKED) -> str | None:
    """In which words a file is refused, None where it is understood and read: nothing else."""
    try:
        understood = understand(file, asked, zone="Europe/Amsterdam", name="day-2026-06-01.csv")
    except NotUnderstood as refusal:
        return refusal.found
    for block in read_file(file, understood):
        assert block.timestamps.size == block.values.size == block.lines.size == block.name_of.size
    return None


def is_clear(refusal: str | None) -> bool:
    return refusal is None or len(refusal.split()) > 2


CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["2026-06-01 10:00", "01.02.2026", "12:15 AM", "1780308000", "1,5", "1.204,5",
                     "Total", "kWh", '"', "n/e", "#group", "_time", "_value", "-", "00:30", "HH1"]),
    st.floats().map(str),
    st.datetimes().map(str),
)  # fmt: skip


@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=12),
    delimiter=st.sampled_from(list(DELIMITERS)),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)
@example(rows=[["time", "value"], ["2026-06-01 10:00", "1e400"]], delimiter=",", encoding="utf-8")
@example(rows=[["01.01.0001 00:00", "1"]] * 3, delimiter=";", encoding="utf-8")
@example(rows=[["9999-12-31 24:00", "1"]] * 3, delimiter=";", encoding="utf-8")
def test_garbage_in_rows_gives_readings_or_a_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    delimiter: str,
    encoding: str,
) -> None:
    file = tmp_path_factory.mktemp("garbage") / "file.csv"
    text = "\n".join(delimiter.join(row) for row in rows)
    file.write_bytes(text.encode(encoding, "replace"))
    assert is_clear(refusal_of(file))


@given(content=st.binary(max_size=300))
@example(content=b"\x1f\x8b")
@example(content=b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")
@example(content=b"\xff\xfe\x00\xd8")
@example(content=b"<?xml version='1.0' encoding='nothing'?><feed/>")
def test_garbage_in_bytes_gives_a_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("garbage") / "file.csv"
    file.write_bytes(content)
    assert is_clear(refusal_of(file))


@given(
    name=st.sampled_from([file.name for file in sorted(FILES.iterdir())]),
    place=st.integers(0, 2000),
    put=st.binary(max_size=6),
    taken=st.integers(0, 6),
)
def test_a_real_file_with_something_amiss_gives_readings_or_a_clear_refusal(
    tmp_path_factory: pytest.TempPathFactory, name: str, place: int, put: bytes, taken: int
) -> None:
    content = (FILES / name).read_bytes()
    place %= len(content)
    file = tmp_path_factory.mktemp("amiss") / name
    file.write_bytes(content[:place] + put + content[place + taken :])
    assert is_clear(refusal_of(file))


def test_days_that_lack_their_last_interval_are_read_as_columns(tmp_path: Path) -> None:
    rows = (FILES / "uk_half_hourly.csv").read_text().splitlines()
    short = [rows[0], *(row.rpartition(",")[0] for row in rows[1:])]
    understood = understand(text_file(tmp_path, "\n".join(short)), zone="Europe/London")
    assert understood.profile == "wide"
    assert {column.count for column in understood.columns} == {len(rows) - 1}


@pytest.mark.parametrize("profile", sorted(BY_NAME))
@pytest.mark.parametrize("file", sorted(FILES.iterdir()), ids=lambda file: file.name)
def test_a_layout_that_is_chosen_by_hand_gives_readings_or_a_clear_refusal(
    file: Path, profile: str
) -> None:
    assert is_clear(refusal_of(file, Asked(profile=profile)))


@pytest.mark.parametrize("columns", [MAX_SERIES, MAX_SERIES + 1])
def test_a_file_may_have_so_many_series(columns: int, tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    rows = (f"2026-01-01 10:{minute:02d}" + ",1.5" * columns for minute in range(3))
    file.write_text("\n".join(["time" + "".join(f",s{n}" for n in range(columns)), *rows]))
    if columns <= MAX_SERIES:
        assert len(understand(file, zone="UTC").columns) == columns
        return
    with pytest.raises(NotUnderstood) as refusal:
        understand(file, zone="UTC")
    assert "columns" in refusal.value.found
