"""The configurations of clients of InfluxDB in README.md can be read and name the same server."""

import re
import tomllib
from urllib.parse import urlsplit

import yaml

from tests.support.composition import ROOT

PART = re.compile(r"^### Line protocol\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(toml|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_telegraf_and_home_assistant_are_told_of_one_server() -> None:
    [part] = PART.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    blocks = dict(BLOCK.findall(part))
    [telegraf] = tomllib.loads(blocks["toml"])["outputs"]["influxdb_v2"]
    home = yaml.safe_load(blocks["yaml"])["influxdb"]
    [url] = telegraf["urls"]
    assert (urlsplit(url).hostname, urlsplit(url).port) == (home["host"], home["port"])
    assert home["ssl"] is (urlsplit(url).scheme == "https")
    assert home["api_version"] == 2
    assert telegraf.keys() & home.keys() == {"token", "organization", "bucket"}
