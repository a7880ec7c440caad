"""Readings over HTTP, compared with as many writers storing the same rows plainly."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median

from bench.readings import Arrivals, CopyFloor, ExecuteManyFloor, Floor, as_json
from bench.server import Client
from bench.timing import seconds

PATH = "/api/v1/readings/"


@dataclass(frozen=True)
class WriteLoad:
    """`writers` who send `requests` of `size` readings each, at a time."""

    size: int
    writers: int
    requests: int
    rounds: int

    @property
    def name(self) -> str:
        """What tables call it."""
        clients = "one client" if self.writers == 1 else f"{self.writers} clients"
        return f"{self.size:,} a request, {clients}"

    @property
    def readings(self) -> int:
        """How many there are in a round."""
        return self.size * self.requests * self.writers


@dataclass(frozen=True)
class Rates:
    """Readings/s over HTTP, of the floor, and over HTTP when all are stored already."""

    product: float
    floor: float
    repeated: float


def floor_for(vendor: str, writers: int) -> Floor:
    """The engine's plainest way to store rows."""
    return CopyFloor(writers) if vendor == "postgresql" else ExecuteManyFloor(writers)


def measure(load: WriteLoad, clients: list[Client], feed: Arrivals, floor: Floor) -> Rates:
    """In turns: new readings, the same ones by the floor, and the same ones again."""
    with ThreadPoolExecutor(load.writers) as pool:
        # The first round warms up.
        rounds = [_round(load, clients, feed, floor, pool) for _ in range(load.rounds + 1)][1:]
    return Rates(*(load.readings / median(column) for column in zip(*rounds, strict=True)))


def _round(
    load: WriteLoad, clients: list[Client], feed: Arrivals, floor: Floor, pool: ThreadPoolExecutor
) -> tuple[float, float, float]:
    rows = [feed.batches(load.size, load.requests) for _ in range(load.writers)]
    bodies = [[as_json(batch) for batch in share] for share in rows]
    plain = [[floor.prepared(batch) for batch in share] for share in rows]

    def post() -> None:
        list(pool.map(_post_all, clients, bodies))

    return seconds(post), seconds(lambda: floor.store(plain)), seconds(post)


def _post_all(client: Client, bodies: list[bytes]) -> None:
    for body in bodies:
        client.post(PATH, body)
