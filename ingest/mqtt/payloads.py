"""What the payload of a message holds: JSON, or a bare number or text. Pure."""

import math
import re
from typing import Any

import msgspec

from ingest.mqtt.paths import VALUE

# As devices write numbers into texts. Python's `float` takes more: digits of other scripts, `1_0`.
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
# A number beyond the range of a double becomes infinite here, and is refused with its reading.
_JSON = msgspec.json.Decoder(float_hook=float)
_BEGINS_JSON = (b"{", b"[")


def decoded(payload: bytes, *, strict: bool) -> Any:
    """The payload as a JSON object or list; anything else as `{"value": …}`.

    What is no JSON is a text, unless it is `strict` or begins as JSON: then this raises ValueError
    with the reason in words.
    """
    try:
        content = _JSON.decode(payload)
    except (ValueError, RecursionError) as error:
        if strict or payload.lstrip().startswith(_BEGINS_JSON):
            raise ValueError(f"The payload is no JSON: {error}.") from error
        content = payload.decode("utf-8", "replace")
    return content if isinstance(content, dict | list) else {VALUE: content}


def number(value: Any, *, strict: bool) -> float | None:
    """The number that a value is; None where it is nothing to be stored.

    Unless it is `strict`, true and false are 1 and 0, and a text may be a number; another text is
    the state of something that is not measured. If it is, this raises ValueError with the reason.
    """
    if isinstance(value, bool):
        found = None if strict else float(value)
    elif isinstance(value, int | float):
        found = _as_double(value)
    elif isinstance(value, str) and not strict and _NUMBER.fullmatch(value):
        found = float(value)
    else:
        found = None
    if found is None and strict:
        raise ValueError("The value must be a number.")
    return found


def _as_double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond the range of a double
        return math.copysign(math.inf, value)
