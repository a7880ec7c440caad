"""Measures readings over HTTP in each format, and the small requests of a gateway.

The formats take turns with readings that nobody has stored yet, so that a slow moment of the
machine affects all alike. A format more is a line in FORMATS.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from statistics import median

from django.contrib.auth.models import Group
from django.core.management import call_command

from accounts.models import ApiToken, User
from bench.history import first_unsealed_day
from bench.ingest import PATH
from bench.readings import Arrivals, Row, as_json
from bench.server import Client, ServerProcess, server
from bench.tables import ms, share, table, target
from bench.timing import medians, seconds
from devices.kinds import DeviceKind
from devices.models import Device
from metrics.models import Metric
from metrics.vocabulary import describe
from sites.models import Site, SiteAssignment

METRICS = 10
SIZE = 10_000  # readings in a large request
ROUNDS = 7
SMALL_ROUNDS = 200
SIGNED_IN = "/signed-in"
LINES = "/api/v2/write"
_TAGS = "site=gateway,device=meter"
_LEAST_SHARE = 0.7  # of JSON columns
_LEAST_SMALL_SHARE = 0.5  # of a signed-in request that does nothing


@dataclass(frozen=True)
class WireForm:
    """A way to write readings in a request; the first one is what the others are compared with."""

    name: str
    content_type: str
    write: Callable[[list[Row]], bytes]
    path: str = PATH


def as_columns(rows: list[Row]) -> bytes:
    """Columns of each Metric, in one JSON object."""
    by_metric = groupby(sorted(rows), key=lambda row: row[0])
    return json.dumps({"readings": [_columns(pk, some) for pk, some in by_metric]}).encode()


def _columns(metric: int, rows: Iterable[Row]) -> dict[str, object]:
    _, times, values = zip(*rows, strict=True)
    written = [moment.isoformat() for moment in times]
    return {"metric": metric, "timestamps": written, "values": values}


def as_ndjson(rows: list[Row]) -> bytes:
    """A JSON object a line."""
    lines = (
        f'{{"metric":{metric},"timestamp":"{moment.isoformat()}","value":{value}}}\n'
        for metric, moment, value in rows
    )
    return "".join(lines).encode()


def as_csv(rows: list[Row]) -> bytes:
    """A line that names the columns, and a line a reading."""
    lines = (f"{metric},{moment.isoformat()},{value}\n" for metric, moment, value in rows)
    return "".join(["metric,timestamp,value\n", *lines]).encode()


def as_lines(rows: list[Row]) -> bytes:
    """Line protocol, a field a line, by the slugs of the gateway."""
    return "\n".join(
        f"meter,{_TAGS} {_key(metric)}={value} {_nanos(moment)}" for metric, moment, value in rows
    ).encode()


def as_wide_lines(rows: list[Row]) -> bytes:
    """Line protocol, all Metrics of an instant in a line."""
    by_moment = groupby(rows, key=lambda row: row[1])
    return "\n".join(_wide_line(moment, list(some)) for moment, some in by_moment).encode()


def _wide_line(moment: datetime, rows: list[Row]) -> str:
    fields = ",".join(f"{_key(metric)}={value}" for metric, _, value in rows)
    return f"meter,{_TAGS} {fields} {_nanos(moment)}"


def _key(metric: int) -> str:
    # Those of a new database are numbered from 1.
    return f"power_{metric - 1}"


def _nanos(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9


FORMATS = (
    WireForm("JSON columns", "application/json", as_columns),
    WireForm("JSON rows", "application/json", as_json),
    WireForm("NDJSON", "application/x-ndjson", as_ndjson),
    WireForm("CSV", "text/csv", as_csv),
    WireForm("line protocol", "text/plain", as_lines, LINES),
    WireForm(f"line protocol, {METRICS} fields a line", "text/plain", as_wide_lines, LINES),
)


@dataclass(frozen=True)
class Gateway:
    """A Site with a Device of METRICS Metrics, and the tokens of a technician there."""

    ids: list[int]
    ingest: str
    full: str


def build_gateway() -> Gateway:
    """Fill an empty, migrated database."""
    site = Site.objects.create(name="Gateway", slug="gateway")
    kind = DeviceKind.LOAD_METER
    device = Device(site=site, name="Meter", kind=kind)
    device.named_metrics = [describe(kind, f"power_{n}") for n in range(METRICS)]
    device.save()
    user = User.objects.create_user("bench-technician")
    user.groups.add(Group.objects.get(name="technician"))
    SiteAssignment.objects.create(site=site, user=user)
    ids = Metric.objects.order_by("pk").values_list("pk", flat=True)
    _, ingest = ApiToken.objects.create(user=user, scope=ApiToken.Scope.INGEST, site=site)
    return Gateway(list(ids), ingest, ApiToken.objects.create(user=user)[1])


class Intake:
    """A gateway, and the server that it sends its readings to."""

    def __init__(self, gateway: Gateway, http: ServerProcess, feed: Arrivals) -> None:
        self.gateway, self.http, self.feed = gateway, http, feed

    def run(self) -> str:
        """Both tables."""
        return f"{self._formats()}\n\n{self._small_requests()}"

    def _client(self, form: WireForm) -> Client:
        authorization = f"Token {self.gateway.ingest}"
        headers = {"Authorization": authorization, "Content-Type": form.content_type}
        return Client(self.http.port, headers)

    def _formats(self) -> str:
        clients = [self._client(form) for form in FORMATS]
        rounds = [self._round(clients) for _ in range(ROUNDS + 1)][1:]  # the first warms up
        rates = [SIZE / median(column) for column in zip(*rounds, strict=True)]
        rows = [
            (form.name, f"{rate:,.0f}", share(rate / rates[0]), _format_target(rate / rates[0]))
            for form, rate in zip(FORMATS, rates, strict=True)
        ]
        title = f"{SIZE:,} readings a request, one client"
        return table((title, "readings/s", f"share of {FORMATS[0].name}", "target"), rows)

    def _round(self, clients: list[Client]) -> list[float]:
        """Seconds of a request in each format, all of readings that are new."""
        batches = self.feed.batches(SIZE, len(FORMATS))
        bodies = [form.write(batch) for form, batch in zip(FORMATS, batches, strict=True)]
        return [
            seconds(partial(client.post, form.path, body))
            for form, client, body in zip(FORMATS, clients, bodies, strict=True)
        ]

    def _small_requests(self) -> str:
        reader = Client.signed_in(self.http, self.gateway.full)
        small = [self._small(form) for form in FORMATS]
        floor, *spent = medians(
            partial(reader.get, SIGNED_IN), *small, rounds=SMALL_ROUNDS, warm_up=20
        )
        rows = [
            (
                form.name,
                ms(each),
                f"{1 / each:,.0f}",
                share(floor / each),
                _small_target(floor / each),
            )
            for form, each in zip(FORMATS, spent, strict=True)
        ]
        rows.insert(0, ("signed in, and nothing else", ms(floor), f"{1 / floor:,.0f}", "100%", ""))
        head = (f"{METRICS} readings a request, one client", "ms", "requests/s", "share", "target")
        return table(head, rows)

    def _small(self, form: WireForm) -> Callable[[], object]:
        client = self._client(form)
        return lambda: client.post(form.path, form.write(self.feed.batches(METRICS, 1)[0]))


def _format_target(ratio: float) -> str:
    return target(f"≥ {_LEAST_SHARE:.0%}", ratio >= _LEAST_SHARE)


def _small_target(ratio: float) -> str:
    return target(f"≥ {_LEAST_SMALL_SHARE:.0%}", ratio >= _LEAST_SMALL_SHARE)


def main(report: str) -> int:
    """Build the gateway, serve, measure, write the report."""
    call_command("migrate", verbosity=0)
    gateway = build_gateway()
    feed = Arrivals(gateway.ids, first_unsealed_day(datetime.now(UTC)))
    with server() as http:
        text = Intake(gateway, http, feed).run()
    Path(report).write_text(text, encoding="utf-8")
    return 0
