"""The filters and the ordering of lists of Subscriptions, on pages and in the API."""

import django_filters

from energy.filters import OrderingFilter, SearchFilter


class SubscriptionFilterSet(django_filters.FilterSet):
    """Subscriptions by words in their name and description."""

    search = SearchFilter(fields=("name", "description"))
    ordering = OrderingFilter(fields=("name", "created_at", "updated_at"))
