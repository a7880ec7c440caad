"""What all viewsets share."""

from typing import Any

from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from energy.access import VisibleObjectsMixin
from energy.parameters import KnownParametersMixin


class ApiMixin(KnownParametersMixin, VisibleObjectsMixin):
    """Visible rows only, known parameters only, numeric ids."""

    lookup_value_converter = "int"

    def filter_queryset(self, queryset: Any) -> Any:
        """Filter lists only: an object is found by its id, so the filters' form is not needed."""
        return queryset if self._is_of_one_row() else super().filter_queryset(queryset)

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Break the reference cycle of response and view once the response is rendered.

        A response may be large, and in a cycle it would stay until the garbage collector runs.
        """
        response = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(response, Response):
            response.add_post_render_callback(_break_cycle)
        return response

    def get_extra_action_url_map(self) -> dict[str, str]:
        """What the browsable API links to: only addresses that answer as they stand."""
        links: dict[str, str] = super().get_extra_action_url_map()
        for action in self.get_extra_actions():  # type: ignore[attr-defined]
            if action.kwargs.get("needs_query") and action.detail == self.detail:  # type: ignore[attr-defined]
                del links[type(self)(**action.kwargs).get_view_name()]  # type: ignore[attr-defined]
        return links

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Describe what may be sent here; 404 where the row does not exist for this user."""
        if self._is_of_one_row():
            self.get_object()  # type: ignore[attr-defined]
        return super().options(request, *args, **kwargs)

    def _is_of_one_row(self) -> bool:
        """Whether the address names a row."""
        view: Any = self
        return (view.lookup_url_kwarg or view.lookup_field) in view.kwargs


def _break_cycle(response: Any) -> None:
    del response.renderer_context["response"]
    response.renderer_context["view"].response = None
