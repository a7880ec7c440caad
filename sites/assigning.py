"""Who sees which Sites, edited in the admin as one field, however many they are."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.db.models import QuerySet
from django.http import HttpRequest

from sites.models import SiteAssignment

FIELD = "assigned"
_NEEDED = ("sites.add_siteassignment", "sites.delete_siteassignment")


class AssigningAdmin(admin.ModelAdmin):
    """Has the field `assigned`: the rows that a row's Site assignments lead to.

    `own` and `other` are the assignment's relations to the row and to those; `related` is how the
    row knows them. Editors assign what they see, and what they do not see stays assigned. As
    inlines, a thousand assignments would be as many forms, each of which asks the database.
    """

    own: str
    other: str
    related: str
    assigned_label: str

    def needs_assignment(self, request: HttpRequest, obj: Any) -> bool:
        """Whether the field must not be left empty."""
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
        return fields if request.user.has_perms(_NEEDED) else (*fields, FIELD)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if FIELD in form.changed_data:
            self._assign(form.instance, form.cleaned_data[FIELD], request.user)

    @admin.display
    def assigned(self, obj: Any) -> str:
        """The names, for those who may only look."""
        return ", ".join(map(str, getattr(obj, self.related).all()))

    def _field(self, request: HttpRequest, obj: Any) -> forms.ModelMultipleChoiceField:
        relation: Any = SiteAssignment._meta.get_field(self.other)
        seen = self._seen_by(request.user)
        assigned = SiteAssignment.objects.filter(**{self.own: obj}) if obj else ()
        return forms.ModelMultipleChoiceField(
            seen,
            required=self.needs_assignment(request, obj),
            initial=seen.filter(assignments__in=assigned) if obj else (),
            label=self.assigned_label,
            widget=AutocompleteSelectMultiple(relation, self.admin_site),
        )

    def _seen_by(self, user: Any) -> QuerySet[Any]:
        model: Any = SiteAssignment._meta.get_field(self.other).related_model
        return model._default_manager.visible_to(user)

    def _assign(self, obj: Any, chosen: QuerySet[Any], user: Any) -> None:
        """One by one, so that whoever records changes hears of each."""
        of_row = SiteAssignment.objects.filter(**{self.own: obj})
        gone = self._seen_by(user).exclude(pk__in=chosen)
        for assignment in of_row.filter(**{f"{self.other}__in": gone}):
            assignment.delete()
        assigned = set(of_row.values_list(self.other, flat=True))
        for row in chosen:
            if row.pk not in assigned:
                SiteAssignment.objects.get_or_create(**{self.own: obj, self.other: row})
