"""The API of changes, which nobody can edit."""

from typing import ClassVar

from rest_framework import mixins
from rest_framework.viewsets import GenericViewSet

from changes.filters import ChangeFilterSet
from changes.models import Change
from changes.serializers import ChangeSerializer
from energy.viewsets import ApiMixin


class ChangeViewSet(ApiMixin, mixins.ListModelMixin, GenericViewSet):
    """Who changed what on the Sites you look after, the newest first."""

    queryset = Change.objects.select_related("content_type")
    serializer_class = ChangeSerializer
    filterset_class = ChangeFilterSet
    verb_permissions: ClassVar[dict[str, str]] = dict.fromkeys(
        ("GET", "HEAD"), "changes.view_change"
    )
