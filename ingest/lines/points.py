"""A line of line protocol as a point. The one module that knows the library. Pure."""

import re
from typing import Any, NamedTuple

from line_protocol_parser import LineFormatError, parse_line

Value = float | int | bool | str
_REASONS = {
    "measurement": "There is no measurement, or no field behind it.",
    "key of tag": "A tag has no key, is repeated, or has no = behind its key.",
    "value of tag": "A tag has no value, or one with a character that has to be escaped.",
    "key of field": "A field has no key, or no = behind its key.",
    "value of field": "A field has no value, or a text that is not closed.",
    "type of field": "The value of a field is no number, true or false, or text in quotes.",
    "timestamp": "The timestamp is not an integer, or something is behind it.",
    "NUL": "The line has the character NUL.",
}
# To the library these are no integers, and neither are the two ends of 64 bits.
_FAR_AWAY = re.compile(rb"-?\d{19,}")
_OUT_OF_RANGE = (
    "The timestamp is out of range: it may be in another unit (precision) than was said."
)
_OTHER_REASON = "The line is not line protocol."


class Point(NamedTuple):
    """What a line says; `time` is None where it says none."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, Value]
    time: int | None


class NotAPoint(ValueError):
    """A line that is not line protocol; its message is the reason, a sentence for people."""


def read_point(line: bytes) -> Point | None:
    """The point of a line, None for a comment or a line without anything.

    Raises NotAPoint for anything else. Of several fields with one key the first counts.
    """
    if not line.strip():
        return None
    try:
        # As text, because the library crashes on bytes that are not UTF-8.
        said: Any = parse_line(line.decode())
    except UnicodeDecodeError as error:
        raise NotAPoint("The line is not UTF-8.") from error
    except LineFormatError as error:
        raise NotAPoint(_reason(str(error), line)) from error
    return None if said is None else Point(**said)


def _reason(message: str, line: bytes) -> str:
    """Says what the library found in words of our own."""
    if "timestamp" in message and _FAR_AWAY.fullmatch(line.rstrip().rpartition(b" ")[2]):
        return _OUT_OF_RANGE
    return next((said for part, said in _REASONS.items() if part in message), _OTHER_REASON)
