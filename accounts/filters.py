"""The filters and the ordering of lists of API tokens."""

import django_filters

from accounts.models import ApiToken
from energy.filters import OrderingFilter, SearchFilter, VisibleChoiceFilter
from sites.models import Site


class TokenFilterSet(django_filters.FilterSet):
    """API tokens by words in their name, by scope and by Site."""

    search = SearchFilter(fields=("name",))
    scope = django_filters.ChoiceFilter(choices=ApiToken.Scope.choices)
    site = VisibleChoiceFilter(Site)
    ordering = OrderingFilter(
        fields=(
            ("name", "name"),
            ("created", "created_at"),
            ("last_used_at", "last_used_at"),
            ("expiry", "expires_at"),
        )
    )
