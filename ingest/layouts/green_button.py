"""Green Button: meters' intervals as XML (NAESB REQ.21, ESPI), inside an Atom feed.

A ReadingType says unit, multiplier and direction; a MeterReading links to it, and the entries of
its IntervalBlocks lie below the MeterReading's address. The file is read element by element.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.layouts.encodings import open_text_bytes
from ingest.layouts.meanings import ColumnMeaning
from ingest.layouts.understood import NotUnderstood

HEADER = ("series", "start", "duration", "value")
# Codes of units (IEC 61968-9), as the registry writes them.
_UNITS = {
    "72": "Wh", "38": "W", "61": "VA", "63": "var", "71": "VAh", "73": "varh", "29": "V", "5": "A",
    "33": "Hz", "23": "°C", "42": "m³", "119": "ft³", "132": "BTU", "169": "therm",
}  # fmt: skip
_ENERGY = {"1": ("import_energy", "delivered"), "19": ("export_energy", "received"),
           "4": ("", "net"), "20": ("", "total")}  # fmt: skip
_TYPES = {
    "4": "interval",
    "9": "interval",
    "3": "counter",
    "1": "counter",
    "12": "gauge",
    "6": "gauge",
}
_DEFAULT_TYPES = {"Wh": "interval", "VAh": "interval", "varh": "interval", "m³": "interval"}

Row = tuple[int, list[str] | None]


@dataclass(slots=True)
class _Entry:
    """The links of the Atom entry that is being read, and its title."""

    title: str = ""
    own: str = ""
    related: list[str] = field(default_factory=list)
    meter: str = ""


@dataclass(slots=True)
class _ReadingType:
    """How the values of a series are to be taken."""

    unit: str = ""
    multiplier: int = 0
    flow: str = ""
    type: str = ""


@dataclass(slots=True)
class _Feed:
    """What has been read so far: MeterReadings by address, and the types they link to."""

    types: dict[str, _ReadingType] = field(default_factory=dict)
    type_of: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)


def is_xml(head: str) -> bool:
    """Whether a file begins as XML does."""
    return bool(re.match(r"\s*(<\?xml|<feed\b|<\w+:feed\b|<espi|<!--|<!DOCTYPE)", head))


def read_series(file: Path) -> dict[str, ColumnMeaning]:
    """What each series of the file holds, by the name that `read_rows` gives it."""
    feed = _read_types(file)
    names = {meter: _series_name(feed, meter) for meter in feed.type_of} or {
        "": _series_name(feed, "")
    }
    return {name: _meaning(_type_of(feed, meter)) for meter, name in names.items()}


def read_rows(file: Path) -> Iterator[Row]:
    """A row an interval: series, start in seconds since 1970, duration, value in the unit.

    The rows are numbered, because an element has no line.
    """
    feed, entry, number = _read_types(file), _Entry(), 0
    names = {meter: _series_name(feed, meter) for meter in ("", *feed.type_of)}
    for name, element in _elements(file):
        if name == "entry":
            entry = _Entry()
        elif name == "link":
            _take_link(entry, element)
        elif name == "IntervalReading":
            number += 1
            meter = entry.meter = entry.meter or _meter_of(feed, entry)
            yield number, [names[meter], *_cells(_type_of(feed, meter), element)]


def _read_types(file: Path) -> _Feed:
    feed, entry = _Feed(), _Entry()
    for name, element in _elements(file):
        if name == "entry":
            entry = _Entry()
        elif name == "link":
            _take_link(entry, element)
        elif name == "title":
            entry.title = (element.text or "").strip()
        elif name == "ReadingType":
            feed.types[entry.own] = _reading_type(element)
        elif name == "MeterReading":
            feed.titles[entry.own] = entry.title
            feed.type_of[entry.own] = next((a for a in entry.related if "/ReadingType" in a), "")
    return feed


def _elements(file: Path) -> Iterator[tuple[str, Any]]:
    """Elements at their end, entries at their beginning; each is let go once it was used."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, iterparse

    try:
        with open_text_bytes(file) as content:
            yield from _let_go(iterparse(content, ("start", "end"), forbid_dtd=True))
    except DefusedXmlException as error:
        raise NotUnderstood(
            "The XML declares a document type or entities, which no meter's file needs.",
            "Export it again.",
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise NotUnderstood(f"The XML cannot be read: {error}.", "Export it again.") from error


def _let_go(events: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The elements, of which only those inside a whole one stay in memory until it has ended."""
    parents: list[Any] = []
    inside = 0
    for event, element in events:
        name = element.tag.rpartition("}")[2]
        step = name in _WHOLE
        if event == "start":
            parents.append(element)
            inside += step
            if name == "entry":
                yield name, element
            continue
        parents.pop()
        inside -= step
        if name != "entry":
            yield name, element
        if parents and not inside:
            parents[-1].remove(element)


# Elements that are read with what is in them.
_WHOLE = frozenset(("IntervalReading", "ReadingType"))


def _take_link(entry: _Entry, element: Any) -> None:
    address = element.get("href", "")
    if element.get("rel") == "self":
        entry.own = address
    else:
        entry.related.append(address)


def _reading_type(element: Any) -> _ReadingType:
    texts = {each.tag.rpartition("}")[2]: (each.text or "").strip() for each in element}
    unit = _UNITS.get(texts.get("uom", "72"), "")
    kind = _TYPES.get(texts.get("accumulationBehaviour", ""), "")
    multiplier = texts.get("powerOfTenMultiplier", "0")
    return _ReadingType(
        unit,
        int(multiplier) if re.fullmatch(r"-?\d{1,2}", multiplier) else 0,
        texts.get("flowDirection", ""),
        kind or _DEFAULT_TYPES.get(unit, "gauge"),
    )


def _meter_of(feed: _Feed, entry: _Entry) -> str:
    """The address of the MeterReading that an entry of intervals lies below."""
    for address in (entry.own, *entry.related):
        above = address.partition("/IntervalBlock")[0]
        if above in feed.type_of:
            return above
    return next(iter(feed.type_of), "")


def _type_of(feed: _Feed, meter: str) -> _ReadingType:
    known = feed.types.get(feed.type_of.get(meter, ""))
    return known or next(iter(feed.types.values()), _ReadingType("Wh", 0, "1", "interval"))


def _series_name(feed: _Feed, meter: str) -> str:
    """The title of the MeterReading and its direction; several of one name are numbered."""
    title = feed.titles.get(meter, "") or "Meter reading"
    word = _ENERGY.get(_type_of(feed, meter).flow, ("", ""))[1]
    alike = [each for each in feed.type_of if feed.titles[each] == feed.titles.get(meter)]
    number = f" {alike.index(meter) + 1}" if len(alike) > 1 else ""
    return f"{title}{number}{', ' if word else ''}{word}"


def _meaning(kind: _ReadingType) -> ColumnMeaning:
    key = _ENERGY.get(kind.flow, ("", ""))[0] if kind.unit == "Wh" else ""
    return ColumnMeaning(kind.unit, key, kind.type)


def _cells(kind: _ReadingType, element: Any) -> list[str]:
    texts = {each.tag.rpartition("}")[2]: (each.text or "").strip() for each in element.iter()}
    value = _times_ten_to(texts.get("value", ""), kind.multiplier)
    return [texts.get("start", ""), texts.get("duration", ""), value]


def _times_ten_to(text: str, power: int) -> str:
    """A whole number with the decimal point moved, exactly; any other text as it is."""
    return f"{text}e{power}" if power and re.fullmatch(r"-?\d+", text) else text
