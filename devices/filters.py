"""The filters and the ordering of lists of Devices, on pages and in the API."""

import django_filters

from devices.kinds import DeviceKind, DeviceStatus
from energy.filters import OrderingFilter, SearchFilter, VisibleChoiceFilter
from sites.models import Site


class DeviceFilterSet(django_filters.FilterSet):
    """Devices by Site, kind and status."""

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
