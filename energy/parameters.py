"""Query parameters that an endpoint does not know are refused, not ignored."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, ClassVar

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.settings import api_settings

_SWITCH = {"true": True, "false": False}


@extend_schema_field(
    {
        "type": "string",
        "anyOf": [{"format": "date-time"}, {"format": "date"}],
        "examples": ["2026-06-01T00:00:00+02:00", "2026-06-01"],
    }
)
class MomentField(serializers.Field):
    """An instant, or a date."""

    default_error_messages = {
        "invalid": "Write RFC 3339 with an offset, 2026-06-01T12:00:00Z, or a date, 2026-06-01."
    }

    def to_internal_value(self, data: str) -> datetime | date:
        # A plus sign that was not percent-encoded arrives as a space.
        head, space, offset = data.rpartition(" ")
        text = f"{head}+{offset}" if space and len(offset) == len("00:00") else data
        kind = date if len(data) == len("2026-06-01") else datetime
        try:
            moment = msgspec.convert(text, kind)
        except msgspec.ValidationError:
            self.fail("invalid")
        return moment


class SwitchField(serializers.BooleanField):
    """The words true and false, and no others."""

    default_error_messages = {"invalid": "Either true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if data not in _SWITCH:
            self.fail("invalid")
        return _SWITCH[data]


class WordField(serializers.Field):
    """Text, described as one of `choices` where there are any.

    It is taken as it is: the service that knows what each choice means refuses all others.
    """

    def __init__(self, choices: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = tuple(choices)
        enum = {"enum": sorted(self.choices)} if self.choices else {}
        extend_schema_field({"type": "string", **enum})(self)  # type: ignore[type-var]

    def to_internal_value(self, data: str) -> str:
        return data


class Parameters(serializers.Serializer):
    """The parameters of a query string: how they are described, and how they are read.

    The class is given to `extend_schema(parameters=[...])`, its `names()` to `@action`.
    """

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """What the query string may have."""
        return tuple(cls().fields)

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """The values by name, with defaults. Raises ValidationError naming what is wrong."""
        parameters = cls(data=request.query_params.dict())
        parameters.is_valid(raise_exception=True)
        return dict(parameters.validated_data)


class KnownParametersMixin:
    """Refuses with 400 a query parameter that the endpoint does not know, or that is given twice.

    An extra action declares its own: `@action(query_parameters=("ids",))`.
    """

    query_parameters: ClassVar[tuple[str, ...]] = ()
    # Of an extra action: whether it answers nothing without a query.
    needs_query: ClassVar[bool] = False
    # Statuses that it answers beside those that every endpoint may.
    further_problems: ClassVar[tuple[int, ...]] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if request.method in ("GET", "HEAD"):
            refuse_unknown(request, self.known_parameters())

    def known_parameters(self) -> set[str]:
        """The query parameters that this request may have."""
        names = set(self.query_parameters)
        if getattr(self, "action", None) == "list":
            paginator: Any = self.paginator  # type: ignore[attr-defined]
            names |= {paginator.page_query_param, paginator.page_size_query_param}
            names |= set(self.filterset_class.base_filters)  # type: ignore[attr-defined]
        return names


def refuse_unknown(request: Request, known: Iterable[str]) -> None:
    """Raise ValidationError, naming each, for parameters not `known` or given more than once."""
    known = {*known, str(api_settings.URL_FORMAT_OVERRIDE)}
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        message = "There is no such parameter here."
        raise ValidationError({name: [message] for name in unknown}, code="unknown_parameter")
    repeated = [name for name, values in request.query_params.lists() if len(values) > 1]
    if repeated:
        raise ValidationError({name: ["Give it once."] for name in repeated}, code="repeated")


class Negotiation(DefaultContentNegotiation):
    """Chooses by the Accept header and `?format=`; an unknown format is a 400 and not a 404."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:  # noqa: A002 - DRF's name
        matching = [renderer for renderer in renderers if renderer.format == format]
        if not matching:
            raise ValidationError({"format": [f"“{format}” is not offered here."]}, code="unknown")
        return matching
