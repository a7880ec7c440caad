"""Readings under names from outside, through the one door."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from history import get_store
from ingest.door import Received, receive_readings
from ingest.names import ExternalName, Guess
from ingest.parsed import ParsedReadings
from ingest.sender import Sender
from metrics.models import Metric

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
POWER = "sensor.solar_power/value"


def bring(
    sender: Sender,
    named: Mapping[str | ExternalName, Sequence[tuple[int, float]]],
    *,
    now: datetime = NOON,
    partial: bool = True,
    **guess: str,
) -> Received:
    """Bring readings as (seconds after noon, value) by name; the names tell of `guess`."""
    rows = [
        (ExternalName(name, guess=Guess(**guess)) if isinstance(name, str) else name, at, value)
        for name, readings in named.items()
        for at, value in readings
    ]
    parsed = ParsedReadings.of(
        [name for name, _, _ in rows],
        [NOON + timedelta(seconds=at) for _, at, _ in rows],
        [value for _, _, value in rows],
    )
    return receive_readings(parsed, sender=sender, now=now, partial=partial)


def history(metric: Metric) -> dict[int, float]:
    """Value by seconds after noon."""
    samples: Any = get_store().read([metric.pk], 0, 2**62)[metric.pk]
    since = (samples.timestamps - int(NOON.timestamp()) * 1_000_000) // 1_000_000
    return dict(zip(since.tolist(), samples.values.tolist(), strict=True))
