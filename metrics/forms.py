"""The form of a Metric."""

from typing import Any

from django import forms

from metrics.models import Metric


class MetricForm(forms.ModelForm):
    """What people set of a Metric."""

    class Meta:
        model = Metric
        fields = ("name", "key", "unit", "type", "expected_interval", "rollover")
        labels = {
            "expected_interval": "Expected interval, in seconds",
            "rollover": "Rollover, in the unit",
        }
        help_texts = {
            "key": "What programs call it. Figures find what they are computed from by it."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
