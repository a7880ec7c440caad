"""How tests word the readings they post, and see what became of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from history import get_store
from history.models import Reading
from metrics.models import Metric

URL = "/api/v1/readings/"
NOON = "2026-06-01T12:00:00Z"


def row(metric: Metric, /, **changes: Any) -> dict[str, Any]:
    return {"metric": metric.pk, "timestamp": NOON, "value": 1.5} | changes


def named(metric: Metric, /, **changes: Any) -> dict[str, Any]:
    device = metric.device
    names = {"site": device.site.slug, "device": device.slug, "key": metric.key}
    return names | {"timestamp": NOON, "value": 1.5} | changes


def stored(metric: Metric) -> list[tuple[str, float]]:
    samples = get_store().read([metric.pk], 0, 2**62)[metric.pk]
    instants = (
        datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(micros))
        for micros in samples.timestamps
    )
    return [
        (instant.isoformat().replace("+00:00", "Z"), value)
        for instant, value in zip(instants, samples.values.tolist(), strict=True)
    ]


def faults(answer: Any) -> list[tuple[str, str]]:
    """Field and code of each error of a refusal."""
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert not Reading.objects.exists()
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]
