"""The API of Metrics and their latest values."""

import re
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from energy.serializers import MAX_ID
from energy.viewsets import ApiMixin
from export.viewsets import ExportMixin
from ingest.viewsets import ReadingsMixin
from metrics.filters import MetricFilterSet
from metrics.latest import LatestValues, latest_value, latest_values
from metrics.models import Metric
from metrics.serializers import LatestListSerializer, LatestSerializer, MetricSerializer
from timeseries.answers import answer
from timeseries.labels import encoded
from timeseries.parameters import HistoryParameters, read_query
from timeseries.schema import TimeSeriesSerializer

MAX_IDS = 1_000
_LISTED_IDS = re.compile(r"[0-9]{1,19}(,[0-9]{1,19})*")
IDS = OpenApiParameter(
    "ids",
    {"type": "string", "pattern": r"^[0-9]+(,[0-9]+)*$"},
    required=True,
    description=f"Metric ids, separated by commas; at most {MAX_IDS:,}. An id that does not exist "
    "or that you may not see is a 400 that names it.",
)


class MetricViewSet(
    ExportMixin,
    ReadingsMixin,
    ApiMixin,
    mixins.CreateModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet,
):
    """The Metrics of the Devices you see, each with its latest value."""

    queryset = Metric.objects.with_latest()
    serializer_class = MetricSerializer
    filterset_class = MetricFilterSet
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> Any:
        """The visible Metrics; one that is changed stays as it was read until it is saved."""
        rows = super().get_queryset()
        changes = self.action == "partial_update"
        return rows.select_for_update(of=("self",)) if changes else rows

    @transaction.atomic
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().partial_update(request, *args, **kwargs)

    @transaction.atomic
    def perform_destroy(self, instance: Metric) -> None:
        """Delete a Metric with its history; deleting the last one of a Device is a 409."""
        instance.delete()

    @extend_schema(responses=LatestSerializer)
    @action(
        detail=True,
        url_path="latest",
        url_name="latest",
        queryset=Metric.objects.select_related("latest"),
    )
    def latest(self, request: Request, pk: str) -> Response:
        """The newest reading of the Metric."""
        return Response(latest_value(self.get_object(), timezone.now()))

    @extend_schema(parameters=[HistoryParameters], responses=TimeSeriesSerializer)
    @action(
        detail=True,
        query_parameters=HistoryParameters.names(),
        queryset=Metric.objects.for_history(),
    )
    def timeseries(self, request: Request, pk: str) -> Response:
        """The Metric's history over a window."""
        metrics = [self.get_object()]
        return Response(answer(metrics, read_query(request), timezone.now(), encoded))

    def exported_metrics(self, instance: Metric) -> list[Metric]:
        return [instance]

    def export_name(self, instance: Metric) -> str:
        return f"{instance.device.slug}_{instance.key}"

    @extend_schema(parameters=[IDS], responses=LatestListSerializer, filters=False)
    @action(
        detail=False,
        url_path="latest",
        url_name="latest-list",
        query_parameters=("ids",),
        needs_query=True,
        pagination_class=None,
        filterset_class=None,
    )
    def latest_of_several(self, request: Request) -> Response:
        """The newest readings of the Metrics named, in the order named."""
        ids = _ids(request.query_params.get("ids", ""))
        visible = Metric.objects.visible_to(request.user).among(ids).order_by()
        by_id = {latest.metric: latest for latest in latest_values(visible, timezone.now()).results}
        if len(by_id) < len(ids):
            unknown = ", ".join(str(metric) for metric in ids if metric not in by_id)
            raise _error(f"Unknown Metric: {unknown}.", "does_not_exist")
        return Response(LatestValues([by_id[metric] for metric in ids]))


def _ids(text: str) -> list[int]:
    """The ids in a text such as `1,2,3`, without repetitions, in their order."""
    if not _LISTED_IDS.fullmatch(text):
        raise _error("Metric ids, separated by commas.", "invalid")
    if text.count(",") >= MAX_IDS:
        raise _error(f"At most {MAX_IDS:,} ids at a time.", "too_many")
    ids = list(dict.fromkeys(map(int, text.split(","))))
    if max(ids) > MAX_ID:
        raise _error(f"Unknown Metric: {max(ids)}.", "does_not_exist")
    return ids


def _error(message: str, code: str) -> ValidationError:
    return ValidationError({"ids": [message]}, code=code)
