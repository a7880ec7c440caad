"""Measures the product beside InfluxDB and VictoriaMetrics, and writes the table into a file."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from django.core.management import call_command

from bench import history
from bench.dataset import Dataset, build_dataset
from bench.disk import database_bytes
from bench.influx import influx
from bench.ingest import PATH, WriteLoad
from bench.peer import WRITE_PATH, Peer, as_lines, lines
from bench.queries import history_queries, latest_path
from bench.readings import Arrivals, as_json
from bench.server import Client, ServerProcess, server
from bench.size import Size
from bench.tables import ms, table, times
from bench.timing import medians, seconds
from bench.victoria import victoria
from history.relational.backend import backend

LOAD = WriteLoad(size=10_000, writers=2, requests=3, rounds=5)
_DAY = 86_400
_METRICS_AT_ONCE = 100
Row = tuple[str, ...]


@dataclass
class Peers:
    """The product and its peers with the same history, up to day `end`."""

    size: Size
    dataset: Dataset
    server: ServerProcess
    peers: list[Peer]
    end: int
    feed: Arrivals = field(init=False)

    def __post_init__(self) -> None:
        self.feed = Arrivals(self.dataset.ids, self.end)

    def run(self) -> str:
        """The table."""
        days = range(self.end - self.size.days, self.end)
        before = database_bytes()
        history.fill(self.dataset.ids, days)
        sizes = [database_bytes() - before]
        for peer in self.peers:
            self._write(peer, days)
            peer.settle()
            sizes.append(peer.bytes_at_rest())
        return table(
            ("", "ours", *self._each("{}"), *self._each("{} / ours"), ""),
            [*self._questions(), self._ingest(), self._sizes(sizes)],
        )

    def _each(self, form: str) -> list[str]:
        return [form.format(peer.name) for peer in self.peers]

    def _write(self, peer: Peer, days: range) -> None:
        for day in days:
            for rows in _blocks(self.dataset.ids, day):
                peer.write(rows)

    def _questions(self) -> Iterator[Row]:
        reader = Client.signed_in(self.server, self.dataset.standard)
        queries = history_queries(self.dataset, self.end, self.size.days)
        ours = [latest_path(self.dataset), *(query.path for query in queries)]
        names = [
            f"Q1 latest of {len(self.dataset.ids):,} metrics",
            *(each.name for each in queries),
        ]
        begin, end = (self.end - self.size.days) * _DAY, self.end * _DAY
        theirs = [peer.questions(self.dataset.few, begin, end) for peer in self.peers]
        clients = [reader, *(peer.client for peer in self.peers)]
        for name, *paths in zip(names, ours, *theirs, strict=True):
            gets = [
                lambda client=client, path=path: client.get(path)  # type: ignore[misc]
                for client, path in zip(clients, paths, strict=True)
            ]
            durations = medians(*gets, rounds=7)
            yield self._row(f"{name}, ms", durations, [ms(each) for each in durations])

    def _ingest(self) -> Row:
        writers = [
            [Client.signed_in(self.server, self.dataset.technician) for _ in range(LOAD.writers)],
            *([Client(peer.port) for _ in range(LOAD.writers)] for peer in self.peers),
        ]
        with ThreadPoolExecutor(LOAD.writers) as pool:
            rounds = [self._round(writers, pool) for _ in range(LOAD.rounds + 1)][1:]
        spent = [median(column) for column in zip(*rounds, strict=True)]
        rates = [f"{LOAD.readings / each:,.0f}" for each in spent]
        return self._row(f"readings/s over HTTP, {LOAD.name}", spent, rates)

    def _round(self, writers: list[list[Client]], pool: ThreadPoolExecutor) -> list[float]:
        rows = [self.feed.batches(LOAD.size, LOAD.requests) for _ in range(LOAD.writers)]
        ours = [[as_json(batch) for batch in share] for share in rows]
        theirs = [[as_lines(batch) for batch in share] for share in rows]
        return [
            seconds(lambda path=path, c=clients, b=bodies: list(pool.map(_post_all, c, b, path)))  # type: ignore[misc]
            for path, clients, bodies in zip(
                [[PATH] * 2, *([[WRITE_PATH] * 2] * len(self.peers))],
                writers,
                [ours, *([theirs] * len(self.peers))],
                strict=True,
            )
        ]

    def _sizes(self, sizes: list[int]) -> Row:
        shown = [f"{size / self.size.readings:.2f}" for size in sizes]
        return self._row("bytes a reading on disk", sizes, shown)

    def _row(self, name: str, costs: list[float] | list[int], shown: list[str]) -> Row:
        """`costs` are what is better small: ours first."""
        ratios = [cost / costs[0] for cost in costs[1:]]
        ahead = [peer.name for peer, ratio in zip(self.peers, ratios, strict=True) if ratio < 1]
        behind = f"**behind {' and '.join(ahead)}**" if ahead else "ahead"
        return (name, *shown, *(times(ratio) for ratio in ratios), behind)


def _post_all(client: Client, bodies: list[bytes], path: str) -> None:
    for body in bodies:
        client.post(path, body)


def _blocks(metric_ids: list[int], day: int) -> Iterator[bytes]:
    """A day in line protocol, some Metrics at a time."""
    batch = history.day_of(metric_ids, day)
    step = _METRICS_AT_ONCE * history.MINUTES
    for begin in range(0, len(batch), step):
        columns = (batch.metric_ids, batch.timestamps // 1000, batch.values)
        parts = (column[begin : begin + step].tolist() for column in columns)
        yield lines(zip(*parts, strict=True))


def main(target: str) -> int:
    """Start all stores, write the same to all of them and ask all of them the same."""
    size = Size.from_environment(days=7)
    call_command("migrate", verbosity=0)
    dataset = build_dataset(size.metrics)
    backend().refresh_statistics()
    end = history.first_unsealed_day(datetime.now(UTC))
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(TemporaryDirectory())) for _ in range(2)]
        peers: list[Peer] = [
            stack.enter_context(influx(folders[0])),
            stack.enter_context(victoria(folders[1])),
        ]
        http = stack.enter_context(server())
        report = Peers(size, dataset, http, peers, end).run()
    Path(target).write_text(report, encoding="utf-8")
    return 0
