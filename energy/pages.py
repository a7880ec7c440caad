"""What the pages of all apps share: titles, breadcrumbs, time zone, and filtered lists."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import django_filters
from django.core.paginator import Page, Paginator
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.views.generic import ListView

from energy.access import RolePageMixin, VisibleObjectsMixin

_MOST_SHOWN = 40  # characters of what somebody has written into an address
_MOST_TOLD = 5  # of its faults


class PageMixin(RolePageMixin):
    """A page for signed-in users, with a title, a section and the time zone of its times.

    Nothing in its query string is ignored: a parameter that it does not know, one that is given
    twice, and a page of its list that is not there are said on it, with status 400. It is shown as
    it is without them.
    """

    section = ""
    title = ""
    # What the query string may have, beside what lists and histories take; of these what several
    # times.
    query_parameters: tuple[str, ...] = ()
    repeated_parameters: tuple[str, ...] = ()
    request: HttpRequest
    _page_fault = ""

    def get_title(self) -> str:
        """The heading and the browser's title."""
        return self.title

    def get_crumbs(self) -> list[tuple[str, str]]:
        """(name, url) of the pages above this one."""
        return []

    def get_sites(self) -> Iterable[Any]:
        """The Sites that the page is about, which decide its time zone."""
        return ()

    def get_zone(self) -> ZoneInfo:
        """The time zone the page shows times in."""
        return self.request.user.zone_for(self.get_sites())  # type: ignore[union-attr]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{
                "title": self.get_title(),
                "section": self.section,
                "crumbs": self.get_crumbs(),
                "now": timezone.now(),
                "zone": self.get_zone(),
                **kwargs,
            }
        )

    def known_parameters(self) -> set[str]:
        """What the query string may have."""
        paging = ("page",) if getattr(self, "paginate_by", None) else ()
        return {*self.query_parameters, *self.repeated_parameters, *paging}

    def paginate_queryset(self, queryset: Any, page_size: int) -> Any:
        """The page of a list that is asked for; where it is not there, the nearest that is."""
        paginator = self.get_paginator(queryset, page_size)  # type: ignore[attr-defined]
        page, self._page_fault = page_of(paginator, self.request.GET)
        return paginator, page, page.object_list, page.has_other_pages()

    def get_faults(self, context: dict[str, Any]) -> list[str]:
        """What is wrong with the query string, where no form says it."""
        if self.request.method not in ("GET", "HEAD"):
            return []
        faults = query_faults(self.request.GET, self.known_parameters(), self.repeated_parameters)
        return [*faults, *filter(None, [self._page_fault])]

    def get_status(self, context: dict[str, Any]) -> int:
        """The page's HTTP status: 400 where the query string is wrong."""
        return 200

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        context["faults"] = self.get_faults(context)
        kwargs.setdefault("status", 400 if context["faults"] else self.get_status(context))
        return super().render_to_response(context, **kwargs)


def query_faults(query: QueryDict, known: Collection[str], repeated: Collection[str]) -> list[str]:
    """A sentence for each parameter that is not known, or given twice where once is enough."""
    unknown = [f"There is no “{_short(name)}” here." for name in query if name not in known]
    twice = [
        f"Give “{name}” once."
        for name, values in query.lists()
        if name in known and name not in repeated and len(values) > 1
    ]
    return [*unknown, *twice][:_MOST_TOLD]


def page_of(paginator: Paginator, query: QueryDict) -> tuple[Page, str]:
    """The page that is asked for, or the nearest with a sentence that says why."""
    asked = query.get("page", "1")
    page = paginator.get_page(asked)
    if asked == str(page.number):
        return page, ""
    count = paginator.num_pages
    there = f"there are {count:,}" if count > 1 else "there is one"
    return page, f"There is no page “{_short(asked)}”: {there}."


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


class SavingMixin:
    """A page that saves a name which must be unique.

    Another request may save the same name between validation and saving. The form is then validated
    once more, and shows the error.
    """

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                return super().post(request, *args, **kwargs)
        except IntegrityError:
            return super().post(request, *args, **kwargs)


class BelowObjectMixin:
    """A page that is below its object's own page in the breadcrumb, such as edit and delete."""

    object_crumb: tuple[str, str]

    def get_object(self, queryset: Any = None) -> Any:
        saved = super().get_object(queryset)
        # Taken now, because a form writes what was typed into the object, valid or not.
        self.object_crumb = (str(saved), saved.get_absolute_url())
        return saved

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), self.object_crumb]


class Chip(NamedTuple):
    """A filter in use: its label, its value, and the query string without it."""

    label: str
    value: str
    without: str


class FilteredListView(PageMixin, VisibleObjectsMixin, ListView):
    """A list whose filters, ordering and page number are in the URL, with the API's filterset.

    An unknown filter value gives status 400, an error message and no rows.
    """

    filterset_class: type[django_filters.FilterSet]
    filterset: django_filters.FilterSet
    paginate_by = 50

    def known_parameters(self) -> set[str]:
        return super().known_parameters() | set(self.filterset_class.base_filters)

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        self.filterset = self.filterset_class(
            self.request.GET, queryset=self.annotated(rows), request=self.request
        )
        return self.filterset.qs if self.filterset.is_valid() else rows.none()

    def annotated(self, rows: Any) -> Any:
        """`rows` annotated with what the page shows of each."""
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{
                "filterset": self.filterset,
                "chips": list(chips(self.filterset, self.request.GET)),
                **kwargs,
            }
        )

    def get_status(self, context: dict[str, Any]) -> int:
        return 200 if self.filterset.is_valid() else 400


def chips(filterset: django_filters.FilterSet, query: QueryDict) -> Iterable[Chip]:
    """The filters in use, without the ordering."""
    for name, field in filterset.form.fields.items():
        if name == "ordering" or not query.get(name):
            continue
        in_words = getattr(filterset.filters[name], "in_words", str)
        labels = {str(key): str(label) for key, label in getattr(field, "choices", ())}
        without = query.copy()
        without.pop(name, None)
        without.pop("page", None)
        value = filterset.form.cleaned_data.get(name)
        label = _short(str(query[name])) if value in field.empty_values else in_words(value)
        yield Chip(
            str(field.label or name.capitalize()), labels.get(label, label), without.urlencode()
        )
