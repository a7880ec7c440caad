"""The API of names from outside."""

from typing import Any, ClassVar

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ModelViewSet

from energy.viewsets import ApiMixin
from ingest.models import Alias, Discovered
from ingest.naming.filters import AliasFilterSet, DiscoveredFilterSet
from ingest.naming.serializers import (
    AcceptedNameSerializer,
    AcceptSerializer,
    AliasSerializer,
    DiscoveredSerializer,
)
from ingest.naming.services import ignore, take_back

_VIEW = dict.fromkeys(("GET", "HEAD", "OPTIONS"), "view")
_VERBS = _VIEW | {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


class DiscoveredViewSet(ApiMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Names from outside that nothing maps, with how much of each waits for a Metric.

    Technicians see those of their Sites and their own, administrators all.
    """

    queryset = Discovered.objects.all()
    serializer_class = DiscoveredSerializer
    filterset_class = DiscoveredFilterSet
    verb_permissions: ClassVar[dict[str, str]] = {
        **dict.fromkeys(_VIEW, "ingest.view_discovered"),
        **dict.fromkeys(("POST", "DELETE"), "ingest.change_discovered"),
    }

    @extend_schema(request=AcceptSerializer, responses=AcceptedNameSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def accept(self, request: Request, pk: str) -> Response:
        """Let the name stand for a Metric, and store what waited; all of it, or nothing.

        A reading that waited takes the place of one of the same instant.
        """
        context = {**self.get_serializer_context(), "discovered": self.get_object()}
        serializer = AcceptSerializer(data=request.data, context=context)
        serializer.is_valid(raise_exception=True)
        return Response(AcceptedNameSerializer(serializer.save()).data)

    @extend_schema(request=None, responses=DiscoveredSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def ignore(self, request: Request, pk: str) -> Response:
        """Ignore the name for good, and drop what waits. DELETE takes that back."""
        ignore(row := self.get_object())
        row.refresh_from_db()
        return Response(self.get_serializer(row).data)

    @extend_schema(request=None, responses=DiscoveredSerializer)
    @ignore.mapping.delete
    def take_back(self, request: Request, pk: str) -> Response:
        """No longer ignore the name: what comes under it waits again."""
        take_back(row := self.get_object())
        row.refresh_from_db()
        return Response(self.get_serializer(row).data)


class AliasViewSet(ApiMixin, ModelViewSet):
    """Which Metrics names from outside stand for. Changing an alias changes no stored reading.

    Technicians see those of their Sites and their own, administrators all.
    """

    queryset = Alias.objects.select_related("site", "metric")
    serializer_class = AliasSerializer
    filterset_class = AliasFilterSet
    verb_permissions: ClassVar[dict[str, str]] = {
        method: f"ingest.{verb}_alias" for method, verb in _VERBS.items()
    }

    def get_queryset(self) -> Any:
        """The visible aliases; one that is changed stays as it was read until it is saved."""
        rows = super().get_queryset()
        changes = self.action in ("update", "partial_update")
        return rows.select_for_update(of=("self",)) if changes else rows

    @transaction.atomic
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().update(request, *args, **kwargs)
