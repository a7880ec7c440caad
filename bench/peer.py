"""Another store of time series, as this benchmark speaks to it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

from bench.readings import Row
from bench.server import Client

WRITE_PATH = "/write?db=bench&precision=ms"
REST_SECONDS, PATIENCE_SECONDS = 4.0, 40.0


class Peer(ABC):
    """A server on loopback that takes InfluxDB's line protocol and keeps its data in a folder."""

    name: str

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.folder = folder
        self.client = Client(port)

    @abstractmethod
    def questions(self, few: list[int], begin: int, end: int) -> list[str]:
        """The paths of Q1 to Q5 of [begin, end), in seconds since the Unix epoch."""

    def settle(self) -> None:  # noqa: B027 - one does it by itself
        """Start what it does in time with what was written; `bytes_at_rest` awaits the end."""

    def write(self, lines: bytes) -> None:
        """Store lines in bulk."""
        self.client.post(WRITE_PATH, lines)

    def bytes_at_rest(self) -> int:
        """The size of the folder once it has stopped changing, or after PATIENCE_SECONDS."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        size, since = self._bytes(), time.monotonic()
        while time.monotonic() < min(deadline, since + REST_SECONDS):
            time.sleep(0.2)
            if (now := self._bytes()) != size:
                size, since = now, time.monotonic()
        return size

    def _bytes(self) -> int:
        # Files may be deleted while they are counted.
        return sum(path.stat().st_blocks * 512 for path in self.folder.rglob("*") if path.is_file())


def lines(rows: Iterable[tuple[int, int, float]]) -> bytes:
    """(Metric, milliseconds, value) in line protocol."""
    return "\n".join(f"r,m={metric} v={value} {at}" for metric, at, value in rows).encode()


def as_lines(rows: list[Row]) -> bytes:
    """A batch in line protocol, as `bench.readings.as_json` has it for the product."""
    return lines((metric, int(moment.timestamp() * 1000), v) for metric, moment, v in rows)
