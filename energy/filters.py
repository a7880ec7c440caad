"""The building blocks of every filterset; the same filtersets serve the API and the pages.

A filterset holds all that narrows or orders a list, `search` and `ordering` included, so that both
faces understand the same query string, and an unknown value is an error on both.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import django_filters
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.forms import NumberInput


class SearchFilter(django_filters.CharFilter):
    """Every word of the value occurs, in any letter case, in at least one of `fields`."""

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
    """Orders by the named fields, unknown values last, then by primary key: pages never overlap."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        asked = [_term(self.get_ordering_value(param)) for param in value or () if param]
        return qs.order_by(*asked, "pk") if asked else qs


class VisibleChoiceFilter(django_filters.ModelChoiceFilter):
    """The id of a row of `model` that the request's user sees; any other id is an error.

    A number field, not a dropdown: nobody wants thousands of rows in a form.
    """

    def __init__(self, model: type[Model], **kwargs: Any) -> None:
        super().__init__(queryset=_visible(model), widget=NumberInput, **kwargs)


def _term(name: str) -> OrderBy:
    """One term of an ORDER BY; where nulls go differs between databases unless it is said."""
    field = F(name.removeprefix("-"))
    return field.desc(nulls_last=True) if name.startswith("-") else field.asc(nulls_last=True)


def _visible(model: type[Model]) -> Callable[[Any], QuerySet[Any]]:
    manager: Any = model._default_manager

    def rows(request: Any) -> QuerySet[Any]:
        return manager.none() if request is None else manager.visible_to(request.user)

    return rows
