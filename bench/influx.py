"""InfluxDB 1 as Debian packages it, on loopback with a folder of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from bench.peer import Peer
from bench.server import HOST, await_answer, free_port

PROGRAM = "influxd"


class Influx(Peer):
    """Readings as measurement `r` with the Metric's id as tag `m` and one field, `v`."""

    name = "InfluxDB"

    def __init__(self, port: int, folder: Path) -> None:
        super().__init__(port, folder)
        self.client.post("/query?" + urlencode({"q": "CREATE DATABASE bench"}), b"")

    def questions(self, few: list[int], begin: int, end: int) -> list[str]:
        """The paths of Q1 to Q5; `begin` and `end` in seconds since the epoch."""
        chosen = "(" + " OR ".join(f"m = '{metric}'" for metric in few) + ")"
        window = f"time >= {begin}s AND time < {end}s"
        day = f"time >= {end - 86_400}s AND time < {end}s"
        return [
            _query_path("SELECT last(v) FROM r GROUP BY m"),
            _query_path(f"SELECT v FROM r WHERE {chosen} AND {day} GROUP BY m"),
            _query_path(
                f"SELECT mean(v), min(v), max(v) FROM r WHERE {chosen} AND {window}"
                " GROUP BY m, time(15m)"
            ),
            _query_path(
                f"SELECT mean(v) FROM r WHERE m = '{few[0]}' AND {window} GROUP BY time(1h)"
            ),
            _query_path(f"SELECT mean(v) FROM r WHERE {window} GROUP BY m, time(1h)"),
        ]


def _query_path(statement: str) -> str:
    return "/query?" + urlencode({"db": "bench", "epoch": "ms", "q": statement})


@contextmanager
def influx(folder: Path) -> Iterator[Influx]:
    """Start it; raises FileNotFoundError where it is not installed."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise FileNotFoundError(PROGRAM)
    port, backup = free_port(), free_port()
    settings = {
        "REPORTING_DISABLED": "true",
        "BIND_ADDRESS": f"{HOST}:{backup}",
        "META_DIR": f"{folder}/meta",
        "DATA_DIR": f"{folder}/data",
        "DATA_WAL_DIR": f"{folder}/wal",
        "DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION": "2s",
        "DATA_COMPACT_FULL_WRITE_COLD_DURATION": "2s",
        "DATA_QUERY_LOG_ENABLED": "false",
        "HTTP_BIND_ADDRESS": f"{HOST}:{port}",
        "HTTP_LOG_ENABLED": "false",
        "HTTP_MAX_BODY_SIZE": "0",
        "MONITOR_STORE_ENABLED": "false",
    }
    environment = {f"INFLUXDB_{name}": value for name, value in settings.items()}
    (folder / "influxdb.conf").touch()
    with subprocess.Popen(
        [program, "-config", f"{folder}/influxdb.conf"],
        env=os.environ | environment,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            await_answer(port, process)
            yield Influx(port, folder)
        finally:
            process.terminate()
