"""A container's health check: exits 0 when a server answers, or a file was touched recently.

usage: python -m deploy.healthcheck http://ADDRESS/PATH | FILE
"""

import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

# Twice the longest pause of a loop that goes on: a simulator whose database is away.
OLDEST_BEAT = 180.0


def main(where: str) -> int:
    """Check the server or the file; returns the exit status."""
    problem = unanswered(where) if where.startswith("http:") else unbeaten(Path(where))
    print(problem or "alive", file=sys.stderr)
    return 1 if problem else 0


def unanswered(url: str) -> str:
    """Why the server at `url` does not answer; empty when it does."""
    try:
        with urlopen(url, timeout=4):  # noqa: S310  # An address inside this container.
            return ""
    except URLError as error:
        return str(error)


def unbeaten(file: Path) -> str:
    """Why the process that should touch `file` counts as dead; empty while it touches it."""
    try:
        age = time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return f"{file} was never touched"
    return f"{file} was touched {age:.0f} s ago" if age > OLDEST_BEAT else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
