"""Which part of history a page shows, and how."""

from datetime import timedelta
from typing import Any

from django import forms

from metrics.vocabulary import MetricType

RANGES = {
    "1h": ("1 h", timedelta(hours=1)),
    "6h": ("6 h", timedelta(hours=6)),
    "24h": ("24 h", timedelta(hours=24)),
    "7d": ("7 d", timedelta(days=7)),
    "30d": ("30 d", timedelta(days=30)),
}
DEFAULT_RANGE = "24h"
RESOLUTIONS = {
    "auto": "Automatic",
    "raw": "Every reading",
    "1m": "1 minute",
    "5m": "5 minutes",
    "15m": "15 minutes",
    "30m": "30 minutes",
    "1h": "1 hour",
    "6h": "6 hours",
    "1d": "1 day",
    "1w": "1 week",
    "1mo": "1 month",
}
AGGREGATES = {
    "": "What suits the metric",
    "mean": "Mean",
    "min": "Minimum",
    "max": "Maximum",
    "sum": "Sum",
    "count": "Number of readings",
    "first": "First",
    "last": "Last",
    "increase": "Increase",
}
LOCAL_MINUTES = "%Y-%m-%dT%H:%M"


def local_time() -> forms.DateTimeInput:
    return forms.DateTimeInput(format=LOCAL_MINUTES, attrs={"type": "datetime-local"})


class HistoryForm(forms.Form):
    """The part of the query string that picks history. Every field may be left out."""

    start = forms.DateTimeField(label="From")
    end = forms.DateTimeField(label="To")
    resolution = forms.ChoiceField(choices=list(RESOLUTIONS.items()))
    aggregate = forms.ChoiceField(label="Combine readings by")
    time_zone = forms.ChoiceField(label="Time zone")

    def __init__(self, *args: Any, zones: list[str], types: set[str], **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", use_required_attribute=False, **kwargs)
        counting = MetricType.COUNTER in types
        self.fields["time_zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined]
        self.fields["aggregate"].choices = [  # type: ignore[attr-defined]
            (key, label) for key, label in AGGREGATES.items() if key != "increase" or counting
        ]
        for field in self.fields.values():
            field.required = False
        for name in ("start", "end"):
            self.fields[name].widget = local_time()
