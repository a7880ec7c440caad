"""Measures one engine, the one that DATABASE_URL names, and writes its report into a file."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from bench import history, ingest, report, sealing, taking
from bench.disk import database_bytes
from bench.figures import Action, least, medians
from bench.queries import Query, latest_path, queries
from bench.readings import Feed, Floor
from bench.server import Client, Server, server
from bench.size import Size
from bench.world import World, build
from history.relational.backend import backend

SMALL = ingest.Load(size=1_000, writers=1, requests=1, rounds=15)
LARGE = ingest.Load(size=10_000, writers=2, requests=3, rounds=5)
FLOOR = "/floor"
SIGNED_IN = "/signed-in"


@dataclass
class Bench:
    """One engine with a world in it, served; `end` is the day behind its sealed history."""

    size: Size
    world: World
    server: Server
    floor: Floor
    end: int
    feed: Feed = field(init=False)

    def __post_init__(self) -> None:
        self.feed = Feed(self.world.ids, self.end + 2)
        self.reader = Client.signed_in(self.server, self.world.standard)
        self.writers = [
            Client.signed_in(self.server, self.world.technician) for _ in range(LARGE.writers)
        ]
        self.asked = queries(self.world, self.end, self.size.days)

    def run(self) -> list[str]:
        """All sections of the report."""
        stored = self._stored()
        lists = [self._request(name, path) for name, path in self._paths().items()]
        answered = [self._answered(query) for query in self.asked]
        rates = [self._rates(load) for load in (SMALL, LARGE)]
        grown = self._grown()
        sealed = sealing.measure(self.writers[0], self.feed, self._hot_days(), self._taken)
        return [
            report.disk(*stored, sealed),
            report.requests(lists),
            report.history(answered, self.memory),
            report.readings([SMALL, LARGE], rates, self.floor.name),
            report.growth(self.size, grown),
        ]

    def _stored(self) -> tuple[float, float]:
        """Bytes a reading of the sealed history on disk, and readings/s while it was brought."""
        before = database_bytes()
        duration = history.fill(self.world.ids, range(self.end - self.size.days, self.end))
        return (database_bytes() - before) / self.size.readings, self.size.readings / duration

    def _paths(self) -> dict[str, str]:
        metrics = f"{self.size.metrics:,}"
        return {
            f"Q1 latest of {metrics} metrics": latest_path(self.world),
            f"list of {metrics} sites, a page of 50": "/api/v1/sites/",
            f"list of {metrics} sites, a page of 500": "/api/v1/sites/?page_size=500",
            f"list of {metrics} devices, a page of 50": "/api/v1/devices/",
            f"list of {metrics} devices, a page of 500": "/api/v1/devices/?page_size=500",
        }

    def _request(self, name: str, path: str) -> report.Request:
        asked = map(self._get, (path, FLOOR, SIGNED_IN))
        return report.Request(name, *medians(*asked, rounds=15, warm_up=4))

    def _answered(self, query: Query) -> report.Answered:
        self.server.forget_peak()
        before = self.server.peak_memory()
        found = medians(
            self._get(query.path),
            query.store,
            query.packs,
            self._get(SIGNED_IN),
            rounds=query.rounds,
            warm_up=1 if query.rounds < 5 else 4,
        )
        self.memory = before, self.server.peak_memory()
        return report.Answered(query.name, *found)

    def _rates(self, load: ingest.Load) -> ingest.Rates:
        return ingest.measure(load, self.writers, self.feed, self.floor)

    def _grown(self) -> list[report.Grown]:
        """The same figures before and after the history has grown into the past.

        The first time again, because the readings that were brought meanwhile count as well.
        """
        before = self._growing()
        begin = self.end - self.size.days
        history.fill(self.world.ids, range(self.end - self.size.days * self.size.growth, begin))
        after = self._growing()
        return [report.Grown(name, before[name], after[name]) for name in before]

    def _growing(self) -> dict[str, float]:
        """The least seconds of what a longer history might slow down, once all is written."""
        database_bytes()
        paths = {name: path for name, path in self._paths().items() if name.startswith("Q1")}
        paths |= {each.name: each.path for each in self.asked if each.name[:2] in ("Q2", "Q4")}
        load = replace(LARGE, rounds=1)
        names = [*paths, f"readings, {load.name}, for each 10,000"]
        rounds = []
        # A slow spell of the machine takes some seconds: the rounds are spread over more.
        for _ in range(12):
            found = least(*map(self._get, paths.values()), rounds=4)
            rounds.append([*found, load.size / self._rates(load).product])
        return dict(zip(names, map(min, zip(*rounds, strict=True)), strict=True))

    def _get(self, path: str) -> Action:
        return partial(self.reader.get, path)

    def _taken(self) -> float:
        return taking.rate(self.world.ids, self.end + 1)

    def _hot_days(self) -> Iterator[None]:
        for day in (self.end, self.end, self.end + 1):
            yield history.fill_hot(self.world.ids, day)


def main(target: str) -> int:
    """Build the world, serve it, measure, write the report."""
    size = Size.from_environment()
    call_command("migrate", verbosity=0)
    world = build(size.metrics)
    backend().refresh_statistics()
    floor = ingest.floor_for(connection.vendor, LARGE.writers)
    end = history.first_hot_day(datetime.now(UTC)) - 2
    with server() as http:
        sections = Bench(size, world, http, floor, end).run()
    Path(target).write_text("\n\n".join(sections), encoding="utf-8")
    return 0
