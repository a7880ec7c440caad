"""What all admin pages share: each user sees their own rows, and refusals become messages."""

from collections.abc import Callable
from typing import Any

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import DataError, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse

from energy.errors import DomainError

STYLE_ATTRIBUTES: Any = {"style-src-attr": [UNSAFE_INLINE]}
TAKEN = "This is not available: choose another."


class ProjectAdminSite(admin.AdminSite):
    """The admin site. People sign in to it on the project's own sign-in page, and nowhere else."""

    site_header = "Energy management: administration"
    site_title = "Energy administration"
    index_title = "Sites, people and equipment"
    empty_value_display = "–"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Any page of the admin: markup of its pickers has style attributes, but no elements."""
        return csp_update(STYLE_ATTRIBUTES)(super().admin_view(view, cacheable))

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Redirect to the sign-in page. A signed-in user who may not enter the admin gets a 403."""
        if self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        if request.user.is_authenticated:
            raise PermissionDenied
        asked = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
        return redirect_to_login(asked, reverse("login"))

    def get_urls(self) -> list[Any]:
        """Django's own addresses, with a "view on site" that respects what the user may see."""
        seen = path(
            "r/<int:content_type_id>/<path:object_id>/",
            self.admin_view(self.view_on_site),
            name="view_on_site",
        )
        stock = super().get_urls()
        return [seen, *(url for url in stock if getattr(url, "name", "") != seen.name)]

    def view_on_site(
        self, request: HttpRequest, content_type_id: int, object_id: str
    ) -> HttpResponse:
        """Redirect to an object's own page; 404 where the admin would not list the object."""
        model = get_object_or_404(ContentType, pk=content_type_id).model_class()
        if model is None or not self.is_registered(model):
            raise Http404
        shown: Any = self.get_model_admin(model).get_object(request, object_id)
        if not hasattr(shown, "get_absolute_url"):
            raise Http404
        return HttpResponseRedirect(shown.get_absolute_url())


class StrictList(ChangeList):
    """A list that survives any text in its filters.

    Django validates some filter values only when it fetches the rows, and then fails with a 500.
    Such a value is answered here like every other wrong filter: with the unfiltered list.
    """

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        except (ValueError, OverflowError, DataError) as error:
            raise IncorrectLookupParameters(error) from error


class StrictAddressesMixin:
    """Answers 404 instead of failing where an address cannot be that of a row or field."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StrictList

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        try:
            return super().get_object(request, object_id, from_field or None)
        except OverflowError:  # SQLite's library, for a number that no column holds
            return None


class VisibleChoicesMixin(StrictAddressesMixin):
    """Limits the choices of every relation, shown and accepted, to rows that the user sees."""

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> QuerySet[Any] | None:
        offered = super().get_field_queryset(db, db_field, request)
        rows = db_field.remote_field.model._default_manager.all() if offered is None else offered
        return rows.visible_to(request.user) if hasattr(rows, "visible_to") else offered


class VisibleRowsMixin(VisibleChoicesMixin):
    """Limits lists, forms, autocompletion and error messages to rows that the user sees."""

    model: Any

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).visible_to(request.user)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Word uniqueness errors so that they do not reveal a row that the user cannot see."""
        unique = {
            field.name: {"unique": TAKEN} for field in self.model._meta.fields if field.unique
        }
        return super().get_form(request, *args, **{"error_messages": unique, **kwargs})

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Name the related rows only to superusers; others see their number, as some are hidden."""
        listed, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        if not request.user.is_superuser:
            listed = [entry for entry in listed if not isinstance(entry, list)]
        return listed, counts, perms_needed, protected


class RefusalMessagesMixin:
    """Turns a DomainError into a message on the page and rolls the whole request back."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(super().changeform_view, request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(super().delete_view, request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(super().changelist_view, request, *args, **kwargs)

    def _told(
        self, view: Callable[..., HttpResponse], request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        try:
            with transaction.atomic():
                return view(request, *args, **kwargs)
        except DomainError as refusal:
            messages.error(request, refusal.message)
            return HttpResponseRedirect(request.get_full_path())


class ReadOnlyMixin(StrictAddressesMixin):
    """A model that the admin shows and never changes."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
