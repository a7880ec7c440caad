"""`manage.py import_readings`: files of readings, whole, in part, and in pieces."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from energy.instants import to_micros
from history import get_store
from ingest import files
from ingest.management.commands import import_readings
from metrics.models import Latest, Metric
from tests.support.importing import run, write

BASE = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three lines a block."""
    monkeypatch.setattr(files, "BLOCK_LINES", 3)


def stored(metric: Metric) -> dict[int, float]:
    """Value by minutes after BASE."""
    samples = get_store().read([metric.pk], 0, 2**62)[metric.pk]
    minutes = (samples.timestamps - to_micros(BASE)) // 60_000_000
    return dict(zip(minutes.tolist(), samples.values.tolist(), strict=True))


def rows(metric: Metric, count: int) -> list[str]:
    return [f"{metric.pk},2026-06-01T00:{n:02}:00Z,{n}.5" for n in range(count)]


def kill_after(monkeypatch: pytest.MonkeyPatch, blocks_stored: int) -> None:
    """Interrupt the import when it is about to store one more block."""
    store, left = import_readings.receive_readings, iter(range(blocks_stored))

    def stored_or_killed(*args: Any, **kwargs: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return store(*args, **kwargs)

    monkeypatch.setattr(import_readings, "receive_readings", stored_or_killed)


def remember_stored(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Undo `kill_after`; the sizes of the batches stored from now on."""
    monkeypatch.undo()
    monkeypatch.setattr(files, "BLOCK_LINES", 3)
    store, sizes = import_readings.receive_readings, []

    def counted(parsed: Any, **kwargs: Any) -> Any:
        sizes.append(len(parsed.values))
        return store(parsed, **kwargs)

    monkeypatch.setattr(import_readings, "receive_readings", counted)
    return sizes


def test_rows_by_metric_id_are_stored(metric: Metric, tmp_path: Path) -> None:
    out, _, error = run(write(tmp_path, "metric,timestamp,value", *rows(metric, 5)))
    assert error is None
    assert "Stored 5 readings" in out
    assert stored(metric) == {n: n + 0.5 for n in range(5)}
    assert Latest.objects.get(metric=metric).value == 4.5


def test_rows_by_names_are_stored(metric: Metric, tmp_path: Path) -> None:
    header = "site,device,key,timestamp,value"
    row = f"{metric.device.site.slug},{metric.device.slug},{metric.key},2026-06-01T02:00+02:00,7"
    seconds = row.replace("02:00+02", "02:00:00+02")
    assert run(write(tmp_path, header, seconds))[2] is None
    assert stored(metric) == {0: 7.0}


def test_columns_may_come_in_any_order_quoted_and_with_a_byte_order_mark(
    metric: Metric, tmp_path: Path
) -> None:
    file = write(
        tmp_path, '\ufeff"Value", timestamp,METRIC', f'"1.5",2026-06-01T00:00:00Z, {metric.pk}', ""
    )
    assert run(file)[2] is None
    assert stored(metric) == {0: 1.5}


def test_packed_files_are_read_as_they_are(metric: Metric, tmp_path: Path) -> None:
    packed = tmp_path / "readings.csv.gz"
    text = "\r\n".join(["metric,timestamp,value", *rows(metric, 4)])
    packed.write_bytes(gzip.compress(text.encode()))
    assert run(packed)[2] is None
    assert len(stored(metric)) == 4


def test_importing_a_file_twice_changes_nothing(metric: Metric, tmp_path: Path) -> None:
    file = write(tmp_path, "metric,timestamp,value", *rows(metric, 5))
    run(file)
    once = stored(metric)
    assert run(file)[2] is None
    assert stored(metric) == once


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{id},2026-06-01T00:00:00Z", "2 columns, not 3"),
        ("{id},2026-06-01T00:00:00Z,1,2", "4 columns, not 3"),
        ("nobody,2026-06-01T00:00:00Z,1", "metric must be"),
        ("0,2026-06-01T00:00:00Z,1", "metric must be"),
        ("999999999,2026-06-01T00:00:00Z,1", "no such metric"),
        ("{id},2026-06-01T00:00:00,1", "RFC 3339 with an offset"),
        ("{id},1780272000,1", "RFC 3339 with an offset"),
        ("{id},2026-13-01T00:00:00Z,1", "RFC 3339 with an offset"),
        ("{id},1960-01-01T00:00:00Z,1", "before the year 2000"),
        ("{id},9999-01-01T00:00:00Z,1", "ahead of now"),
        ("{id},2026-06-01T00:00:00Z,", "value must be"),
        ("{id},2026-06-01T00:00:00Z,many", "value must be"),
        ("{id},2026-06-01T00:00:00Z,nan", "not a finite number"),
        ("{id},2026-06-01T00:00:00Z,inf", "not a finite number"),
        ('"{id},2026-06-01T00:00:00Z,1', "A quotation mark is not closed"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_stored(
    metric: Metric, tmp_path: Path, row: str, reason: str
) -> None:
    bad = row.format(id=metric.pk)
    file = write(tmp_path, "metric,timestamp,value", *rows(metric, 3), bad, *rows(metric, 3))
    _, err, error = run(file)
    assert "Line 5: " in err
    assert reason in err
    assert error is not None
    assert "Nothing was stored" in str(error)
    assert stored(metric) == {}


@pytest.mark.parametrize("line", [b"\xff\xfe", b"1" * 200_000])
def test_a_line_that_is_no_text_is_named(metric: Metric, tmp_path: Path, line: bytes) -> None:
    file = write(tmp_path, "metric,timestamp,value", *rows(metric, 2))
    file.write_bytes(file.read_bytes() + line + b"\n" + rows(metric, 3)[2].encode())
    _, err, error = run(file, partial=True)
    assert "Line 4: The line is not short UTF-8." in err
    assert error is not None
    assert len(stored(metric)) == 3


def test_with_partial_the_good_rows_are_stored_and_the_bad_named(
    metric: Metric, tmp_path: Path, small_blocks: None
) -> None:
    bad = f"{metric.pk},yesterday,1"
    file = write(tmp_path, "metric,timestamp,value", bad, *rows(metric, 6), bad)
    out, err, error = run(file, partial=True)
    assert "Stored 6 readings" in out
    assert [line.split(":")[0] for line in err.splitlines()] == ["Line 2", "Line 9"]
    assert "refused: 2" in str(error)
    assert len(stored(metric)) == 6


def test_at_most_a_hundred_bad_rows_are_named(
    metric: Metric, tmp_path: Path, small_blocks: None
) -> None:
    _, err, error = run(write(tmp_path, "metric,timestamp,value", *["x"] * 250))
    assert err.count("Line ") == 100
    assert err.count("Only the first 100") == 1
    assert "Bad rows: 250" in str(error)


def test_a_killed_import_goes_on_where_it_was(
    metric: Metric, tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, "metric,timestamp,value", *rows(metric, 20))
    kill_after(monkeypatch, 2)
    assert run(file)[2] is not None
    assert len(stored(metric)) == 5  # two blocks of three lines, the header among them

    seen = remember_stored(monkeypatch)
    out, _, error = run(file)
    assert error is None
    assert "Going on after line 6" in out
    assert "Stored 20 readings" in out
    assert sum(seen) == 15
    assert len(stored(metric)) == 20


def test_a_packed_import_goes_on_where_it_was(
    metric: Metric, tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "readings.csv.gz"
    packed.write_bytes(
        gzip.compress("\n".join(["metric,timestamp,value", *rows(metric, 20)]).encode())
    )
    kill_after(monkeypatch, 3)
    run(packed)
    seen = remember_stored(monkeypatch)
    assert run(packed)[2] is None
    assert sum(seen) == 12
    assert len(stored(metric)) == 20


def test_bad_rows_found_before_a_kill_still_count(
    metric: Metric, tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, "metric,timestamp,value", "bad", *rows(metric, 8))
    kill_after(monkeypatch, 2)
    run(file, partial=True)
    remember_stored(monkeypatch)
    assert "refused: 1" in str(run(file, partial=True)[2])


def test_a_file_changed_since_is_imported_from_its_beginning(
    metric: Metric, tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, "metric,timestamp,value", *rows(metric, 20))
    kill_after(monkeypatch, 2)
    run(file)
    file = write(tmp_path, "metric,timestamp,value", *rows(metric, 10))
    seen = remember_stored(monkeypatch)
    out, _, error = run(file)
    assert error is None
    assert "has changed" in out
    assert sum(seen) == 10


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"offset": 3}), "\0"])
def test_a_damaged_note_of_progress_is_ignored(
    metric: Metric, tmp_path: Path, content: str
) -> None:
    file = write(tmp_path, "metric,timestamp,value", *rows(metric, 4))
    file.with_name("readings.csv.progress").write_text(content)
    assert run(file)[2] is None
    assert len(stored(metric)) == 4


def test_a_finished_import_leaves_nothing_beside_the_file(metric: Metric, tmp_path: Path) -> None:
    run(write(tmp_path, "metric,timestamp,value", *rows(metric, 4)))
    assert [path.name for path in tmp_path.iterdir()] == ["readings.csv"]


def test_a_folder_that_takes_no_note_of_progress_does_not_stop_an_import(
    metric: Metric, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(files.Progress, "save", refuse)
    _, err, error = run(write(tmp_path, "metric,timestamp,value", *rows(metric, 4)))
    assert error is None
    assert "cannot be resumed" in err
    assert len(stored(metric)) == 4


@pytest.mark.parametrize("header", ["", "a,b,c", "metric,value", "metric,timestamp,value,value"])
def test_rows_without_a_time_are_refused(db: None, tmp_path: Path, header: str) -> None:
    error = str(run(write(tmp_path, header, "1,2,3"))[2])
    assert "No rows with a time and a number were found" in error
    assert "Export again" in error


def test_an_empty_file_is_refused(db: None, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert "The file is empty" in str(run(empty)[2])


def test_a_file_that_is_not_there_is_refused(db: None, tmp_path: Path) -> None:
    assert "cannot be read" in str(run(tmp_path / "nowhere.csv")[2])


def test_a_damaged_packed_file_is_refused(metric: Metric, tmp_path: Path) -> None:
    text = "\n".join(["metric,timestamp,value", *rows(metric, 59)]).encode()
    packed = tmp_path / "cut.csv.gz"
    packed.write_bytes(gzip.compress(text)[:-20])
    assert "cannot be read" in str(run(packed)[2])
    assert stored(metric) == {}
