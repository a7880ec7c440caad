"""VictoriaMetrics as Debian packages it, on loopback with a folder of its own."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from bench.peer import Peer
from bench.server import HOST, await_answer, free_port

PROGRAM = "victoria-metrics"


class Victoria(Peer):
    """Readings as series `r_v` with the Metric's id as label `m`; written as to InfluxDB."""

    name = "VictoriaMetrics"

    def settle(self) -> None:
        """Make everything visible and merge its parts, as it does by itself in time."""
        self.client.get("/internal/force_flush")
        self.client.get("/internal/force_merge")

    def questions(self, few: list[int], begin: int, end: int) -> list[str]:
        """The paths of Q1 to Q5; `begin` and `end` in seconds since the epoch."""
        chosen = 'r_v{m=~"' + "|".join(map(str, few)) + '"}'
        one = f'r_v{{m="{few[0]}"}}'
        # A rollup stands at the end of the time that it sums up.
        return [
            "/api/v1/query?" + urlencode({"query": "last_over_time(r_v[1d])", "time": end}),
            "/api/v1/export?"
            + urlencode({"match[]": chosen, "start": end - 86_400, "end": end - 0.001}),
            _range(f"rollup({chosen}[15m])", begin, end, 900),
            _range(f"avg_over_time({one}[1h])", begin, end, 3600),
            _range("avg_over_time(r_v[1h])", begin, end, 3600),
        ]


def _range(query: str, begin: int, end: int, step: int) -> str:
    parameters = {"query": query, "start": begin + step, "end": end, "step": f"{step}s"}
    return "/api/v1/query_range?" + urlencode(parameters)


@contextmanager
def victoria(folder: Path) -> Iterator[Victoria]:
    """Start it; raises FileNotFoundError where it is not installed."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise FileNotFoundError(PROGRAM)
    port = free_port()
    command = [
        program,
        f"-storageDataPath={folder}",
        f"-httpListenAddr={HOST}:{port}",
        "-retentionPeriod=10y",
        # Answers kept from the time before would be compared with answers that are worked out.
        "-search.disableCache",
        "-loggerLevel=ERROR",
    ]
    with subprocess.Popen(command) as process:
        try:
            await_answer(port, process)
            yield Victoria(port, folder)
        finally:
            process.terminate()
