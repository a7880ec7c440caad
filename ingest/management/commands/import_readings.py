"""`manage.py import_readings`: the readings of a file, however large, through the one door."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from energy.errors import DomainError
from ingest.checking import EARLIEST, check_readings
from ingest.csv_lines import parse_header, parse_lines
from ingest.door import receive_readings, store_history
from ingest.files import LineBlock, Progress, read_blocks
from ingest.finding import find_metrics
from ingest.importing.planning import find_place, find_site, plan_import
from ingest.importing.running import ImportPlan, Step
from ingest.importing.weather import first_lines, is_typical_year, read_packed_year, station_metrics
from ingest.importing.wording import told
from ingest.layouts.detect import understand
from ingest.layouts.profiles import BY_NAME
from ingest.layouts.understood import Asked
from ingest.parsed import ParsedReadings, Rejection
from ingest.sender import OPERATOR, Sender
from ingest.typical_year import readings_of

MOST_NAMED = 100  # bad rows that are shown
# What people may say about a file of another layout, each also a field of `Asked`.
_SAID = {
    "profile": f"layout of the file, if it is not recognised: {', '.join(BY_NAME)}",
    "time_zone": "IANA name of the zone of times without an offset (default: the Site's)",
    "time_column": "name of the column with the times",
    "delimiter": "comma, semicolon, tab or bar",
    "decimal": "sign before the decimals: point or comma",
    "date_format": "such as %%d.%%m.%%Y or dd.MM.yyyy",
    "time_is": "which end of its interval a row is dated by: start or end",
}


class Command(BaseCommand):
    help = (
        "Import readings from a file, compressed with gzip or not: an export of this system, a "
        "file of a portal, a meter or a logger, whose layout is recognised, any table with a time "
        "and a column a series, or a typical meteorological year (TMY2, TMY3) for a weather "
        "station. An import that was stopped goes on when the same command is given again; "
        "FILE.progress remembers where."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--partial",
            action="store_true",
            help="store the good rows of a file that has bad ones (otherwise: nothing)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be stored, and store nothing"
        )
        parser.add_argument("--site", help="slug of the Site; only its metrics are written to")
        parser.add_argument("--device", help="slug of the Device whose readings the file has")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=device/key[:unit]",
            help="where a column goes, and the unit it comes in; may be given several times",
        )
        for name, text in _SAID.items():
            parser.add_argument(f"--{name.replace('_', '-')}", default="", help=text)
        parser.add_argument(
            "--year", type=int, help="calendar year for a TMY file (default: the last whole one)"
        )

    def handle(self, *, file: Path, verbosity: int, **options: Any) -> None:
        self.quiet = verbosity == 0
        try:
            self._import(file, options)
        except DomainError as error:
            raise CommandError(f"{file}: {error}") from error
        except (OSError, EOFError) as error:
            raise CommandError(f"{file} cannot be read: {error}") from error
        except KeyboardInterrupt:
            raise CommandError("Stopped; the same command goes on.", returncode=130) from None

    def _import(self, file: Path, options: dict[str, Any]) -> None:
        is_said = options["map"] or any(options[name] for name in _SAID)
        if is_typical_year(file):
            self._import_typical_year(file, options)
        elif not is_said and (columns := own_columns(file)):
            self._import_csv(file, columns, options)
        else:
            self._import_layout(file, options)

    # This system's own CSV ------------------------------------------------------------------

    def _import_csv(self, file: Path, columns: tuple[str, ...], options: dict[str, Any]) -> None:
        site = find_site(options["site"], OPERATOR)
        self.sender = Sender(OPERATOR, "file", site.pk if site else None)
        if options["dry_run"]:
            self._check(file, columns)
            self.stdout.write("All rows are good. Nothing was stored.")
            return
        progress = self._progress(file, options["site"] or "")
        if not (options["partial"] or progress.checked):
            self._check(file, columns)
            progress.checked = True
        self._store(file, columns, progress)
        self._finish(progress)

    def _progress(self, file: Path, said: str) -> Progress:
        progress, changed = Progress.of(file, said)
        if changed:
            self.stdout.write(f"{file} has changed since its import began: starting over.")
        elif progress.offset:
            self.stdout.write(f"Going on after line {progress.line:,}.")
        return progress

    def _finish(self, progress: Progress) -> None:
        progress.delete()
        self.stdout.write(f"Stored {progress.stored:,} readings.")
        if progress.refused:
            raise CommandError(f"Bad rows that were refused: {progress.refused:,}.")

    def _check(self, file: Path, columns: tuple[str, ...]) -> None:
        """Raises CommandError when any row of the file is bad."""
        refused = 0
        for block in self._with_bar(file, "Checking", Progress("")):
            rejections = _rejections(_parse_block(columns, block), self.sender)
            refused += self._report_bad(_lines(rejections), refused)
        self._refuse(refused)

    def _refuse(self, refused: int) -> None:
        if refused:
            raise CommandError(
                f"Bad rows: {refused:,}. Nothing was stored; --partial stores the good ones."
            )

    def _store(self, file: Path, columns: tuple[str, ...], progress: Progress) -> None:
        for block in self._with_bar(file, "Storing", progress):
            received = receive_readings(
                _parse_block(columns, block),
                sender=self.sender,
                now=timezone.now(),
                partial=True,
                in_bulk=True,
            )
            progress.stored += received.accepted
            progress.refused += self._report_bad(_lines(received.rejections), progress.refused)
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
        with self._bar(file.stat().st_size, what, "B") as bar:
            for block in read_blocks(file, progress.offset, progress.line):
                yield block
                bar.update(block.read - bar.n)

    def _bar(self, total: int, what: str, unit: str) -> Any:
        return tqdm(
            total=total, desc=what, unit=unit, unit_scale=True, file=sys.stderr,
            disable=True if self.quiet else None,
        )  # fmt: skip

    def _report_bad(self, bad: Sequence[str], named: int) -> int:
        for line in bad[: max(0, MOST_NAMED - named)]:
            self.stderr.write(line)
        if named <= MOST_NAMED < named + len(bad):
            self.stderr.write(f"Only the first {MOST_NAMED} bad rows are named.")
        return len(bad)

    # Files of other layouts -------------------------------------------------------------------

    def _import_layout(self, file: Path, options: dict[str, Any]) -> None:
        plan = self._plan(file, options)
        for line in told(plan.understood, plan.targets):
            self.stdout.write(line)
        if options["dry_run"]:
            self._refuse(self._check_plan(plan))
            self.stdout.write("Nothing was stored.")
            return
        progress = self._progress(file, _said(plan))
        if not (options["partial"] or progress.checked):
            self._refuse(self._check_plan(plan))
            progress.checked = True
        for step in self._with_rows(plan, "Storing", plan.store(progress.offset)):
            progress.stored += step.accepted
            progress.refused += self._report_bad(_bad(step), progress.refused)
            progress.offset, progress.line = progress.offset + 1, progress.line + step.rows
            self._save(progress)
        self._finish(progress)

    def _plan(self, file: Path, options: dict[str, Any]) -> ImportPlan:
        asked = Asked(**{name: options[name] for name in _SAID})
        place = find_place(options["site"] or "", options["device"] or "", OPERATOR)
        understood = understand(file, asked, zone=place.zone)
        if understood.questions:
            options_open = (
                f"--{question.field.replace('_', '-')}: {question.message}"
                for question in understood.questions
            )
            raise CommandError("\n".join(options_open))
        return plan_import(file, understood, options["map"], place)

    def _check_plan(self, plan: ImportPlan) -> int:
        refused = 0
        for step in self._with_rows(plan, "Checking", plan.check()):
            refused += self._report_bad(_bad(step), refused)
        return refused

    def _with_rows(self, plan: ImportPlan, what: str, steps: Iterator[Step]) -> Iterator[Step]:
        with self._bar(plan.understood.rows, what, " rows") as bar:
            for step in steps:
                yield step
                bar.update(step.rows)

    # Typical years --------------------------------------------------------------------------

    def _import_typical_year(self, file: Path, options: dict[str, Any]) -> None:
        if not (options["site"] and options["device"]):
            raise CommandError("A TMY file needs --site and --device: whose weather is it?")
        metric_ids = station_metrics(options["site"], options["device"])
        now = timezone.now()
        calendar_year = options["year"] or now.year - 1
        if not EARLIEST.year <= calendar_year < now.year:
            raise CommandError(
                f"--year must be a past one from {EARLIEST.year} on, not {calendar_year}."
            )
        try:
            year = read_packed_year(file)
        except (ValueError, KeyError) as error:
            raise CommandError(f"{file} is not a typical year: {error}") from error
        except ModuleNotFoundError as error:
            raise CommandError(
                f"Typical years are read by {error.name}: pip install -r requirements-demo.txt"
            ) from error
        stored = store_history(readings_of(year, calendar_year, metric_ids), now=now)
        self.stdout.write(f"Stored {stored:,} readings as the year {calendar_year}.")


def own_columns(file: Path) -> tuple[str, ...] | None:
    """The columns of a file that has this system's own; None for one of another layout."""
    try:
        return parse_header(first_lines(file)[0])
    except DomainError:
        return None


def _said(plan: ImportPlan) -> str:
    """What an import does with a file, so that one which does something else starts over."""
    targets = [(each.column, each.metric.pk, each.unit, each.factor) for each in plan.targets]
    return repr((plan.understood.corrected(preview=(), warnings=()), targets))


def _bad(step: Step) -> list[str]:
    return [
        f"Line {each.line}{f', {each.column}' if each.column else ''}"
        f"{f', “{each.found}”' if each.found else ''}: {each.reason}"
        for each in step.refused
    ]


def _lines(rejections: Sequence[Rejection]) -> list[str]:
    return [f"Line {rejection.index}: {rejection.reason}" for rejection in rejections]


def _parse_block(columns: tuple[str, ...], block: LineBlock) -> ParsedReadings:
    lines = block.lines[1:] if block.lines[0].number == 1 else block.lines
    return parse_lines(columns, lines)


def _rejections(parsed: ParsedReadings, sender: Sender) -> list[Rejection]:
    """What would be refused now."""
    found = find_metrics(parsed.metrics, sender)
    existing = sender.metrics().among(found.ids.tolist()).values_list("pk", flat=True)
    seen = np.fromiter(existing, np.int64)
    return check_readings(parsed, found, seen, now=timezone.now()).rejections
