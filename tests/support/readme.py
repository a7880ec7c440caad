"""The commands of README.md, as tests run them."""

import os
import re
import subprocess
from typing import NamedTuple

from tests.support.composition import ROOT

_SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_PART = re.compile(r"^### (.+?)\n(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Section(NamedTuple):
    """A section: the commands before its first heading, and those under each heading."""

    first: str
    under: dict[str, str]


def section(title: str) -> Section:
    """A section of README.md. Only blocks that are marked as `sh` are commands."""
    text = dict(_SECTION.findall((ROOT / "README.md").read_text(encoding="utf-8")))[title]
    parts = {heading: _commands(part) for heading, part in _PART.findall(text)}
    return Section(_commands(text.partition("\n### ")[0]), parts)


def run(commands: str, **variables: str) -> str:
    """What the commands print, with these variables of the shell; they must not fail."""
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **variables}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _commands(text: str) -> str:
    return "".join(_COMMANDS.findall(text))
