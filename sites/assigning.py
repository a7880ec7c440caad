"""The assignment of users to Sites, edited in the admin as a single field."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.db.models import QuerySet
from django.http import HttpRequest

from sites.models import SiteAssignment

FIELD = "assigned"
_PERMISSIONS = ("sites.add_siteassignment", "sites.delete_siteassignment")


class AssigningAdmin(admin.ModelAdmin):
    """Adds the field `assigned`: the Sites of a user, or the users of a Site.

    `own` and `other` name the relations of SiteAssignment to the edited row and to the assigned
    rows; `related` is the edited row's relation to those. Editors assign rows that they see, and
    rows that they do not see stay assigned. Inlines would take a form, with queries of its own, for
    each of a thousand assignments.
    """

    own: str
    other: str
    related: str
    assigned_label: str

    def needs_assignment(self, request: HttpRequest, obj: Any) -> bool:
        """Whether at least one row has to be assigned."""
        return False

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        base: Any = kwargs.pop("form", self.form)
        is_shown = FIELD not in self.get_readonly_fields(request, obj)
        fields = {FIELD: self._field(request, obj) if is_shown else None}
        form = type(base.__name__, (base,), fields)
        return super().get_form(request, obj, change, form=form, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.has_perms(_PERMISSIONS) else (*fields, FIELD)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if FIELD in form.changed_data:
            self._assign(form.instance, form.cleaned_data[FIELD], request.user)

    @admin.display
    def assigned(self, obj: Any) -> str:
        """The names of the assigned rows, for users who may not change them."""
        return ", ".join(map(str, getattr(obj, self.related).all()))

    def _field(self, request: HttpRequest, obj: Any) -> forms.ModelMultipleChoiceField:
        relation: Any = SiteAssignment._meta.get_field(self.other)
        visible = self._visible_to(request.user)
        assignments = SiteAssignment.objects.filter(**{self.own: obj}) if obj else ()
        return forms.ModelMultipleChoiceField(
            visible,
            required=self.needs_assignment(request, obj),
            initial=visible.filter(assignments__in=assignments) if obj else (),
            label=self.assigned_label,
            widget=AutocompleteSelectMultiple(relation, self.admin_site),
        )

    def _visible_to(self, user: Any) -> QuerySet[Any]:
        model: Any = SiteAssignment._meta.get_field(self.other).related_model
        return model._default_manager.visible_to(user)

    def _assign(self, obj: Any, rows: QuerySet[Any], user: Any) -> None:
        """Assign exactly `rows` of those that `user` sees, with the signals of each assignment."""
        assignments = SiteAssignment.objects.filter(**{self.own: obj})
        removed = self._visible_to(user).exclude(pk__in=rows)
        for assignment in assignments.filter(**{f"{self.other}__in": removed}):
            assignment.delete()
        assigned = set(assignments.values_list(self.other, flat=True))
        for row in rows:
            if row.pk not in assigned:
                SiteAssignment.objects.get_or_create(**{self.own: obj, self.other: row})
