"""`manage.py import_readings`: the readings of a file, however large, through the one door."""

import gzip
import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from devices.kinds import DeviceKind
from devices.models import Device
from energy.errors import DomainError
from ingest.checking import check_readings
from ingest.csv_lines import parse_header, parse_lines
from ingest.door import receive_readings, store_history
from ingest.files import LineBlock, Progress, read_blocks
from ingest.finding import find_metrics
from ingest.parsed import ParsedReadings, Rejection
from ingest.sender import OPERATOR, Sender
from ingest.typical_year import KEYS, TypicalYear, read_typical_year, readings_of
from metrics.models import Metric

MOST_NAMED = 100  # bad rows that are shown
SENDER = Sender(OPERATOR, source="file")
_TMY3_SECOND_LINE = "Date (MM/DD/YYYY)"


class Command(BaseCommand):
    help = (
        "Import readings from a file, compressed with gzip or not: CSV with the columns "
        "metric,timestamp,value or site,device,key,timestamp,value (and unit, as exports have it), "
        "or a typical meteorological year (TMY2, TMY3) for a weather station. An import that was "
        "stopped goes on when the same command is given again; FILE.progress remembers where."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--partial",
            action="store_true",
            help="store the good rows of a CSV file that has bad ones (otherwise: nothing)",
        )
        parser.add_argument("--site", help="slug of the weather station's Site, for a TMY file")
        parser.add_argument("--device", help="slug of the weather station, for a TMY file")
        parser.add_argument(
            "--year", type=int, help="calendar year for a TMY file (default: the last whole one)"
        )

    def handle(self, *, file: Path, verbosity: int, **options: Any) -> None:
        self.quiet = verbosity == 0
        try:
            if is_typical_year(file):
                self._import_typical_year(file, options)
            else:
                self._import_csv(file, partial=options["partial"])
        except DomainError as error:
            raise CommandError(f"{file}: {error}") from error
        except (OSError, EOFError) as error:
            raise CommandError(f"{file} cannot be read: {error}") from error
        except KeyboardInterrupt:
            raise CommandError("Stopped; the same command goes on.", returncode=130) from None

    # CSV ----------------------------------------------------------------------------------

    def _import_csv(self, file: Path, *, partial: bool) -> None:
        columns = parse_header(first_lines(file)[0])
        progress, changed = Progress.of(file)
        if changed:
            self.stdout.write(f"{file} has changed since its import began: starting over.")
        elif progress.offset:
            self.stdout.write(f"Going on after line {progress.line:,}.")
        if not (partial or progress.checked):
            self._check(file, columns)
            progress.checked = True
        self._store(file, columns, progress)
        progress.delete()
        self.stdout.write(f"Stored {progress.stored:,} readings.")
        if progress.refused:
            raise CommandError(f"Bad rows that were refused: {progress.refused:,}.")

    def _check(self, file: Path, columns: tuple[str, ...]) -> None:
        """Raises CommandError when any row of the file is bad."""
        refused = 0
        for block in self._with_bar(file, "Checking", Progress("")):
            refused += self._report_bad(_rejections(_parse_block(columns, block)), refused)
        if refused:
            raise CommandError(
                f"Bad rows: {refused:,}. Nothing was stored; --partial stores the good ones."
            )

    def _store(self, file: Path, columns: tuple[str, ...], progress: Progress) -> None:
        for block in self._with_bar(file, "Storing", progress):
            received = receive_readings(
                _parse_block(columns, block),
                sender=SENDER,
                now=timezone.now(),
                partial=True,
                in_bulk=True,
            )
            progress.stored += received.accepted
            progress.refused += self._report_bad(received.rejections, progress.refused)
            progress.offset, progress.line = block.end, block.lines[-1].number
            # After the commit: if it stops between the two, a block is stored twice, which changes
            # nothing.
            self._save(progress)

    def _save(self, progress: Progress) -> None:
        try:
            progress.save()
        except OSError as error:
            self.stderr.write(f"This import cannot be resumed if it is stopped: {error}")
            progress.path = None

    def _with_bar(self, file: Path, what: str, progress: Progress) -> Iterator[LineBlock]:
        """The remaining blocks, with a progress bar of bytes on disk."""
        with tqdm(
            total=file.stat().st_size, desc=what, unit="B", unit_scale=True, file=sys.stderr,
            disable=True if self.quiet else None,
        ) as bar:  # fmt: skip
            for block in read_blocks(file, progress.offset, progress.line):
                yield block
                bar.update(block.read - bar.n)

    def _report_bad(self, rejections: list[Rejection], named: int) -> int:
        for rejection in rejections[: max(0, MOST_NAMED - named)]:
            self.stderr.write(f"Line {rejection.index}: {rejection.reason}")
        if named <= MOST_NAMED < named + len(rejections):
            self.stderr.write(f"Only the first {MOST_NAMED} bad rows are named.")
        return len(rejections)

    # Typical years --------------------------------------------------------------------------

    def _import_typical_year(self, file: Path, options: dict[str, Any]) -> None:
        if not (options["site"] and options["device"]):
            raise CommandError("A TMY file needs --site and --device: whose weather is it?")
        metric_ids = station_metrics(options["site"], options["device"])
        now = timezone.now()
        calendar_year = options["year"] or now.year - 1
        if not 1970 <= calendar_year < now.year:
            raise CommandError(f"--year must be a past one from 1970 on, not {calendar_year}.")
        try:
            year = _read_typical_year(file)
        except (ValueError, KeyError) as error:
            raise CommandError(f"{file} is not a typical year: {error}") from error
        except ModuleNotFoundError as error:
            raise CommandError(
                f"Typical years are read by {error.name}: pip install -r requirements-demo.txt"
            ) from error
        stored = store_history(readings_of(year, calendar_year, metric_ids), now=now)
        self.stdout.write(f"Stored {stored:,} readings as the year {calendar_year}.")


def is_typical_year(file: Path) -> bool:
    """Whether it is a TMY2 file (by name) or a TMY3 file (by its second line)."""
    return ".tm2" in (suffix.lower() for suffix in file.suffixes) or any(
        line.startswith(_TMY3_SECOND_LINE) for line in first_lines(file)[1:]
    )


def first_lines(file: Path) -> list[str]:
    """The first two lines, as far as there are any and they are readable."""
    for block in read_blocks(file):
        return [line.text or "" for line in block.lines[:2]]
    return [""]


def station_metrics(site: str, device: str) -> dict[str, int]:
    """The weather station's Metrics by key. Raises CommandError where one is missing."""
    station = Device.objects.filter(
        site__slug=site, slug=device, kind=DeviceKind.WEATHER_STATION
    ).first()
    if station is None:
        raise CommandError(f"There is no weather station {device} on a site {site}.")
    found = dict(station.metrics.filter(key__in=KEYS).values_list("key", "pk"))
    if missing := [key for key in KEYS if key not in found]:
        raise CommandError(f"{station} has no metric {', '.join(missing)}.")
    return found


def _parse_block(columns: tuple[str, ...], block: LineBlock) -> ParsedReadings:
    lines = block.lines[1:] if block.lines[0].number == 1 else block.lines
    return parse_lines(columns, lines)


def _rejections(parsed: ParsedReadings) -> list[Rejection]:
    """What would be refused now."""
    found = find_metrics(parsed.metrics, SENDER)
    existing = Metric.objects.among(found.ids.tolist()).values_list("pk", flat=True)
    seen = np.fromiter(existing, np.int64)
    return check_readings(parsed, found, seen, now=timezone.now()).rejections


def _read_typical_year(file: Path) -> TypicalYear:
    if file.suffix.lower() != ".gz":
        return read_typical_year(file)
    with TemporaryDirectory() as folder, gzip.open(file) as content:
        plain = Path(folder) / file.stem
        with plain.open("wb") as target:
            shutil.copyfileobj(content, target)
        return read_typical_year(plain)
