"""Files of typical meteorological years (TMY), for the weather station of a Site."""

import gzip
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from devices.kinds import DeviceKind
from devices.models import Device
from energy.errors import DomainError
from ingest.files import read_blocks
from ingest.typical_year import KEYS, TypicalYear, read_typical_year

_TMY3_SECOND_LINE = "Date (MM/DD/YYYY)"


def is_typical_year(file: Path) -> bool:
    """Whether it is a TMY2 file (by name) or a TMY3 file (by its second line)."""
    return ".tm2" in (suffix.lower() for suffix in file.suffixes) or any(
        line.startswith(_TMY3_SECOND_LINE) for line in first_lines(file)[1:]
    )


def first_lines(file: Path) -> list[str]:
    """The first two lines, as far as there are any and they are readable."""
    for block in read_blocks(file):
        return [line.text or "" for line in block.lines[:2]]
    return [""]


def station_metrics(site: str, device: str) -> dict[str, int]:
    """The weather station's Metrics by key. Raises DomainError where one is missing."""
    station = Device.objects.filter(
        site__slug=site, slug=device, kind=DeviceKind.WEATHER_STATION
    ).first()
    if station is None:
        message = f"There is no weather station {device} on a site {site}."
        raise DomainError(message, code="unknown_device", field="device")
    found = dict(station.metrics.filter(key__in=KEYS).values_list("key", "pk"))
    if missing := [key for key in KEYS if key not in found]:
        message = f"{station} has no metric {', '.join(missing)}."
        raise DomainError(message, code="unknown_metric", field="device")
    return found


def read_packed_year(file: Path) -> TypicalYear:
    """Read a typical year, compressed or not. Raises ValueError or KeyError for any other file."""
    if file.suffix.lower() != ".gz":
        return read_typical_year(file)
    with TemporaryDirectory() as folder, gzip.open(file) as content:
        plain = Path(folder) / file.stem
        with plain.open("wb") as target:
            shutil.copyfileobj(content, target)
        return read_typical_year(plain)
