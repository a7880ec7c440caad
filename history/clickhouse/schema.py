"""The tables of history on ClickHouse, in numbered steps.

On a cluster, `history` is a Distributed table over replicated ones, sharded by Metric, so that all
versions of a reading lie on one shard. The servers' configuration has the macros shard and replica.

Codecs, measured on chDB 26.9 with a month of minutes of gauges, counters and noisy floats, bytes a
reading: values by Delta 2.4, by Gorilla 2.8, by neither 2.5; Metric and version 0.01 each; regular
timestamps 0.01.
"""

from collections.abc import Callable, Iterator

from history.clickhouse.server import Address, Server

TABLE = "history"
_SCHEMA = "history_schema"

_COLUMNS = """(
    metric Int64 CODEC(Delta, ZSTD(1)),
    timestamp Int64 CODEC(DoubleDelta, ZSTD(1)),
    value Float64 CODEC(Delta, ZSTD(1)),
    version UInt64 CODEC(Delta, ZSTD(1))
)"""
# Weeks from Monday: 1970-01-01 was a Thursday, three days after one.
_LAYOUT = """
PARTITION BY intDiv(timestamp + 259200000000, 604800000000)
ORDER BY (metric, timestamp)"""


def qualified(address: Address, table: str) -> str:
    """The table's name with its database, quoted."""
    return f"`{address.database}`.`{table}`"


def on_cluster(address: Address) -> str:
    """The clause that runs a statement on every server of the cluster, or ""."""
    return f" ON CLUSTER `{address.cluster}`" if address.cluster else ""


def stored_table(address: Address) -> str:
    """The table that holds the rows, where they are deleted."""
    return qualified(address, f"{TABLE}_local" if address.cluster else TABLE)


def _history(address: Address) -> Iterator[str]:
    engine = "ReplacingMergeTree(version)"
    if address.cluster:
        path = f"/clickhouse/tables/{{shard}}/{address.database}/{TABLE}_local"
        engine = f"ReplicatedReplacingMergeTree('{path}', '{{replica}}', version)"
    yield (
        f"CREATE TABLE IF NOT EXISTS {stored_table(address)}{on_cluster(address)} {_COLUMNS}\n"
        f"ENGINE = {engine}{_LAYOUT}"
    )
    if address.cluster:
        yield (
            f"CREATE TABLE IF NOT EXISTS {qualified(address, TABLE)}{on_cluster(address)} "
            f"AS {stored_table(address)}\nENGINE = Distributed("
            f"'{address.cluster}', '{address.database}', '{TABLE}_local', metric)"
        )


# Append only: what was released once is never edited.
STEPS: tuple[tuple[str, Callable[[Address], Iterator[str]]], ...] = (
    ("Create the history of readings", _history),
)


def foundation(address: Address) -> Iterator[str]:
    """What has to be there before steps can be counted; each statement may be repeated."""
    engine = "MergeTree"
    if address.cluster:
        path = f"/clickhouse/tables/{address.database}/{_SCHEMA}"
        engine = f"ReplicatedMergeTree('{path}', '{{shard}}-{{replica}}')"
    yield f"CREATE DATABASE IF NOT EXISTS `{address.database}`{on_cluster(address)}"
    yield (
        f"CREATE TABLE IF NOT EXISTS {qualified(address, _SCHEMA)}{on_cluster(address)} "
        f"(step UInt32, applied_at DateTime DEFAULT now())\nENGINE = {engine} ORDER BY step"
    )


def migrate(server: Server) -> list[str]:
    """Bring the tables up to date; returns the names of the steps taken.

    Every statement can be repeated: one that was interrupted is finished by the next run. Raises
    HistoryAway when the server does not answer.
    """
    address = server.address
    for statement in foundation(address):
        server.command(statement)
    schema = qualified(address, _SCHEMA)
    done = int(server.command(f"SELECT max(step) FROM {schema}"))
    taken = []
    for number, (name, statements) in enumerate(STEPS[done:], start=done + 1):
        for statement in statements(address):
            server.command(statement)
        server.command(f"INSERT INTO {schema} (step) VALUES ({number})")
        taken.append(name)
    return taken
