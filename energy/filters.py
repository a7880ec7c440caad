"""The filters that filtersets are made of; the same filtersets serve the API and the pages.

A filterset holds everything that narrows or orders a list, `search` and `ordering` included. So
the API and the pages understand the same query string, and an unknown value is an error on both.
"""

from collections.abc import Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import django_filters
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.forms import NumberInput


class SearchFilter(django_filters.CharFilter):
    """Keeps rows in which every word of the value occurs in any of `fields`, whatever its case."""

    def __init__(self, fields: Sequence[str], **kwargs: Any) -> None:
        super().__init__(label="Search", max_length=200, **kwargs)
        self.fields = fields

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        words = value.split() if value else []
        if not words:
            return qs
        return qs.filter(reduce(and_, (self._anywhere(word) for word in words)))

    def _anywhere(self, word: str) -> Q:
        return reduce(or_, (Q(**{f"{field}__icontains": word}) for field in self.fields))


class OrderingFilter(django_filters.OrderingFilter):
    """Orders by the named fields, nulls last, then by primary key, so that pages never overlap."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        terms = [_term(self.get_ordering_value(param)) for param in value or () if param]
        return qs.order_by(*terms, "pk") if terms else qs


class VisibleChoiceFilter(django_filters.ModelChoiceFilter):
    """The id of a row of `model` that the request's user sees; any other id is an error.

    It is a number field and not a dropdown, because there may be thousands of rows.
    """

    def __init__(self, model: type[Model], **kwargs: Any) -> None:
        super().__init__(queryset=model._default_manager.all(), widget=NumberInput, **kwargs)

    def get_queryset(self, request: Any) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.none() if request is None else rows.visible_to(request.user)


def _term(name: str) -> OrderBy:
    """One term of an ORDER BY. It places nulls, which databases do differently by default."""
    field = F(name.removeprefix("-"))
    return field.desc(nulls_last=True) if name.startswith("-") else field.asc(nulls_last=True)
