"""What every viewset has."""

from typing import Any

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

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What may be sent here; 404 where the row does not exist for this user."""
        if "pk" in kwargs:
            self.get_object()  # type: ignore[attr-defined]
        return super().options(request, *args, **kwargs)
