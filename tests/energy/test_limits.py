"""docs/limits.md names every limit there is, each with its default."""

import re
from importlib import import_module
from pathlib import Path

from django.conf import settings

from tools.structure.graph import read_structure
from tools.structure.sizes import product_files

ROOT = Path(settings.BASE_DIR)
TABLES = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
ROW = re.compile(r"^\| [^|]+ \| `([\w.]+)` \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)
DEFAULTS = dict(ROW.findall(TABLES))
SETTINGS = {name: value for name, value in DEFAULTS.items() if "." not in name}
CONSTANTS = {name: value for name, value in DEFAULTS.items() if "." in name}
# A setting whose name has one of these limits something.
LIMITING = re.compile(r"BYTES|INGEST(?!_DISCOVER$)|RATE|EXPORTS|STREAMS|GRACE$|RETENTION")
# They limit what a value may be, or how work is cut up, and not what may be asked.
NO_LIMITS = {
    "demo.simulators.weather.MAX_BEAM",
    "devices.models.MAX_RATED_POWER",
    "energy.serializers.MAX_ID",
    "figures.contradictions.MAX_ERROR",
    "ingest.checking.MAX_AHEAD",
    "ingest.files.MAX_LINE",
    "ingest.management.commands.import_readings.MOST_NAMED",
    "metrics.models.MAX_INTERVAL",
    "timeseries.panel.MAX_NUMBERS_IN_PAGE",
}


def test_the_table_names_exactly_the_settings_that_limit_something():
    documented = re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE)
    assert SETTINGS.keys() == {name for name in documented if LIMITING.search(name)}


def test_each_setting_has_the_default_of_the_table():
    defaults = dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert {name: defaults[name] for name in SETTINGS} == SETTINGS


def test_the_table_names_exactly_the_constants_that_limit_something():
    found = set()
    for path in product_files(ROOT, read_structure(ROOT).packages):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        names = re.findall(r"^((?:MAX|MOST|FREE)_[A-Z_]+) = ", path.read_text(), re.MULTILINE)
        found |= {f"{module}.{name}" for name in names}
    assert found - NO_LIMITS == CONSTANTS.keys()
    assert found >= NO_LIMITS


def test_each_constant_has_the_value_of_the_table():
    for name, value in CONSTANTS.items():
        module, _, constant = name.rpartition(".")
        assert getattr(import_module(module), constant) == int(value), name
