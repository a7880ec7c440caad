"""Query parameters are answered or refused, never ignored."""

from typing import Any, ClassVar

from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.settings import api_settings


class KnownParametersMixin:
    """Refuses (400) a query parameter that the endpoint does not know, or that is given twice.

    An extra action names its own: `@action(query_parameters=("ids",))`.
    """

    query_parameters: ClassVar[tuple[str, ...]] = ()
    # Statuses that it answers beside those that every endpoint may.
    further_problems: ClassVar[tuple[int, ...]] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if request.method in ("GET", "HEAD"):
            refuse_unknown(request, self.known_parameters())

    def known_parameters(self) -> set[str]:
        """The names this request may use."""
        known = set(self.query_parameters)
        if getattr(self, "action", None) == "list":
            paginator: Any = self.paginator  # type: ignore[attr-defined]
            known |= {paginator.page_query_param, paginator.page_size_query_param}
            known |= set(self.filterset_class.base_filters)  # type: ignore[attr-defined]
        return known


def refuse_unknown(request: Request, known: set[str]) -> None:
    """Raise ValidationError, naming each, for parameters not `known` or given more than once."""
    known = known | {str(api_settings.URL_FORMAT_OVERRIDE)}
    unknown = {name: ["There is no such parameter here."] for name in request.query_params}
    refused = {name: text for name, text in unknown.items() if name not in known}
    if refused:
        raise ValidationError(refused, code="unknown_parameter")
    repeated = [name for name, values in request.query_params.lists() if len(values) > 1]
    if repeated:
        raise ValidationError({name: ["Give it once."] for name in repeated}, code="repeated")


class Negotiation(DefaultContentNegotiation):
    """Accept header and `?format=`; an unknown format is a bad parameter, not a lost page."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:  # noqa: A002 - DRF's name
        known = [renderer for renderer in renderers if renderer.format == format]
        if not known:
            raise ValidationError({"format": [f"“{format}” is not offered here."]}, code="unknown")
        return known
