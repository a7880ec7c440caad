"""How fast rows of past days are sealed, and how fast readings arrive meanwhile.

Run as a program it seals: it prints when it is ready, waits for a line, seals, and prints how many
readings in how many seconds. Its argument is how long it rests after each step.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.ingest import PATH
from bench.readings import Arrivals, as_json
from bench.server import Client
from bench.timing import seconds
from history import get_store
from history.tasks import SEALING_REST

SIZE = 10_000
QUIET = 12  # requests


@dataclass(frozen=True)
class Sealing:
    """Readings/s: sealed with nothing else going on, sealed while readings arrive, and arriving.

    `cpu` is the processor time that sealing took in each second; `floor` is the rate of rows that
    are only read and deleted.
    """

    alone: float
    floor: float
    busy: float
    quiet_ingest: float
    ingest_meanwhile: float
    cpu: float


def measure(
    client: Client, feed: Arrivals, fill_day: Iterator[None], measure_floor: Callable[[], float]
) -> Sealing:
    """Fill a day three times: seal it, measure its floor, seal it while more readings arrive."""
    next(fill_day)
    with _sealer(rest=0) as sealer:
        alone, cpu = _sealed(sealer)
    next(fill_day)
    floor = measure_floor()
    quiet = SIZE / (sum(_post(client, feed) for _ in range(QUIET)) / QUIET)
    next(fill_day)
    with _sealer(rest=SEALING_REST) as sealer:
        _start(sealer)
        spent = [_post(client, feed)]
        while sealer.poll() is None:
            spent.append(_post(client, feed))
        busy, _ = _result(sealer)
    return Sealing(alone, floor, busy, quiet, SIZE * len(spent) / sum(spent), cpu)


def _post(client: Client, feed: Arrivals) -> float:
    (rows,) = feed.batches(SIZE, 1)
    body = as_json(rows)
    return seconds(lambda: client.post(PATH, body))


@contextmanager
def _sealer(rest: float) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "bench.run", "bench.sealing", str(rest)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        _line(process)
        yield process


def _sealed(sealer: "subprocess.Popen[str]") -> tuple[float, float]:
    _start(sealer)
    return _result(sealer)


def _start(sealer: "subprocess.Popen[str]") -> None:
    if sealer.stdin:
        sealer.stdin.write("\n")
        sealer.stdin.flush()


def _result(sealer: "subprocess.Popen[str]") -> tuple[float, float]:
    """Readings/s and the share of a processor."""
    count, duration, cpu = map(float, _line(sealer).split())
    return count / duration, cpu / duration


def _line(sealer: "subprocess.Popen[str]") -> str:
    line = sealer.stdout.readline() if sealer.stdout else ""
    if not line:
        raise RuntimeError("the sealing process has failed")
    return line


def main(rest: str) -> int:
    """Seal once."""
    store = get_store()
    print("ready", flush=True)
    sys.stdin.readline()
    cpu = time.process_time()
    started = time.perf_counter()
    count = store.seal(time.time_ns() // 1000, rest=float(rest))
    duration = time.perf_counter() - started
    print(count, duration, time.process_time() - cpu, flush=True)
    return 0
