"""Messages become readings, and go through the one door together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db import transaction
from django.utils import timezone

from ingest.door import receive_readings
from ingest.finding import find_metrics
from ingest.models import Alias
from ingest.mqtt.messages import Message
from ingest.mqtt.reading import Measured, Router, TopicSeries
from ingest.parsed import MetricRef, ParsedReadings
from ingest.sender import OPERATOR, Sender
from sites.models import Site

SOURCE = "mqtt"  # aliases and discovered names of this connection are kept under it

# Why a message was refused, by its place among those that were given.
Refusals = dict[int, str]


@dataclass(slots=True)
class _Readings:
    """The readings of a batch of messages; a reading's position is that of its message."""

    indexes: dict[TopicSeries, int] = field(default_factory=dict)
    series_of: list[int] = field(default_factory=list)
    timestamps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)

    def add(self, position: int, measured: Measured) -> None:
        self.series_of.append(self.indexes.setdefault(measured.series, len(self.indexes)))
        self.timestamps.append(measured.timestamp)
        self.values.append(measured.value)
        self.positions.append(position)

    def parsed(self, chosen: Mapping[TopicSeries, MetricRef]) -> ParsedReadings:
        """Those of the chosen series, each under the name that the door is given for it."""
        place = np.full(len(self.indexes), -1, np.intp)
        place[[self.indexes[series] for series in chosen]] = np.arange(len(chosen))
        metric_of = place[np.array(self.series_of, np.intp)]
        kept = metric_of >= 0
        return ParsedReadings(
            metrics=list(chosen.values()),
            metric_of=metric_of[kept],
            timestamps=np.array(self.timestamps, np.int64)[kept],
            values=np.array(self.values, np.float64)[kept],
            positions=np.array(self.positions, np.int64)[kept],
        )


def sender_for(site: str) -> Sender:
    """Whoever brings what is of a Site by its slug, or of none that is known."""
    found = Site.objects.filter(slug=site).first() if site else None
    return Sender(OPERATOR, SOURCE, found and found.pk)


def store_messages(messages: Sequence[Message], router: Router) -> Refusals:
    """Store what is good of each message, in one transaction; returns why others are not."""
    readings = _Readings()
    refusals: Refusals = {}
    for position, message in enumerate(messages):
        route = router.route(message.topic)
        if route is None:
            continue
        try:
            for measured in route.read(message):
                readings.add(position, measured)
        except ValueError as error:
            refusals[position] = str(error)
    return (_store(readings) if readings.values else {}) | refusals


@transaction.atomic
def _store(readings: _Readings) -> Refusals:
    refusals: Refusals = {}
    now = timezone.now()
    for sender, chosen in _senders(list(readings.indexes)):
        parsed = readings.parsed(chosen)
        received = receive_readings(parsed, sender=sender, now=now, partial=True)
        for rejection in received.rejections:
            refusals.setdefault(rejection.index, rejection.reason)
    return refusals


def _senders(
    series: Sequence[TopicSeries],
) -> Iterator[tuple[Sender, dict[TopicSeries, MetricRef]]]:
    """Who brings which series, each once.

    What names its Metric comes in one go, however many Sites there are: a thousand of them would
    take the door a thousand times as long. The others are for the names of their Sites to tell.
    """
    named = _named_metrics(series)
    if named:
        yield Sender(OPERATOR, SOURCE), dict(named)
    by_site: dict[str, dict[TopicSeries, MetricRef]] = {}
    for each in series:
        if each not in named:
            by_site.setdefault(each.site, {})[each] = each.name
    sites = dict(Site.objects.filter(slug__in=by_site).values_list("slug", "pk")) if by_site else {}
    for site, chosen in by_site.items():
        yield Sender(OPERATOR, SOURCE, sites.get(site)), chosen


def _named_metrics(series: Sequence[TopicSeries]) -> dict[TopicSeries, int]:
    """The ids of the Metrics that series name by their slugs, unless an alias says otherwise."""
    slugs = {each: each.name.slugs for each in series if each.name.slugs and each.name.is_valid}
    if not slugs:
        return {}
    aliases = Alias.objects.filter(source=SOURCE, owner=None).named(e.name.name for e in slugs)
    mapped = set(aliases.values_list("name", flat=True))
    found = find_metrics(list(slugs.values()), Sender(OPERATOR, SOURCE)).ids.tolist()
    return {
        each: pk
        for each, pk in zip(slugs, found, strict=True)
        if pk and each.name.name not in mapped
    }
