"""The action `export/` of Sites, Devices, Metrics and Subscriptions."""

from abc import ABC, abstractmethod
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header
from rest_framework.decorators import action
from rest_framework.exceptions import NotAcceptable
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from energy.compression import accepts_gzip, gzip_stream
from energy.errors import DomainError
from energy.instants import from_micros
from export.formats import CSV, FORMATS, PARQUET, Format
from export.parameters import ExportParameters
from export.parquet import is_installed
from export.renderers import CsvRenderer, ExportNegotiation, NdjsonRenderer, ParquetRenderer
from export.schema import EXPORT_SCHEMA
from export.services import Export, prepare_export
from export.slots import Slot, take_slot
from metrics.models import Metric
from timeseries.queries import TimeSeriesQuery


class ExportResponse(StreamingHttpResponse):
    """A file that is streamed, and the slot that it takes on the server meanwhile."""

    slot: Slot | None = None

    def close(self) -> None:
        """Release the slot, whether the file was read to its end or not."""
        super().close()
        if self.slot:
            self.slot.release()


class ExportMixin(ABC, GenericViewSet):
    """Adds the action `export/`: the history of an object's Metrics as a file."""

    @abstractmethod
    def exported_metrics(self, instance: Any) -> Iterable[Metric]:
        """The visible Metrics of an object, each fetched with its Device and Site."""

    def export_name(self, instance: Any) -> str:
        """What the file's name begins with."""
        return str(instance.slug)

    @EXPORT_SCHEMA
    @action(
        detail=True,
        query_parameters=ExportParameters.names(),
        renderer_classes=(CsvRenderer, NdjsonRenderer, ParquetRenderer),
        content_negotiation_class=ExportNegotiation,
        pagination_class=None,
        filterset_class=None,
        further_problems=(429,),
    )
    def export(self, request: Request, pk: str) -> StreamingHttpResponse:
        """Stream the file.

        What goes wrong before its first rows are read is an error like every other; what goes
        wrong later breaks the connection off, so that no half file looks whole.
        """
        instance = self.get_object()
        file_format = _negotiated_format(request)
        export, has_mark = _prepared(request, file_format, list(self.exported_metrics(instance)))
        response = ExportResponse(
            content_type=file_format.content_type,
            headers=_headers(export, file_format, self.export_name(instance)),
        )
        if request.method == "GET":
            response.slot = slot = take_slot(request.user)
            try:
                content = _started(file_format.write(export))
                if has_mark:
                    content = chain([BOM_UTF8], content)
            except BaseException:
                slot.release()
                raise
            if file_format.is_text:
                content = _compressed(content, request, response)
            response.streaming_content = content
        return response


def _negotiated_format(request: Request) -> Format:
    file_format = FORMATS[request.accepted_renderer.format]
    if file_format is PARQUET and not is_installed():
        raise NotAcceptable(
            "This server writes no Parquet: pyarrow is not installed (requirements-parquet.txt). "
            "Ask for csv or ndjson."
        )
    return file_format


def _prepared(
    request: Request, file_format: Format, metrics: Sequence[Metric]
) -> tuple[Export, bool]:
    """The export that is asked for, and whether it begins with a byte order mark."""
    parameters = ExportParameters.read(request)
    coverage, has_mark = parameters.pop("coverage"), parameters.pop("bom")
    if has_mark and file_format is not CSV:
        message = f"Only CSV begins with a byte order mark, not {file_format.name}."
        raise DomainError(message, code="contradiction", field="bom")
    query = TimeSeriesQuery(**parameters, own_time_zone=request.user.time_zone)  # type: ignore[union-attr]
    return prepare_export(metrics, query, timezone.now(), coverage=coverage), has_mark


def _headers(export: Export, file_format: Format, name: str) -> dict[str, str]:
    start, end = (from_micros(instant).strftime("%Y-%m-%dT%H%M") for instant in export.window)
    file_name = f"{name}_{start}Z_{end}Z_{export.resolution}.{file_format.name}"
    rows = export.rows()
    headers = {
        "Content-Disposition": content_disposition_header(True, file_name) or "attachment",
        "Cache-Control": "private, no-store",
        "X-Estimated-Rows": str(rows),
    }
    if file_format.is_text:
        headers["X-Estimated-Bytes"] = str(export.text_bytes(rows))
    return headers


def _started(pieces: Iterator[bytes]) -> Iterable[bytes]:
    """The same pieces, with the first rows already read, so that a failing store is an error."""
    return chain(list(islice(pieces, 2)), pieces)


def _compressed(
    pieces: Iterable[bytes], request: Request, response: StreamingHttpResponse
) -> Iterable[bytes]:
    patch_vary_headers(response, ["Accept-Encoding"])
    if not accepts_gzip(request.headers.get("Accept-Encoding", "")):
        return pieces
    response["Content-Encoding"] = "gzip"
    return gzip_stream(pieces)
