"""Measures one engine, the one that DATABASE_URL names, and writes its report into a file."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from bench import history, ingest, mqtt, report, sealing, sealing_floor
from bench.dataset import Dataset, build_dataset
from bench.disk import database_bytes
from bench.queries import Query, history_queries, latest_path
from bench.readings import Arrivals, Floor
from bench.server import Client, ServerProcess, server
from bench.size import Size
from bench.timing import Action, least, medians
from history.relational.backend import backend

SMALL = ingest.WriteLoad(size=1_000, writers=1, requests=1, rounds=15)
LARGE = ingest.WriteLoad(size=10_000, writers=2, requests=3, rounds=5)
FLOOR = "/floor"
SIGNED_IN = "/signed-in"


@dataclass
class Bench:
    """One engine with a dataset in it, served; `end` is the day behind its sealed history."""

    size: Size
    dataset: Dataset
    server: ServerProcess
    floor: Floor
    end: int
    feed: Arrivals = field(init=False)

    def __post_init__(self) -> None:
        self.feed = Arrivals(self.dataset.ids, self.end + 2)
        self.reader = Client.signed_in(self.server, self.dataset.standard)
        self.writers = [
            Client.signed_in(self.server, self.dataset.technician) for _ in range(LARGE.writers)
        ]
        self.queries = history_queries(self.dataset, self.end, self.size.days)

    def run(self) -> list[str]:
        """All sections of the report."""
        stored = self._fill()
        lists = [self._time_request(name, path) for name, path in self._paths().items()]
        query_times = [self._time_query(query) for query in self.queries]
        rates = [self._rates(load) for load in (SMALL, LARGE)]
        by_mqtt = mqtt.measure()
        growth = self._growth()
        sealed = sealing.measure(
            self.writers[0], self.feed, self._days_to_seal(), self._sealing_floor
        )
        return [
            report.disk(*stored, sealed),
            report.requests(lists),
            report.history(query_times, self.memory),
            report.readings([SMALL, LARGE], rates, self.floor.name),
            mqtt.report(by_mqtt),
            report.growth(self.size, growth),
        ]

    def _fill(self) -> tuple[float, float]:
        """Bytes a reading of the sealed history on disk, and readings/s of importing it."""
        before = database_bytes()
        duration = history.fill(self.dataset.ids, range(self.end - self.size.days, self.end))
        return (database_bytes() - before) / self.size.readings, self.size.readings / duration

    def _paths(self) -> dict[str, str]:
        metrics = f"{self.size.metrics:,}"
        return {
            f"Q1 latest of {metrics} metrics": latest_path(self.dataset),
            f"list of {metrics} sites, a page of 50": "/api/v1/sites/",
            f"list of {metrics} sites, a page of 500": "/api/v1/sites/?page_size=500",
            f"list of {metrics} devices, a page of 50": "/api/v1/devices/",
            f"list of {metrics} devices, a page of 500": "/api/v1/devices/?page_size=500",
        }

    def _time_request(self, name: str, path: str) -> report.RequestTimes:
        actions = map(self._get, (path, FLOOR, SIGNED_IN))
        return report.RequestTimes(name, *medians(*actions, rounds=15, warm_up=4))

    def _time_query(self, query: Query) -> report.QueryTimes:
        self.server.forget_peak()
        before = self.server.peak_memory()
        times = medians(
            self._get(query.path),
            query.store,
            query.chunks,
            self._get(SIGNED_IN),
            rounds=query.rounds,
            warm_up=1 if query.rounds < 5 else 4,
        )
        self.memory = before, self.server.peak_memory()
        return report.QueryTimes(query.name, *times)

    def _rates(self, load: ingest.WriteLoad) -> ingest.Rates:
        return ingest.measure(load, self.writers, self.feed, self.floor)

    def _growth(self) -> list[report.GrowthTimes]:
        """The same figures before and after the history has grown into the past.

        The figures before are measured anew: readings have been stored since they first were.
        """
        before = self._least_times()
        begin = self.end - self.size.days
        history.fill(self.dataset.ids, range(self.end - self.size.days * self.size.growth, begin))
        after = self._least_times()
        return [report.GrowthTimes(name, before[name], after[name]) for name in before]

    def _least_times(self) -> dict[str, float]:
        """The least seconds of whatever a longer history might slow down, once all is written."""
        database_bytes()
        paths = {name: path for name, path in self._paths().items() if name.startswith("Q1")}
        paths |= {each.name: each.path for each in self.queries if each.name[:2] in ("Q2", "Q4")}
        load = replace(LARGE, rounds=1)
        names = [*paths, f"readings, {load.name}, for each 10,000"]
        rounds = []
        # A slow spell of the machine takes some seconds: the rounds are spread over more.
        for _ in range(12):
            times = least(*map(self._get, paths.values()), rounds=4)
            rounds.append([*times, load.size / self._rates(load).product])
        return dict(zip(names, map(min, zip(*rounds, strict=True)), strict=True))

    def _get(self, path: str) -> Action:
        return partial(self.reader.get, path)

    def _sealing_floor(self) -> float:
        return sealing_floor.rate(self.dataset.ids, self.end + 1)

    def _days_to_seal(self) -> Iterator[None]:
        for day in (self.end, self.end, self.end + 1):
            yield history.fill_head(self.dataset.ids, day)


def main(target: str) -> int:
    """Build the dataset, serve it, measure, write the report."""
    size = Size.from_environment()
    call_command("migrate", verbosity=0)
    dataset = build_dataset(size.metrics)
    backend().refresh_statistics()
    floor = ingest.floor_for(connection.vendor, LARGE.writers)
    end = history.first_unsealed_day(datetime.now(UTC)) - 2
    with server() as http:
        sections = Bench(size, dataset, http, floor, end).run()
    Path(target).write_text("\n\n".join(sections), encoding="utf-8")
    return 0
