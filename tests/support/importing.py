"""How tests run `manage.py import_readings`."""

from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command


def run(file: Path, **options: Any) -> tuple[str, str, CommandError | None]:
    """Import a file: what was said, what was said on stderr, how it failed."""
    out, err = StringIO(), StringIO()
    try:
        call_command("import_readings", str(file), stdout=out, stderr=err, verbosity=0, **options)
    except CommandError as error:
        return out.getvalue(), err.getvalue(), error
    return out.getvalue(), err.getvalue(), None


def write(folder: Path, *lines: str, name: str = "readings.csv") -> Path:
    """A text file of these lines."""
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
