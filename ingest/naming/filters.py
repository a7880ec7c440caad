"""The filters and the ordering of lists of names from outside, on pages and in the API."""

from typing import Any

import django_filters

from energy.filters import OrderingFilter, SearchFilter, VisibleChoiceFilter
from ingest.models import Discovered
from metrics.models import Metric
from sites.models import Site


class StateFilter(django_filters.ChoiceFilter):
    """Names that wait, unless those that are ignored are asked for."""

    def filter(self, qs: Any, value: str) -> Any:
        return qs.filter(is_ignored=value == Discovered.Standing.IGNORED)


class DiscoveredFilterSet(django_filters.FilterSet):
    """Names that nothing maps by Site, source, and whether they wait or are ignored."""

    search = SearchFilter(fields=("name", "friendly_name", "device_name", "source", "site__name"))
    site = VisibleChoiceFilter(Site)
    source = django_filters.CharFilter(max_length=80)
    device_name = django_filters.CharFilter(label="Device", max_length=120)
    state = StateFilter(
        label="State",
        choices=Discovered.Standing.choices,
        empty_label=None,
    )
    ordering = OrderingFilter(
        fields=(
            ("name", "name"),
            ("source", "source"),
            ("count", "count"),
            ("waiting", "waiting"),
            ("first_seen", "first_seen"),
            ("last_seen", "last_seen"),
        )
    )


class AliasFilterSet(django_filters.FilterSet):
    """Aliases by Site, source and Metric."""

    search = SearchFilter(
        fields=("name", "source", "metric__name", "metric__key", "metric__device__name")
    )
    site = VisibleChoiceFilter(Site)
    source = django_filters.CharFilter(max_length=80)
    metric = VisibleChoiceFilter(Metric)
    ordering = OrderingFilter(fields=(("name", "name"), ("source", "source"), ("pk", "id")))
