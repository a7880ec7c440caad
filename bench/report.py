"""The tables of one engine's report, with the targets and whether they are met."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.ingest import Rates, WriteLoad
from bench.sealing import Sealing
from bench.size import Size
from bench.tables import ms, share, table, target, times

ROOMY = 64  # MiB that memory varies by anyway


@dataclass(frozen=True)
class RequestTimes:
    """Seconds of a request, of a view that does nothing, and of the API where it does nothing."""

    name: str
    product: float
    floor: float
    signed_in: float


@dataclass(frozen=True)
class QueryTimes:
    """Seconds of a question through the API, to the store, and to fetch and decode its chunks.

    `signed_in`: of a request to the API that asks nothing.
    """

    name: str
    api: float
    store: float
    chunks: float
    signed_in: float


@dataclass(frozen=True)
class GrowthTimes:
    """The least seconds of an action before and after the history has grown."""

    name: str
    before: float
    after: float


def disk(bytes_a_reading: float, imported: float, sealed: Sealing) -> str:
    """Size and sealing."""
    meanwhile = sealed.ingest_meanwhile / sealed.quiet_ingest
    return table(
        ("sealed history", "measured", "target"),
        [
            (
                "bytes a reading on disk, all included",
                f"{bytes_a_reading:.2f}",
                target("≤ 2.5", bytes_a_reading <= 2.5),
            ),
            ("readings/s imported as whole days, by one process", f"{imported:,.0f}", "none"),
            (
                f"readings/s sealed from rows, by one process (itself {sealed.cpu:.0%} of a core)",
                f"{sealed.alone:,.0f}",
                target("≥ 2,000,000 a core", sealed.alone >= 2e6),
            ),
            (
                "the same rows read and deleted, by the driver alone",
                f"{sealed.floor:,.0f}",
                "none",
            ),
            (
                "sealed by the worker, with its rests, while readings arrive",
                f"{sealed.busy:,.0f}",
                "none",
            ),
            (
                "readings/s arriving meanwhile, of those arriving alone",
                share(meanwhile),
                target("≥ 70 %", meanwhile >= 0.7),
            ),
        ],
    )


def requests(measured: Sequence[RequestTimes]) -> str:
    """Lists and latest values."""
    return table(
        ("request", "ms", "trivial view ms", "signed in ms", "ratio", "target"),
        [
            (
                each.name,
                ms(each.product),
                ms(each.floor),
                ms(each.signed_in),
                times(each.product / each.floor),
                target("≤ 4 ×", each.product <= 4 * each.floor)
                if each.name.startswith("Q1")
                else "none",
            )
            for each in measured
        ],
    )


def history(measured: Sequence[QueryTimes], memory: tuple[float, float]) -> str:
    """Questions about history, and the memory of a server's process for the last of them."""
    rows = [
        (
            each.name,
            ms(each.api),
            ms(each.store),
            ms(each.chunks),
            ms(each.signed_in),
            times(each.api / each.store),
            times(each.store / each.chunks),
            _history_target(each),
        )
        for each in measured
    ]
    durations = ("API ms", "store ms", "chunks ms", "signed in ms")
    head = ("query", *durations, "API / store", "store / chunks", "target")
    before, after = memory
    memory_target = target("flat", after - before <= ROOMY)
    return (
        f"{table(head, rows)}\n\n"
        f"A server's process had {before:.0f} MiB resident before Q5 and {after:.0f} MiB at most"
        f" during it; {memory_target}."
    )


def _history_target(each: QueryTimes) -> str:
    if each.name.startswith("Q5"):
        return target("≤ 500 ms", each.api <= 0.5)
    api, store = each.api <= 2 * each.store, each.store <= 2 * each.chunks
    return f"{target('API ≤ 2 ×', api)}; {target('store ≤ 2 ×', store)}"


def readings(loads: Sequence[WriteLoad], rates: Sequence[Rates], floor: str) -> str:
    """Readings in."""
    least = {1: 0.45, 2: 0.6}
    rows = []
    for load, rate in zip(loads, rates, strict=True):
        reached, wanted = rate.product / rate.floor, least[load.writers]
        rows.append(
            (
                load.name,
                f"{rate.product:,.0f}",
                f"{rate.floor:,.0f}",
                share(reached),
                times(rate.repeated / rate.product),
                target(f"≥ {wanted:.0%} of COPY", reached >= wanted)
                if floor == "COPY"
                else target("again ≥ 1 ×", rate.repeated >= rate.product),
            )
        )
    head = ("readings/s over HTTP", "new", floor, "share", "again / new", "target")
    return table(head, rows)


def growth(size: Size, measured: Sequence[GrowthTimes]) -> str:
    """What a longer history does to the same windows."""
    rows = [
        (
            each.name,
            ms(each.before),
            ms(each.after),
            times(each.after / each.before),
            target("≤ 1.2 ×", each.after <= 1.2 * each.before),
        )
        for each in measured
    ]
    days = size.days, size.days * size.growth
    head = ("the same window of more history", f"{days[0]} days ms", f"{days[1]} days ms")
    return table((*head, "ratio", "target"), rows)
