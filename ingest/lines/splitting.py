"""The body of a write, split into lines. Pure.

A text in quotes may hold line breaks. One that is never closed, or whose closing does not make a
point of it, is an error of the line that it begins in, and swallows none of those behind.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from energy.errors import TooLarge
from ingest.lines.points import NotAPoint, read_point

Line = tuple[int, bytes]  # the number, counted from 1, of where it begins, and what it says

_BEFORE_FIELDS = re.compile(rb" *(?:[^\\ ]|\\.)++ ", re.DOTALL)
# The value of a field that is text, and its closing quotation mark, if it has one.
_TEXT = re.compile(rb'="(?:[^"\\]|\\.)*+("?)', re.DOTALL)
_CLOSING = re.compile(rb'(?:[^"\\]|\\.)*+"', re.DOTALL)


def split_lines(body: bytes, max_lines: int) -> Iterable[Line]:
    """The lines, empty ones and comments too. Raises TooLarge past `max_lines` of them."""
    if body.count(b"\n") > max_lines:
        raise TooLarge(
            f"A request takes at most {max_lines:,} lines: send them in several.",
            code="too_many_lines",
        )
    rows = rows_of(body)
    return _joined(rows) if b'"' in body else enumerate(rows, 1)


def rows_of(body: bytes) -> list[bytes]:
    """What stands between line breaks; a line may be several of them."""
    return body.removeprefix(BOM_UTF8).replace(b"\r\n", b"\n").split(b"\n")


def _joined(rows: Sequence[bytes]) -> Iterator[Line]:
    """The rows, those that one text goes through as one line."""
    begin = 0
    while begin < len(rows):
        end = begin + 1
        if _is_open(rows[begin]) and _makes_a_point(rows, begin, closed := _closing(rows, end)):
            end = closed
        yield begin + 1, b"\n".join(rows[begin:end])
        begin = end


def _is_open(row: bytes) -> bool:
    """Whether the row ends within a text."""
    before = _BEFORE_FIELDS.match(row)
    if before is None or before[0].lstrip()[:1] == b"#":
        return False
    return any(not text[1] for text in _TEXT.finditer(row, before.end()))


def _closing(rows: Sequence[bytes], begin: int) -> int:
    """The index behind the first row from `begin` on that closes a text."""
    closing = (index + 1 for index in range(begin, len(rows)) if _CLOSING.match(rows[index]))
    return next(closing, len(rows))


def _makes_a_point(rows: Sequence[bytes], begin: int, end: int) -> bool:
    with suppress(NotAPoint):
        return read_point(b"\n".join(rows[begin:end])) is not None
    return False
