"""Messages become readings, and go through the one door together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db import transaction
from django.utils import timezone

from ingest.door import receive_readings
from ingest.mqtt.messages import Message
from ingest.mqtt.reading import Measured, Router, TopicSeries
from ingest.parsed import ParsedReadings
from ingest.sender import OPERATOR, Sender
from sites.models import Site

SOURCE = "mqtt"  # aliases and discovered names of this connection are kept under it

# Why a message was refused, by its place among those that were given.
Refusals = dict[int, str]


@dataclass(slots=True)
class _Share:
    """The readings of one Site, or of none that is known."""

    indexes: dict[TopicSeries, int] = field(default_factory=dict)
    metric_of: list[int] = field(default_factory=list)
    timestamps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)

    def add(self, position: int, measured: Measured) -> None:
        self.metric_of.append(self.indexes.setdefault(measured.series, len(self.indexes)))
        self.timestamps.append(measured.timestamp)
        self.values.append(measured.value)
        self.positions.append(position)

    def parsed(self) -> ParsedReadings:
        return ParsedReadings(
            metrics=[series.name for series in self.indexes],
            metric_of=np.array(self.metric_of, np.intp),
            timestamps=np.array(self.timestamps, np.int64),
            values=np.array(self.values, np.float64),
            positions=np.array(self.positions, np.int64),
        )


def sender_for(site: str | None) -> Sender:
    """Whoever brings what is of a Site by its slug, or of none that is known."""
    found = Site.objects.filter(slug=site).first() if site else None
    return Sender(OPERATOR, SOURCE, found and found.pk)


def store_messages(messages: Sequence[Message], router: Router) -> Refusals:
    """Store what is good of each message, in one transaction; returns why others are not."""
    shares: dict[str, _Share] = {}
    refusals: Refusals = {}
    for position, message in enumerate(messages):
        route = router.route(message.topic)
        if route is None:
            continue
        try:
            for measured in route.read(message):
                shares.setdefault(measured.series.site, _Share()).add(position, measured)
        except ValueError as error:
            refusals[position] = str(error)
    return _store(shares) | refusals


@transaction.atomic
def _store(shares: dict[str, _Share]) -> Refusals:
    refusals: Refusals = {}
    now = timezone.now()
    sites = dict(Site.objects.filter(slug__in=shares).values_list("slug", "pk"))
    for slug, share in shares.items():
        sender = Sender(OPERATOR, SOURCE, sites.get(slug))
        received = receive_readings(share.parsed(), sender=sender, now=now, partial=True)
        for rejection in received.rejections:
            refusals.setdefault(rejection.index, rejection.reason)
    return refusals
