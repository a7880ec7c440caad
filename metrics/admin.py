"""Metrics, their latest values and recent readings in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from energy.admin import ReadOnlyMixin, RefusalMessagesMixin, VisibleChoicesMixin, VisibleRowsMixin
from energy.errors import HistoryAway
from energy.instants import MICROS_PER_SECOND, from_micros, to_micros
from history import get_store
from ingest.admin import DeletesHistoryMixin
from metrics.forms import KeepingLabelsForm, RelabellingForm
from metrics.models import Latest, Metric

SHOWN = 20  # recent readings on a Metric's page
# The stock fields are 20 em wide each, and a row of them wider than the page.
SHORT_FIELDS: Any = {models.CharField: {"widget": forms.TextInput(attrs={"size": 16})}}


class DeviceMetricsFormSet(BaseInlineFormSet):
    """The Metrics of a Device, at least one of which has to stay."""

    def clean(self) -> None:
        super().clean()
        remaining = [form for form in self.forms if self._remains(form)]
        if self.instance.pk is None:
            # Used when the new Device is saved. The Metrics of this formset are added after it.
            self.instance.named_metrics = [] if remaining else None
        elif not remaining:
            raise ValidationError(
                "A device has at least one metric: keep one, or add another first.",
                code="last_metric",
            )

    def save(self, commit: bool = True) -> Any:
        """Delete after adding, so that one save can replace the last Metric by another."""
        self._to_delete: list[Metric] = []
        metrics = super().save(commit)
        for metric in self._to_delete:
            metric.delete()
        return metrics

    def delete_existing(self, obj: Metric, commit: bool = True) -> None:
        if commit:
            self._to_delete.append(obj)

    def _remains(self, form: forms.ModelForm) -> bool:
        return form not in self.deleted_forms and (
            form.instance.pk is not None or form.has_changed()
        )


class MetricInline(VisibleChoicesMixin, admin.TabularInline):
    """The Metrics on the page of a Device."""

    model = Metric
    form = KeepingLabelsForm
    formset = DeviceMetricsFormSet
    fields = ("key", "name", "unit", "type", "expected_interval", "rollover")
    verbose_name_plural = (
        "metrics: with none named, a new device gets its kind's; deleting one deletes its history"
    )
    extra = 0
    formfield_overrides = SHORT_FIELDS
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Metric]:
        return super().get_queryset(request).select_related("device")


@admin.register(Metric)
class MetricAdmin(DeletesHistoryMixin, RefusalMessagesMixin, VisibleRowsMixin, admin.ModelAdmin):
    """Metrics with their latest value."""

    form = RelabellingForm
    list_display = (
        "name",
        "key",
        "unit",
        "type",
        "device",
        "site",
        "latest_value",
        "measured_at",
    )
    list_filter = ("type", "device__kind", "unit")
    list_select_related = ("latest", "device__site")
    search_fields = ("name", "key", "device__name", "device__slug", "device__site__name")
    ordering = ("device__site__name", "device__name", "pk")
    autocomplete_fields = ("device",)
    readonly_fields = ("recent_readings",)

    @admin.display(ordering="device__site__name")
    def site(self, metric: Metric) -> str:
        """The Site of the Device."""
        return str(metric.device.site)

    @admin.display(ordering="latest__value")
    def latest_value(self, metric: Metric) -> float | None:
        """The newest value, in the Metric's unit."""
        return metric.latest.value if hasattr(metric, "latest") else None

    @admin.display(ordering="latest__timestamp", description="measured at (UTC)")
    def measured_at(self, metric: Metric) -> Any:
        """When the newest value was measured."""
        return metric.latest.timestamp if hasattr(metric, "latest") else None

    @admin.display(description="Recent readings (UTC)")
    def recent_readings(self, metric: Metric) -> SafeString | None:
        """A table of the readings in the last SHOWN intervals, newest first."""
        if not hasattr(metric, "latest"):
            return None
        try:
            rows = _recent_rows(metric)
        except HistoryAway as error:
            return format_html("<p>{}</p>", error.message)
        head = "<tr><th>Measured at</th><th>Value</th></tr>"
        body = format_html_join("", "<tr><td>{}</td><td>{} {}</td></tr>", rows)
        return format_html("<table><thead>" + head + "</thead><tbody>{}</tbody></table>", body)

    def save_model(self, request: HttpRequest, obj: Metric, form: Any, change: bool) -> None:
        if isinstance(form, RelabellingForm):  # a list that is edited has no box
            form.confirm(request.user)
        super().save_model(request, obj, form, change)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A Metric stays with its Device, which might otherwise be left without one."""
        return ("device", *self.readonly_fields) if obj else self.readonly_fields


@admin.register(Latest)
class LatestAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """The latest values of all Metrics, read-only."""

    list_display = ("metric", "site", "value", "unit", "timestamp", "received_at")
    list_filter = ("metric__device__kind", "metric__type")
    list_select_related = ("metric__device__site",)
    search_fields = (
        "metric__name",
        "metric__key",
        "metric__device__name",
        "metric__device__site__name",
    )
    ordering = ("-timestamp",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Latest]:
        visible = Metric.objects.visible_to(request.user)
        return super().get_queryset(request).filter(metric__in=visible)

    @admin.display(ordering="metric__device__site__name")
    def site(self, latest: Latest) -> str:
        """The Site of the Metric."""
        return str(latest.metric.device.site)

    @admin.display(ordering="metric__unit")
    def unit(self, latest: Latest) -> str:
        """The unit of the value."""
        return latest.metric.unit


def _recent_rows(metric: Metric) -> list[tuple[str, float, str]]:
    """(time, value, unit) of the readings in the last SHOWN intervals, newest first."""
    end = to_micros(metric.latest.timestamp) + 1
    start = end - SHOWN * metric.expected_interval * MICROS_PER_SECOND
    samples = get_store().read([metric.pk], start, end)[metric.pk]
    newest = zip(samples.timestamps[-SHOWN:].tolist(), samples.values[-SHOWN:], strict=True)
    return [
        (from_micros(micros).isoformat(" ", "milliseconds")[:-6], float(value), metric.unit)
        for micros, value in newest
    ][::-1]
