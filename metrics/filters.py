"""The filters and the ordering of lists of Metrics, on pages and in the API."""

from typing import Any

import django_filters
from django.utils import timezone

from devices.kinds import DeviceKind
from devices.models import Device
from energy.filters import OrderingFilter, SearchFilter, VisibleChoiceFilter
from metrics.freshness import Freshness
from sites.models import Site

STATE_LABELS = tuple((state.value, state.value.capitalize()) for state in Freshness)


class MetricFilterSet(django_filters.FilterSet):
    """Metrics by Site, Device, what they measure and how fresh their latest value is."""

    search = SearchFilter(fields=("name", "key", "device__name", "device__site__name"))
    site = VisibleChoiceFilter(Site, field_name="device__site")
    device = VisibleChoiceFilter(Device)
    kind = django_filters.ChoiceFilter(
        label="Device kind", field_name="device__kind", choices=DeviceKind
    )
    key = django_filters.CharFilter(max_length=64)
    unit = django_filters.CharFilter(max_length=16)
    state = django_filters.ChoiceFilter(
        label="Latest value", choices=STATE_LABELS, method="in_state"
    )
    ordering = OrderingFilter(
        fields=(
            ("pk", "id"),
            ("key", "key"),
            ("name", "name"),
            ("unit", "unit"),
            ("device__name", "device"),
            ("device__site__name", "site"),
            ("latest__timestamp", "timestamp"),
        )
    )

    def in_state(self, queryset: Any, name: str, value: str) -> Any:
        """Metrics whose latest value is in the given state now."""
        return queryset.in_state(value, timezone.now())
