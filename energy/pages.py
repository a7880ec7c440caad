"""What the pages of all apps share: the verb check, the clock, titles, and filtered lists."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import django_filters
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.views.generic import ListView

from energy.access import RolePageMixin, VisibleObjectsMixin

ROWS_A_PAGE = 50


class PageMixin(RolePageMixin):
    """A page for people who signed in: its title, its section, and the zone its times are in."""

    section = ""
    title = ""
    request: HttpRequest

    def get_title(self) -> str:
        """The heading and the browser's title."""
        return self.title

    def get_crumbs(self) -> list[tuple[str, str]]:
        """(name, url) of the pages above this one."""
        return []

    def get_sites(self) -> Iterable[Any]:
        """The Sites the page is about: they decide its time zone."""
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

    def get_status(self, context: dict[str, Any]) -> int:
        """The page's HTTP status: 400 where the query string says what cannot be."""
        return 200

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        kwargs.setdefault("status", self.get_status(context))
        return super().render_to_response(context, **kwargs)


class SavingMixin:
    """A page that saves names which must be unique.

    Whoever loses a race to the database is validated again, against what the winner saved.
    """

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                return super().post(request, *args, **kwargs)
        except IntegrityError:
            return super().post(request, *args, **kwargs)


class BelowObjectMixin:
    """A page below its object's own in the breadcrumb (edit, delete), under the saved name."""

    above: tuple[str, str]

    def get_object(self, queryset: Any = None) -> Any:
        found = super().get_object(queryset)
        # A form writes what was typed into the object, valid or not; the breadcrumb keeps this.
        self.above = (str(found), found.get_absolute_url())
        return found

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), self.above]


class Chip(NamedTuple):
    """A filter in use: what it is, its value, and the query string without it."""

    label: str
    value: str
    without: str


class FilteredListView(PageMixin, VisibleObjectsMixin, ListView):
    """A page of a list that is narrowed, ordered and paged in the URL, by the API's filterset.

    An unknown filter value shows no rows and says what is wrong, with status 400.
    """

    filterset_class: type[django_filters.FilterSet]
    filterset: django_filters.FilterSet
    paginate_by = ROWS_A_PAGE

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        self.filterset = self.filterset_class(
            self.request.GET, queryset=self.annotated(rows), request=self.request
        )
        return self.filterset.qs if self.filterset.is_valid() else rows.none()

    def annotated(self, rows: Any) -> Any:
        """`rows` with what the page shows of each."""
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
    """The filters in use, ordering apart."""
    for name, field in filterset.form.fields.items():
        if name == "ordering" or not query.get(name):
            continue
        labels = {str(key): str(label) for key, label in getattr(field, "choices", ())}
        without = query.copy()
        without.pop(name, None)
        without.pop("page", None)
        value = filterset.form.cleaned_data.get(name) or query[name]
        label = labels.get(str(value), str(value))
        yield Chip(str(field.label or name.capitalize()), label, without.urlencode())
