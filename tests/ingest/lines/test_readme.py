"""What README.md says of clients of InfluxDB works as it is written there."""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import yaml

from tests.support.composition import ROOT
from tests.support.gateways import Served, served

SECTION = re.compile(r"#### Telegraf, Home Assistant.*?(?=\n##)", re.DOTALL)
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def blocks() -> dict[str, str]:
    """The section's examples by their language."""
    section = SECTION.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert section is not None
    return dict(BLOCK.findall(section[0]))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("readme")) as running:
        yield running


def test_the_command_stores_its_reading(server: Served, blocks: dict[str, str]) -> None:
    workshop = server.post("devices/", {"site": 1, "name": "Workshop meter", "kind": "load_meter"})
    command = blocks["sh"].replace("http://127.0.0.1:8000", server.url)
    command = command.replace("greensboro-campus", "harbour-depot")
    environment = {"PATH": os.environ["PATH"], "token": server.new_key()}
    done = subprocess.run(
        ["sh", "-euc", command], env=environment, check=True, capture_output=True, text=True
    )

    assert done.stdout == ""
    latest = server.get(f"metrics/{workshop['metrics'][0]['id']}/latest/")
    assert (latest["value"], latest["timestamp"]) == (1250, "2026-06-01T12:00:00Z")


def test_the_configurations_are_such_and_name_the_same_server(blocks: dict[str, str]) -> None:
    [telegraf] = tomllib.loads(blocks["toml"])["outputs"]["influxdb_v2"]
    home = yaml.safe_load(blocks["yaml"])["influxdb"]
    [url] = telegraf["urls"]
    assert (urlsplit(url).hostname, urlsplit(url).port) == (home["host"], home["port"])
    assert home["ssl"] is (urlsplit(url).scheme == "https")
    assert home["api_version"] == 2
    assert {"token", "organization", "bucket"} <= telegraf.keys() & home.keys()
