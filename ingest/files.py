"""Large text files, read in blocks of lines, so that an import can go on where it stopped."""

import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Self

from ingest.csv_lines import Line

# The most that is in memory at once.
BLOCK_LINES = 20_000
BLOCK_BYTES = 4 * 1024 * 1024
MAX_LINE = 65_536  # bytes
_FINGERPRINT_BYTES = 65_536  # at each end of a file
_GZIP_MAGIC = b"\x1f\x8b"

Content = IO[bytes] | gzip.GzipFile


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Some lines of a file.

    `end` is the offset behind them in the decompressed file; `read` is how many bytes of the file
    on disk were needed to get there.
    """

    lines: list[Line]
    end: int
    read: int


@dataclass(slots=True)
class Progress:
    """How far an import has come: everything before `offset` is stored or refused.

    `offset` counts bytes (decompressed), or blocks of a file that is read from its beginning each
    time. `line` is the number of the line before it; `checked` says that the whole file was found
    to be good.
    """

    fingerprint: str
    offset: int = 0
    line: int = 0
    stored: int = 0
    refused: int = 0
    checked: bool = False
    path: Path | None = field(default=None, repr=False)

    @classmethod
    def of(cls, file: Path, said: str = "") -> tuple[Self, bool]:
        """The saved progress of this file, and whether it has changed since that was saved.

        It has also changed where something else is `said` about it.
        """
        path = file.with_name(f"{file.name}.progress")
        fresh = cls(fingerprint(file, said), path=path)
        try:
            saved = cls(**json.loads(path.read_text("utf-8")), path=path)
        except (OSError, ValueError, TypeError):
            return fresh, False
        changed = saved.fingerprint != fresh.fingerprint
        return (fresh if changed else saved), changed

    def save(self) -> None:
        """Save it beside the file, atomically. Raises OSError where that is impossible."""
        if self.path is None:
            return
        content = {name: value for name, value in asdict(self).items() if name != "path"}
        draft = self.path.with_name(f"{self.path.name}.new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    def delete(self) -> None:
        """Delete what was saved: the import is complete."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def fingerprint(file: Path, said: str = "") -> str:
    """Distinguishes a file from a changed one: a hash of its size, time of change and both ends.

    `said` is what is said about it, which is part of the hash.
    """
    status = file.stat()
    digest = hashlib.sha256(f"{status.st_size} {status.st_mtime_ns} {said}".rstrip().encode())
    with file.open("rb") as content:
        digest.update(content.read(_FINGERPRINT_BYTES))
        content.seek(max(0, status.st_size - _FINGERPRINT_BYTES))
        digest.update(content.read(_FINGERPRINT_BYTES))
    return digest.hexdigest()


def read_blocks(file: Path, offset: int = 0, line: int = 0) -> Iterator[LineBlock]:
    """The lines of a text file, compressed with gzip or not, from an offset (decompressed) on.

    `line` is the number of the line before it. Raises OSError or EOFError for a damaged file.
    """
    with open_content(file) as (content, disk):
        content.seek(offset)
        while lines := list(_lines(content, line)):
            line = lines[-1].number
            yield LineBlock(lines, content.tell(), disk.tell())


@contextmanager
def open_content(file: Path) -> Iterator[tuple[Content, IO[bytes]]]:
    """The decompressed content and the file on disk, which are one where it is not compressed."""
    with file.open("rb") as disk:
        compressed = disk.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        disk.seek(0)
        if not compressed:
            yield disk, disk
            return
        with gzip.GzipFile(fileobj=disk) as content:
            yield content, disk


def _lines(content: Content, line: int) -> Iterator[Line]:
    begin = content.tell()
    for number in range(line + 1, line + 1 + BLOCK_LINES):
        raw = content.readline(MAX_LINE)
        if not raw:
            return
        yield Line(number, _text(raw, content))
        if content.tell() - begin > BLOCK_BYTES:
            return


def _text(raw: bytes, content: Content) -> str | None:
    """The text of a line; None where it is too long, the rest of which is skipped, or not UTF-8."""
    rest = raw
    while len(rest) == MAX_LINE and not rest.endswith(b"\n"):
        rest = content.readline(MAX_LINE)
    if rest is not raw:
        return None
    try:
        return raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        return None
