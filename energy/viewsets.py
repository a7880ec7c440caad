"""What every viewset has."""

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
        """Filters narrow lists; an object is found by its id alone, and needs no filter's form."""
        return queryset if "pk" in self.kwargs else super().filter_queryset(queryset)  # type: ignore[attr-defined]

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Let go of the answer once it is written: it may be large, and only the server needs it.

        In a ring with its view it would stay until the garbage collector comes by.
        """
        answer = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(answer, Response):
            answer.add_post_render_callback(_untie)
        return answer

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What may be sent here; 404 where the row does not exist for this user."""
        if "pk" in kwargs:
            self.get_object()  # type: ignore[attr-defined]
        return super().options(request, *args, **kwargs)


def _untie(answer: Any) -> None:
    del answer.renderer_context["response"]
    answer.renderer_context["view"].response = None
