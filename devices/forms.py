"""Adding and editing a Device."""

from typing import Any

from django import forms
from django.db import transaction

from devices.kinds import DeviceKind
from devices.models import Device
from metrics.models import MAX_INTERVAL, Metric
from metrics.vocabulary import CANONICAL, MetricSpec, headline


class KindMetricsWidget(forms.CheckboxSelectMultiple):
    """The canonical Metrics in one group for each kind; the page shows the chosen kind's group."""

    template_name = "devices/kind_metrics.html"


class DeviceForm(forms.ModelForm):
    """What people set about a Device, and which Metrics of its kind it measures.

    A choice of `metrics` is "kind.key"; those of other kinds than the chosen one are ignored.
    """

    metrics = forms.MultipleChoiceField(
        label="Metrics", required=False, widget=KindMetricsWidget, choices=()
    )
    expected_interval = forms.IntegerField(
        label="Expected interval, in seconds",
        min_value=1,
        max_value=MAX_INTERVAL,
        initial=60,
        help_text="How often each metric reports. A value is late after twice as long, "
        "stale after ten times.",
    )

    class Meta:
        model = Device
        fields = (
            "name",
            "kind",
            "status",
            "manufacturer",
            "model",
            "serial_number",
            "rated_power",
            "notes",
        )
        labels = {"rated_power": "Rated power, in watts", "serial_number": "Serial number"}
        help_texts = {"rated_power": ""}
        error_messages = {"name": {"unique": "%(site)s already has a device of that name."}}
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "notes": forms.Textarea(attrs={"rows": 3}),
        }

    field_order = ("name", "kind", "metrics", "expected_interval", "status")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["metrics"].choices = self._offered()  # type: ignore[attr-defined]

        self.fields["kind"].choices = [("", "Choose a kind"), *DeviceKind.choices]  # type: ignore[attr-defined]

    def _offered(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """(kind, its choices) for every kind."""
        return [
            (kind.value, [(f"{kind}.{spec.key}", _described(spec)) for spec in CANONICAL[kind]])
            for kind in DeviceKind
        ]

    def chosen_specs(self) -> list[MetricSpec]:
        """The chosen Metrics of the chosen kind, in the vocabulary's order."""
        kind = self.cleaned_data["kind"]
        chosen = set(self.cleaned_data["metrics"])
        return [spec for spec in CANONICAL[kind] if f"{kind}.{spec.key}" in chosen]


class DeviceAddForm(DeviceForm):
    """A new Device: each kind's headline Metric is chosen to begin with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["metrics"] = [f"{kind}.{headline(kind).key}" for kind in DeviceKind]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "kind" in cleaned and "metrics" in cleaned and not self.chosen_specs():
            self.add_error("metrics", "Choose at least one metric: a device measures something.")
        return cleaned

    @transaction.atomic
    def save(self, commit: bool = True) -> Device:
        self.instance.named_metrics = self.chosen_specs()
        device = super().save(commit)
        device.metrics.update(expected_interval=self.cleaned_data["expected_interval"])
        return device


class DeviceEditForm(DeviceForm):
    """An existing Device; notices when somebody else changed it since the form was opened."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.present = {metric.key: metric for metric in self.instance.metrics.all()}
        intervals = {metric.expected_interval for metric in self.present.values()}
        self.fields["metrics"].label = "Add metrics"
        self.fields["expected_interval"].required = False
        self.initial["expected_interval"] = intervals.pop() if len(intervals) == 1 else None
        self.initial["seen"] = self._version()
        rated = self.instance.rated_power
        self.initial["rated_power"] = int(rated) if rated and rated.is_integer() else rated

    def _offered(self) -> list[tuple[str, list[tuple[str, str]]]]:
        present = set(self.instance.metrics.values_list("key", flat=True))
        return [
            (kind, [choice for choice in choices if choice[0].partition(".")[2] not in present])
            for kind, choices in super()._offered()
        ]

    def clean_seen(self) -> str:
        """Compare what was edited with what is there; the values typed stay in the form."""
        seen: str = self.cleaned_data["seen"]
        if seen != self._version():
            shown: Any = self.data.copy()  # type: ignore[attr-defined]
            shown[self.add_prefix("seen")] = self._version()
            self.data = shown
            raise forms.ValidationError(
                "Somebody else changed this device after you opened the form. Your entries are "
                "kept below; saving again replaces theirs.",
                code="changed_meanwhile",
            )
        return seen

    @transaction.atomic
    def save(self, commit: bool = True) -> Device:
        device = super().save(commit)
        for spec in self.chosen_specs():
            if spec.key not in self.present:
                Metric.objects.create(device=device, **spec._asdict())
        interval = self.cleaned_data["expected_interval"]
        if interval:
            device.metrics.update(expected_interval=interval)
        return device

    def _version(self) -> str:
        return self.instance.updated_at.isoformat()


def _described(spec: MetricSpec) -> str:
    return spec.name if spec.unit == "1" else f"{spec.name} ({spec.unit})"
