"""Text in CSV that a spreadsheet would run as a formula: an apostrophe keeps it from that. Pure.

Spreadsheets take text that begins with one of a few marks for a formula (OWASP, CSV Injection).
Text that begins like guarded text is guarded too, so that every text is read back as it was.
"""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_APOSTROPHE = "'"


def guarded(text: str) -> str:
    """`text` with an apostrophe before what a spreadsheet would run."""
    return f"{_APOSTROPHE}{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` made this of; any other as it is."""
    if text.startswith(_APOSTROPHE) and _FORMULA.match(text):
        return text.removeprefix(_APOSTROPHE)
    return text
