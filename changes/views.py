"""The page that lists changes."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from changes.filters import ChangeFilterSet
from changes.models import Change
from energy.pages import FilteredListView


class ChangeListView(FilteredListView):
    """Who changed what on the Sites that the user looks after."""

    queryset = Change.objects.select_related("content_type")
    filterset_class = ChangeFilterSet
    template_name = "changes/list.html"
    permission_required = "changes.view_change"
    section = "sites"
    title = "Changes"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.check_verb()
        return super().dispatch(request, *args, **kwargs)
