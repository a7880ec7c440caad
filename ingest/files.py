"""Large text files, read in blocks of lines, so that an import can be resumed where it was."""

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

# What is held in memory at once.
BLOCK_LINES = 20_000
BLOCK_BYTES = 4 * 1024 * 1024
MAX_LINE = 65_536  # bytes
_ENDS = 65_536  # bytes at either end of a file that tell it from a changed one
_GZIP_MAGIC = b"\x1f\x8b"

Content = IO[bytes] | gzip.GzipFile


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines; `end` is the offset behind them in the unpacked file, `read` bytes of the file
    on disk were needed so far.
    """

    lines: list[Line]
    end: int
    read: int


@dataclass(slots=True)
class Progress:
    """How far an import has come: everything before `offset` (unpacked) is stored or refused.

    `line` is the number of the line before `offset`; `checked` says that the whole file was found
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
    def of(cls, file: Path) -> tuple[Self, bool]:
        """What is known of this file, and whether that was about other contents of it."""
        path = file.with_name(f"{file.name}.progress")
        fresh = cls(fingerprint(file), path=path)
        try:
            known = cls(**json.loads(path.read_text("utf-8")), path=path)
        except (OSError, ValueError, TypeError):
            return fresh, False
        if known.fingerprint == fresh.fingerprint:
            return known, False
        return fresh, True

    def save(self) -> None:
        """Keep it beside the file, whole or not at all. Raises OSError where that cannot be."""
        if self.path is None:
            return
        content = {name: value for name, value in asdict(self).items() if name != "path"}
        draft = self.path.with_name(f"{self.path.name}.new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    def forget(self) -> None:
        """The import is over."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def fingerprint(file: Path) -> str:
    """Tells a file from one that was changed since: size, time of change, both ends."""
    status = file.stat()
    digest = hashlib.sha256(f"{status.st_size} {status.st_mtime_ns}".encode())
    with file.open("rb") as content:
        digest.update(content.read(_ENDS))
        content.seek(max(0, status.st_size - _ENDS))
        digest.update(content.read(_ENDS))
    return digest.hexdigest()


def blocks(file: Path, offset: int = 0, line: int = 0) -> Iterator[Block]:
    """The lines of a text file, packed with gzip or not, from an offset (unpacked) on.

    `line` is the number of the line before it. Raises OSError or EOFError for a damaged file.
    """
    with _opened(file) as (content, disk):
        content.seek(offset)
        while lines := list(_lines(content, line)):
            line = lines[-1].number
            yield Block(lines, content.tell(), disk.tell())


@contextmanager
def _opened(file: Path) -> Iterator[tuple[Content, IO[bytes]]]:
    """The unpacked content and the file on disk, which are the same when it is not packed."""
    with file.open("rb") as disk:
        packed = disk.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        disk.seek(0)
        if not packed:
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
    rest = raw
    while len(rest) == MAX_LINE and not rest.endswith(b"\n"):
        rest = content.readline(MAX_LINE)
    if rest is not raw:
        return None
    try:
        return raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        return None
