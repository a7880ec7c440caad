"""The filters and the ordering of lists of Sites, on pages and in the API."""

from typing import Any

import django_filters
from django.utils import timezone

from devices.kinds import DeviceKind
from devices.models import Device
from energy.filters import OrderingFilter, SearchFilter
from metrics.reporting import SiteState, with_reporting

STATE_LABELS = (
    (SiteState.REPORTING.value, "All reporting"),
    (SiteState.PARTLY.value, "Partly reporting"),
    (SiteState.SILENT.value, "Not reporting"),
    (SiteState.EMPTY.value, "No devices"),
)


class SiteFilterSet(django_filters.FilterSet):
    """Sites by name, by how many of their Devices report, and by the kinds of their Devices."""

    search = SearchFilter(fields=("name", "slug", "address", "description"))
    name = django_filters.CharFilter(lookup_expr="icontains", max_length=120)
    state = django_filters.ChoiceFilter(
        label="Status", choices=STATE_LABELS, empty_label="Any status", method="in_state"
    )
    kind = django_filters.ChoiceFilter(
        label="Device kind", choices=DeviceKind, empty_label="Any device kind", method="with_kind"
    )
    ordering = OrderingFilter(
        fields=("name", "slug", "created_at", "updated_at", "device_count", "measured_at")
    )

    def filter_queryset(self, queryset: Any) -> Any:
        """Annotate what the ordering and `state` need, unless the view has done so, then filter."""
        ordering = " ".join(str(value) for value in self.form.cleaned_data["ordering"] or ())
        if "device_count" in ordering and "device_count" not in queryset.query.annotations:
            queryset = queryset.with_device_count()
        if ("measured_at" in ordering or self.form.cleaned_data["state"]) and (
            "state" not in queryset.query.annotations
        ):
            queryset = with_reporting(queryset, timezone.now())
        return super().filter_queryset(queryset)

    def in_state(self, queryset: Any, name: str, value: str) -> Any:
        """Sites in the given state now."""
        return queryset.filter(state=value)

    def with_kind(self, queryset: Any, name: str, value: str) -> Any:
        """Sites with at least one Device of the given kind."""
        return queryset.filter(pk__in=Device.objects.filter(kind=value).values("site"))
