"""What narrows and orders a list of Subscriptions, on pages and in the API."""

import django_filters

from energy.filters import OrderingFilter, SearchFilter
from subscriptions.models import Subscription


class SubscriptionFilterSet(django_filters.FilterSet):
    """A user's Subscriptions by words in name and description."""

    search = SearchFilter(fields=("name", "description"))
    ordering = OrderingFilter(fields=("name", "created_at", "updated_at"))

    class Meta:
        model = Subscription
        fields: tuple[str, ...] = ()
