"""The filters and the ordering of lists of Devices, on pages and in the API."""

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef
from django.utils import timezone

from devices.kinds import DeviceKind, DeviceStatus
from energy.filters import OrderingFilter, SearchFilter, VisibleChoiceFilter
from metrics.filters import STATE_LABELS
from metrics.freshness import Freshness
from metrics.models import Metric
from sites.models import Site


class DeviceFilterSet(django_filters.FilterSet):
    """Devices by Site, kind, status, and how fresh the latest of their values is."""

    search = SearchFilter(
        fields=("name", "slug", "manufacturer", "model", "serial_number", "site__name")
    )
    site = VisibleChoiceFilter(Site)
    kind = django_filters.ChoiceFilter(
        label="Device kind", choices=DeviceKind, empty_label="Any device kind"
    )
    status = django_filters.ChoiceFilter(
        label="Status", choices=DeviceStatus, empty_label="Any status"
    )
    state = django_filters.ChoiceFilter(
        label="Latest value",
        choices=STATE_LABELS,
        empty_label="Any latest value",
        method="in_state",
    )
    ordering = OrderingFilter(
        fields=(
            ("name", "name"),
            ("kind", "kind"),
            ("status", "status"),
            ("site__name", "site"),
            ("created_at", "created_at"),
            ("updated_at", "updated_at"),
        )
    )

    def in_state(self, queryset: Any, name: str, value: str) -> Any:
        """Devices whose freshest Metric is in the given state now."""
        now, metrics = timezone.now(), Metric.objects.filter(device=OuterRef("pk"))
        # In the order of their freshness.
        for fresher in Freshness:
            if fresher == value:
                break
            queryset = queryset.exclude(Exists(metrics.in_state(fresher, now)))
        return queryset.filter(Exists(metrics.in_state(value, now)))
