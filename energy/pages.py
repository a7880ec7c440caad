"""What the pages of all apps share: titles, breadcrumbs, time zone, and filtered lists."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import django_filters
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.views.generic import ListView

from energy.access import RolePageMixin, VisibleObjectsMixin


class PageMixin(RolePageMixin):
    """A page for signed-in users, with a title, a section and the time zone of its times."""

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

    def get_status(self, context: dict[str, Any]) -> int:
        """The page's HTTP status: 400 where the query string is wrong."""
        return 200

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        kwargs.setdefault("status", self.get_status(context))
        return super().render_to_response(context, **kwargs)


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
        labels = {str(key): str(label) for key, label in getattr(field, "choices", ())}
        without = query.copy()
        without.pop(name, None)
        without.pop("page", None)
        value = filterset.form.cleaned_data.get(name) or query[name]
        label = labels.get(str(value), str(value))
        yield Chip(str(field.label or name.capitalize()), label, without.urlencode())
