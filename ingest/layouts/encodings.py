"""The lines of a text file in whatever encoding, compressed with gzip or not."""

import codecs
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from ingest.csv_lines import Line
from ingest.files import Content, open_content
from ingest.layouts.understood import NotUnderstood

LINE_CHARACTERS = 65_536  # of a line
_HEAD = 65_536  # bytes
_CHUNK = 1024 * 1024
_SAMPLE = 16_384  # bytes by which an old encoding is told
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What is no text, by its first bytes.
_OTHERS = (
    (b"PK\x03\x04", "an Excel file or another ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
)
# Beside UTF-8, what devices and spreadsheets of Europe and America write.
_USUAL = "cp1252"
_OLD = [_USUAL, "latin_1", "cp1250", "iso8859_15", "cp850", "cp437", "mac_roman"]
_SAVE_AS_CSV = "Save it as CSV in UTF-8 and choose that file."


def encoding_of(file: Path) -> str:
    """The encoding of a text file, by its mark, by its zeros, or by all of its bytes.

    Raises NotUnderstood where it is no text.
    """
    with open_text_bytes(file) as content:
        head = content.read(_HEAD)
        if not head.strip():
            raise NotUnderstood("The file is empty.", "Choose one that has rows.")
        for mark, kind in _OTHERS:
            if head.startswith(mark):
                raise NotUnderstood(f"The file is {kind}, not text.", _SAVE_AS_CSV)
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                return encoding
        if b"\0" in head:
            return _by_zeros(head)
        bad = _not_utf8(content, head)
    return _old_encoding(bad) if bad else "utf-8"


def read_text_lines(file: Path, encoding: str) -> Iterator[Line]:
    """The lines, without their ends; `text` is None where one is too long or does not decode.

    Raises NotUnderstood for a damaged archive.
    """
    # The decoder of UTF-16 knows no other way to go on behind bytes that are amiss.
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    with open_text_bytes(file) as content:
        stream = io.TextIOWrapper(content, encoding, errors=errors)
        for number in count(1):
            text = stream.readline(LINE_CHARACTERS)
            if not text:
                return
            is_whole = _skip_rest(text, stream)
            yield Line(number, text.rstrip("\r\n") if is_whole and _is_clean(text) else None)


@contextmanager
def open_text_bytes(file: Path) -> Iterator[Content]:
    """The decompressed content; NotUnderstood instead of the many errors of a damaged archive."""
    try:
        with open_content(file) as (content, _):
            yield content
    except (EOFError, zlib.error, OSError) as error:
        raise NotUnderstood(f"The file cannot be read: {error}.", "Export it again.") from error


def _skip_rest(text: str, stream: io.TextIOWrapper) -> bool:
    """Whether `text` is a whole line; what is left of a longer one is skipped."""
    rest = text
    while len(rest) == LINE_CHARACTERS and not rest.endswith("\n"):
        rest = stream.readline(LINE_CHARACTERS)
    return rest is text


def _is_clean(text: str) -> bool:
    """Whether it has no byte that did not decode, and none that is zero."""
    if text.isascii():
        return "\0" not in text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text and "\ufffd" not in text


def _by_zeros(head: bytes) -> str:
    """UTF-16 without a mark: of Latin letters every other byte is zero."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.1 * half:
        return "utf-16-be"
    raise NotUnderstood("The file has zero bytes: it is not text.", _SAVE_AS_CSV)


def _not_utf8(content: Content, head: bytes) -> bytes:
    """Some bytes around the first that is not UTF-8; none where all is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    chunk = head
    while chunk:
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return chunk[max(0, error.start - _SAMPLE) : error.start + _SAMPLE]
        chunk = content.read(_CHUNK)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return head[-_SAMPLE:]
    return b""


def _old_encoding(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_OLD).best()
    encoding = best.encoding if best else _USUAL
    usual = sample.decode(_USUAL, "replace")
    # Of encodings that read the sample alike, the usual one is also right about the rest.
    return _USUAL if sample.decode(encoding, "replace") == usual else encoding
