"""What people say about a file is checked before the file is looked at. Pure."""

from zoneinfo import ZoneInfo

from ingest.layouts.dates import normal_format
from ingest.layouts.delimited import DELIMITERS
from ingest.layouts.numbers import COMMA, POINT
from ingest.layouts.profiles import BY_NAME
from ingest.layouts.understood import END, START, Asked, NotUnderstood

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|"}
_SIGNS = {"comma": COMMA, "point": POINT, ",": COMMA, ".": POINT}


def checked(asked: Asked) -> Asked:
    """The same with signs for words and the pattern of dates as it is used.

    Raises NotUnderstood, which names the field, for what can be said about no file.
    """
    return Asked(
        profile=_profile(asked.profile),
        time_zone=known_zone(asked.time_zone) if asked.time_zone else "",
        time_column=asked.time_column,
        delimiter=_delimiter(asked.delimiter),
        decimal=_decimal(asked.decimal),
        date_format=_date_format(asked.date_format),
        time_is=_time_is(asked.time_is),
    )


def known_zone(name: str) -> str:
    """The name of a time zone. Raises NotUnderstood where there is none."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise NotUnderstood(
            f"There is no time zone {name}.",
            "Take a name such as Europe/Amsterdam or UTC.",
            field="time_zone",
        ) from error
    return name


def _profile(name: str) -> str:
    if name and name not in BY_NAME:
        known = ", ".join(BY_NAME)
        raise NotUnderstood(f"There is no layout {name}.", f"There are {known}.", field="profile")
    return name


def _delimiter(said: str) -> str:
    delimiter = _DELIMITERS.get(said.lower(), said)
    if delimiter and delimiter not in DELIMITERS:
        raise NotUnderstood(
            f"“{delimiter}” is no delimiter.",
            "Choose comma, semicolon, tab or bar.",
            field="delimiter",
        )
    return delimiter


def _decimal(said: str) -> str:
    if said and said.lower() not in _SIGNS:
        raise NotUnderstood(
            f"“{said}” is no decimal sign.", "Choose point or comma.", field="decimal"
        )
    return _SIGNS.get(said.lower(), "")


def _date_format(said: str) -> str:
    try:
        return normal_format(said) if said else ""
    except ValueError as error:
        raise NotUnderstood(str(error), field="date_format") from error


def _time_is(said: str) -> str:
    if said not in ("", START, END):
        raise NotUnderstood(
            "A row's time is its start or its end.", "Say start or end.", field="time_is"
        )
    return said
