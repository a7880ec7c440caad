"""Line protocol over HTTP, beside JSON in columns: `python -m bench.run bench.lines REPORT`.

It fills the database of DATABASE_URL, which has to be new.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from django.core.management import call_command

from accounts.models import ApiToken
from bench.dataset import build_dataset
from bench.history import first_unsealed_day
from bench.readings import Feed, Row
from bench.server import Client, server
from bench.timing import medians
from ingest.models import Alias
from metrics.models import Metric

METRICS, SIZE, ROUNDS, WARM_UP = 500, 10_000, 15, 3
FIELDS = 10  # of a line that has several
TARGET = 0.7


def main(target: str) -> int:
    """Send as many new readings in each form, in turns, and write the report."""
    call_command("migrate", verbosity=0)
    dataset = build_dataset(METRICS)
    _name_fields(dataset.ids)
    starts = _starts()
    forms: dict[str, tuple[str, Callable[[list[Row]], bytes]]] = {
        "JSON columns": ("/api/v1/readings/", as_columns),
        "line protocol, a field a line": ("/api/v2/write", lambda rows: as_lines(rows, starts)),
        f"line protocol, {FIELDS} fields a line": ("/api/v2/write", as_wide_lines),
    }
    feed = Feed(dataset.ids, first_unsealed_day(datetime.now(UTC)))
    with server() as http:
        client = Client.signed_in(http, dataset.technician)
        actions = []
        for path, worded in forms.values():
            bodies = map(worded, feed.batches(SIZE, ROUNDS + WARM_UP))
            actions.append(_sender(client, path, list(bodies)))
        times = medians(*actions, rounds=ROUNDS, warm_up=WARM_UP)
    Path(target).write_text(_report(list(forms), times), encoding="utf-8")
    return 0


def _sender(client: Client, path: str, bodies: list[bytes]) -> Callable[[], object]:
    remaining = iter(bodies)
    return lambda: client.post(path, next(remaining))


def _report(names: list[str], times: list[float]) -> str:
    rows = ["| readings/s over HTTP, 10,000 a request | new | of JSON columns | target |"]
    rows.append("| --- | ---: | ---: | --- |")
    for name, seconds in zip(names, times, strict=True):
        share = times[0] / seconds
        met = "met" if share >= TARGET else "**missed**"
        rows.append(f"| {name} | {SIZE / seconds:,.0f} | {share:.0%} | ≥ {TARGET:.0%}: {met} |")
    return "\n".join(rows)


def as_columns(rows: list[Row]) -> bytes:
    """The readings as JSON, in columns of one Metric each."""
    columns = [
        {
            "metric": metric,
            "timestamps": [moment.isoformat() for _, moment, _ in of_metric],
            "values": [value for _, _, value in of_metric],
        }
        for metric, of_metric in _by(rows, itemgetter(0))
    ]
    return json.dumps({"readings": columns}).encode()


def as_lines(rows: list[Row], starts: dict[int, str]) -> bytes:
    """A line for each reading, whose tags are slugs."""
    lines = (f"{starts[metric]}={value} {_nanos(moment)}" for metric, moment, value in rows)
    return "\n".join(lines).encode()


def as_wide_lines(rows: list[Row]) -> bytes:
    """Lines of several fields, whose names are aliases."""
    lines = []
    for (group, moment), of_line in _by(rows, lambda row: (row[0] // FIELDS, row[1])):
        fields = ",".join(f"f{metric % FIELDS}={value}" for metric, _, value in of_line)
        lines.append(f"meters,group={group} {fields} {_nanos(moment)}")
    return "\n".join(lines).encode()


def _by(rows: list[Row], key: Callable[[Row], object]) -> list[tuple[object, list[Row]]]:
    groups: dict[object, list[Row]] = defaultdict(list)
    for value, some in groupby(rows, key):
        groups[value] += some
    return list(groups.items())


def _nanos(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9


def _starts() -> dict[int, str]:
    """What a line of each Metric begins with, by the Metric's id."""
    named = Metric.objects.values_list("pk", "device__site__slug", "device__slug", "key")
    return {pk: f"meter,site={site},device={device} {key}" for pk, site, device, key in named}


def _name_fields(ids: list[int]) -> None:
    """Let the fields of wide lines be aliases, as those of a gateway are."""
    token = ApiToken.objects.get(user__username="bench-technician")
    Alias.objects.bulk_create(
        Alias(
            owner=token.user,
            source=token.name,
            name=f"meters,group={pk // FIELDS}/f{pk % FIELDS}",
            metric_id=pk,
        )
        for pk in ids
    )
