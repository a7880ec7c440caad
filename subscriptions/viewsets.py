"""The API of Subscriptions."""

from typing import Any, ClassVar

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.text import slugify
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from energy.viewsets import ApiMixin
from export.viewsets import ExportMixin
from live.viewsets import StreamMixin
from metrics.latest import latest_values
from metrics.models import Metric
from metrics.serializers import LatestListSerializer
from subscriptions.filters import SubscriptionFilterSet
from subscriptions.models import Subscription
from subscriptions.serializers import SubscriptionSerializer
from timeseries.answers import answer
from timeseries.labels import encoded
from timeseries.parameters import HistoryParameters, read_query
from timeseries.schema import TimeSeriesSerializer

# These actions query the visible Metrics themselves.
_QUERYING_METRICS = {"latest", "timeseries", "export", "stream"}


class SubscriptionViewSet(StreamMixin, ExportMixin, ApiMixin, ModelViewSet):
    """Your Subscriptions. Responses leave out Metrics that you may no longer see."""

    queryset = Subscription.objects.all()
    serializer_class = SubscriptionSerializer
    filterset_class = SubscriptionFilterSet
    verb_permissions: ClassVar[dict[str, str]] = {}  # Users may do everything with their own.

    def get_queryset(self) -> Any:
        if self.action in _QUERYING_METRICS:
            return super().get_queryset()
        visible = Metric.objects.visible_to(self.request.user).only("pk")
        metrics = Prefetch("metrics", visible, to_attr="visible_metrics")
        return super().get_queryset().prefetch_related(metrics)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        """Save, and fetch what is stored with its visible Metrics for the response."""
        serializer.instance = self.get_queryset().get(pk=serializer.save().pk)

    perform_create = perform_update

    @extend_schema(responses=LatestListSerializer)
    @action(detail=True, pagination_class=None, filterset_class=None)
    def latest(self, request: Request, pk: str) -> Response:
        """The newest reading of each of its Metrics."""
        return Response(latest_values(self._visible_metrics(), timezone.now()))

    @extend_schema(parameters=[HistoryParameters], responses=TimeSeriesSerializer)
    @action(
        detail=True,
        query_parameters=HistoryParameters.names(),
        pagination_class=None,
        filterset_class=None,
    )
    def timeseries(self, request: Request, pk: str) -> Response:
        """The history of its Metrics over a window, all on one set of timestamps."""
        metrics = list(self._visible_metrics().for_history())
        return Response(answer(metrics, read_query(request), timezone.now(), encoded))

    def exported_metrics(self, instance: Subscription) -> Any:
        return instance.metrics.visible_to(self.request.user).select_related("device__site")

    def export_name(self, instance: Subscription) -> str:
        return slugify(instance.name) or f"subscription-{instance.pk}"

    def _visible_metrics(self) -> Any:
        return self.get_object().metrics.visible_to(self.request.user)
