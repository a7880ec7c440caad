"""How tests bring files of readings: by `manage.py import_readings`, and to the API."""

from io import StringIO
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

IMPORTS = "/api/v1/imports/"
# Six hours of a power and a counter, by the quarter of an hour.
QUARTERS = "time;Power (kW);Energy imported (kWh)\n" + "".join(
    f"2026-06-01 {n // 4:02}:{n % 4 * 15:02};{n},5;{100 + n},25\n" for n in range(24)
)


def upload(
    client: APIClient, text: str | bytes = QUARTERS, name: str = "a.csv", **more: Any
) -> Any:
    """Bring a file to the API, with what is said about it: the answer."""
    content = text.encode() if isinstance(text, str) else text
    file = SimpleUploadedFile(name, content)
    return client.post(IMPORTS, {"file": file, **more}, format="multipart")


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
