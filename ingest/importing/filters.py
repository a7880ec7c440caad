"""The filters and the ordering of lists of imports, on pages and in the API."""

import django_filters

from devices.models import Device
from energy.filters import OrderingFilter, SearchFilter, VisibleChoiceFilter
from ingest.models import Import
from sites.models import Site


class ImportFilterSet(django_filters.FilterSet):
    """Imports by Site, Device and how far they are."""

    search = SearchFilter(fields=("file_name",))
    site = VisibleChoiceFilter(Site)
    device = VisibleChoiceFilter(Device)
    state = django_filters.ChoiceFilter(choices=Import.State, empty_label="Any state")
    ordering = OrderingFilter(fields=(("pk", "id"), ("file_name", "file_name")))
