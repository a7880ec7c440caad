"""The files of imports: kept compressed in the database, unpacked where they are read."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from energy.errors import Conflict, DomainError, TooLarge
from ingest.models import Import, ImportContent

MAX_UNPACKED = 67_108_864  # bytes; larger files are for the command
_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 1024 * 1024


def packed(upload: Any) -> bytes:
    """The bytes of an uploaded file as they are kept, which is with gzip."""
    content: bytes = upload.read()
    return content if content.startswith(_GZIP_MAGIC) else gzip.compress(content, compresslevel=1)


def keep(imported: Import, content: bytes) -> None:
    """Keep the file of an import."""
    ImportContent.objects.create(of=imported, content=content)


@contextmanager
def unpacked(content: bytes, name: str) -> Iterator[Path]:
    """The file as a file, for as long as the context lasts.

    Raises TooLarge past the limit, DomainError where it is damaged.
    """
    with TemporaryDirectory(prefix="import-") as folder:
        path = Path(folder) / (Path(name).name or "file")
        with path.open("wb") as target:
            _unpack(content, target)
        yield path


def content_of(imported: Import) -> bytes:
    """The kept file. Raises Conflict where it is no longer kept."""
    row = ImportContent.objects.filter(of=imported).first()
    if row is None:
        raise Conflict("The file is no longer kept: upload it again.", code="file_gone")
    return bytes(row.content)


def _unpack(content: bytes, target: IO[bytes]) -> None:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as source:
            for _ in range(0, MAX_UNPACKED, _CHUNK):
                if not (chunk := source.read(_CHUNK)):
                    return
                target.write(chunk)
            if source.read(1):
                raise TooLarge(
                    f"Unpacked, the file has over {MAX_UNPACKED:,} bytes: split it, or import it "
                    "by command.",
                    code="file_too_large",
                    field="file",
                )
    except (EOFError, zlib.error, OSError) as error:
        message = f"The file cannot be unpacked: {error}"
        raise DomainError(message, code="not_understood", field="file") from error
