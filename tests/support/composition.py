"""What docker-compose.yml says, with its variables filled in; compose itself is not needed."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE_FILE = ROOT / "docker-compose.yml"
_INNERMOST = re.compile(r"\$\{(\w+):-([^${}]*)\}")


def compose(settings: Mapping[str, str] = {}) -> dict[str, Any]:  # It is only read.
    """The parsed file where `.env` holds `settings`; without, every variable has its default."""
    text, count = COMPOSE_FILE.read_text(encoding="utf-8"), 1
    while count:
        text, count = _INNERMOST.subn(lambda found: settings.get(found[1]) or found[2], text)
    return dict(yaml.safe_load(text))


def environment_of(service: str, settings: Mapping[str, str] = {}) -> dict[str, str]:
    """The environment that compose gives to a service where `.env` holds `settings`."""
    described = compose(settings)["services"][service]
    own = {name: str(value) for name, value in described.get("environment", {}).items()}
    from_file = settings if described.get("env_file") else {}
    return {**from_file, **own}
