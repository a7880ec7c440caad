"""What docker-compose.yml says, with the variables' defaults filled in."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE_FILE = ROOT / "docker-compose.yml"


def compose() -> dict[str, Any]:
    """The parsed file, every `${NAME:-default}` replaced by its default."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", COMPOSE_FILE.read_text(encoding="utf-8"))
    return dict(yaml.safe_load(text))


def environment_of(service: str) -> dict[str, str]:
    """The environment that compose gives to a service where nobody has configured anything."""
    environment = compose()["services"][service]["environment"]
    return {name: str(value) for name, value in environment.items()}
