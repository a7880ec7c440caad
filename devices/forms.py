"""The forms to add and to edit a Device."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db import transaction

from devices.kinds import DeviceKind
from devices.models import Device
from energy.forms import LocalTimeField, local_text
from metrics.forms import KeepingLabelsForm
from metrics.models import MAX_INTERVAL, Metric
from metrics.vocabulary import CANONICAL, MetricSpec, MetricType, headline

TIMES = ("in_service_from", "retired_at")


class KindMetricsWidget(forms.CheckboxSelectMultiple):
    """Checkboxes of the canonical Metrics by kind, of which the page shows the selected kind's."""

    template_name = "devices/kind_metrics.html"


class DeviceForm(forms.ModelForm):
    """The fields of a Device that people set, and the Metrics of its kind that it measures.

    A choice of `metrics` is "kind.key"; choices of other kinds than the selected one are ignored.
    Times are shown and read in `zone`.
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
            "in_service_from",
            "retired_at",
            "manufacturer",
            "model",
            "serial_number",
            "rated_power",
            "notes",
        )
        labels = {
            "rated_power": "Rated power, in watts",
            "serial_number": "Serial number",
            "in_service_from": "In service from",
            "retired_at": "Retired at",
        }
        help_texts = {
            "rated_power": "",
            "in_service_from": "Its first reading, unless given. Figures expect nothing before.",
            "retired_at": "When its status becomes retired, unless given; only of a retired "
            "device. Figures expect nothing after.",
        }
        error_messages = {"name": {"unique": "%(site)s already has a device of that name."}}
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "notes": forms.Textarea(attrs={"rows": 3}),
        }
        field_classes = dict.fromkeys(TIMES, LocalTimeField)

    field_order = ("name", "kind", "metrics", "expected_interval", "status")
    existing_keys: Collection[str] = ()

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        for name in TIMES:
            self.fields[name].widget.zone = zone
            if moment := self.initial.get(name):
                self.initial[name] = local_text(moment, zone)
        self.fields["metrics"].choices = self._metric_choices()  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", "Choose a kind"), *DeviceKind.choices]  # type: ignore[attr-defined]

    def _metric_choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """(kind, its choices) for every kind, without the Metrics that the Device already has."""
        return [
            (
                kind.value,
                [
                    (f"{kind}.{spec.key}", _label(spec))
                    for spec in CANONICAL[kind]
                    if spec.key not in self.existing_keys
                ],
            )
            for kind in DeviceKind
        ]

    def clean_in_service_from(self) -> datetime | None:
        return self._exact("in_service_from")

    def clean_retired_at(self) -> datetime | None:
        return self._exact("retired_at")

    def _exact(self, name: str) -> datetime | None:
        """What was typed; with the seconds that it has, where the field still shows its minute."""
        typed: datetime | None = self.cleaned_data[name]
        stored: datetime | None = getattr(self.instance, name)
        is_shown = stored and typed == stored.replace(second=0, microsecond=0)
        return stored if is_shown else typed

    def selected_specs(self) -> list[MetricSpec]:
        """The selected Metrics of the selected kind, in the vocabulary's order."""
        kind = self.cleaned_data["kind"]
        selected = set(self.cleaned_data["metrics"])
        return [spec for spec in CANONICAL[kind] if f"{kind}.{spec.key}" in selected]


class DeviceAddForm(DeviceForm):
    """Adds a Device; the headline Metric of each kind is preselected."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["metrics"] = [f"{kind}.{headline(kind).key}" for kind in DeviceKind]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "kind" in cleaned and "metrics" in cleaned and not self.selected_specs():
            self.add_error("metrics", "Choose at least one metric: a device measures something.")
        return cleaned

    @transaction.atomic
    def save(self, commit: bool = True) -> Device:
        self.instance.named_metrics = self.selected_specs()
        device = super().save(commit)
        device.metrics.update(expected_interval=self.cleaned_data["expected_interval"])
        return device


class DeviceEditForm(DeviceForm):
    """Edits a Device, and notices when somebody else changed it since the form was opened."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, instance: Device, **kwargs: Any) -> None:
        metrics = instance.metrics.all()
        self.existing_keys = {metric.key for metric in metrics}
        super().__init__(*args, instance=instance, **kwargs)
        intervals = {metric.expected_interval for metric in metrics}
        self.fields["metrics"].label = "Add metrics"
        self.fields["expected_interval"].required = False
        self.initial["expected_interval"] = intervals.pop() if len(intervals) == 1 else None
        self.initial["seen"] = self._version()
        rated = self.instance.rated_power
        self.initial["rated_power"] = int(rated) if rated and rated.is_integer() else rated

    def clean_expected_interval(self) -> int | None:
        """Refuse to give the amounts of intervals another length."""
        interval: int | None = self.cleaned_data["expected_interval"]
        for metric in self.instance.metrics.filter(type=MetricType.INTERVAL) if interval else ():
            metric.expected_interval = interval
            if relabelling := metric.relabelling():
                message = f"{metric.name}: {relabelling.consequence} {KeepingLabelsForm.hint}"
                raise forms.ValidationError(message, code="has_history")
        return interval

    def clean_seen(self) -> str:
        """Refuse to overwrite a newer version unseen; the values typed stay in the form."""
        seen: str = self.cleaned_data["seen"]
        if seen != self._version():
            data: Any = self.data.copy()  # type: ignore[attr-defined]
            data[self.add_prefix("seen")] = self._version()
            self.data = data
            raise forms.ValidationError(
                "Somebody else changed this device after you opened the form. Your entries are "
                "kept below; saving again replaces theirs.",
                code="changed_meanwhile",
            )
        return seen

    @transaction.atomic
    def save(self, commit: bool = True) -> Device:
        device = super().save(commit)
        for spec in self.selected_specs():
            if spec.key not in self.existing_keys:
                Metric.objects.create(device=device, **spec._asdict())
        interval = self.cleaned_data["expected_interval"]
        if interval:
            device.metrics.update(expected_interval=interval)
        return device

    def _version(self) -> str:
        return self.instance.updated_at.isoformat()


def _label(spec: MetricSpec) -> str:
    return spec.name if spec.unit == "1" else f"{spec.name} ({spec.unit})"
