"""Measures one engine, the one DATABASE_URL names: `python -m bench.engine` prints its table."""

import os
import sys
from datetime import timedelta
from itertools import count, islice
from urllib.parse import urlencode

import django

from bench.figures import Figure, measure, table
from bench.readings import FIRST, CopyFloor, ExecuteManyFloor, Floor, as_json, batches
from bench.server import Client, server
from deploy.prepare import refresh_statistics

WARM_UP = 3
# Each measurement writes a week of its own, so that every reading is new.
WEEKS = count()


def reads(client: Client, ids: list[int]) -> list[Figure]:
    """Lists and latest values, each beside a view that does nothing."""
    latest = "/api/v1/metrics/latest/?" + urlencode({"ids": ",".join(map(str, ids))})
    paths = {
        "list of 1,000 sites, a page of 50": "/api/v1/sites/",
        "list of 1,000 sites, a page of 500": "/api/v1/sites/?page_size=500",
        "list of 1,000 devices, a page of 50": "/api/v1/devices/",
        "list of 1,000 devices, a page of 500": "/api/v1/devices/?page_size=500",
        "latest of 1,000 metrics": latest,
    }
    return [
        measure(
            name,
            lambda path=path: client.get(path),  # type: ignore[misc]
            "a trivial view",
            lambda: client.get("/floor"),
            rounds=30,
            warm_up=WARM_UP,
        )
        for name, path in paths.items()
    ]


def writes(client: Client, ids: list[int], floor: Floor) -> list[Figure]:
    """Readings by HTTP, beside the same rows stored plainly by this process."""
    return [
        _write(client, ids, floor, size=1_000, rounds=20),
        _write(client, ids, floor, size=10_000, rounds=8),
    ]


def _write(client: Client, ids: list[int], floor: Floor, *, size: int, rounds: int) -> Figure:
    start = FIRST + timedelta(weeks=next(WEEKS))
    rows = list(islice(batches(ids, size, start), rounds + WARM_UP))
    bodies = iter([as_json(batch) for batch in rows])
    plain = iter([floor.prepared(batch) for batch in rows])
    return measure(
        f"{size:,} JSON readings",
        lambda: client.post("/api/v1/readings/", next(bodies)),
        floor.name,
        lambda: floor.store(next(plain)),
        rounds=rounds,
        warm_up=WARM_UP,
    )


def main() -> int:
    """Build the world, serve it, measure, print the table."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from bench import world

    call_command("migrate", verbosity=0)
    token = world.build()
    refresh_statistics()
    if connection.vendor == "postgresql":
        # Autovacuum does so within a minute, which nobody wants to wait for here.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    ids = world.metric_ids()
    floor = CopyFloor() if connection.vendor == "postgresql" else ExecuteManyFloor()
    with server() as http:
        client = Client(http, token)
        figures = writes(client, ids, floor) + reads(client, ids)
    print(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
