"""Exports over HTTP: the same answer for a Subscription, a Site, a Device and a Metric."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header
from rest_framework.exceptions import NotAcceptable
from rest_framework.request import Request

from energy.instants import from_micros
from energy.parameters import Negotiation
from energy.renderers import FastJSONRenderer
from export.exports import Export, prepare
from export.formats import FORMATS, Format
from export.parquet import is_installed
from export.slots import Slot, take_slot
from metrics.models import Metric
from timeseries.parameters import read_query, read_switch

EXPORT_NAMES = (
    "start",
    "end",
    "resolution",
    "aggregate",
    "envelope",
    "coverage",
    "time_zone",
    "max_points",
    "fill",
)
_GZIP = 16 + zlib.MAX_WBITS
_FASTEST = 1


class CsvRenderer(FastJSONRenderer):
    """Picked for CSV; what it renders itself are errors, as JSON."""

    media_type = FORMATS["csv"].media_type
    format = "csv"


class NdjsonRenderer(FastJSONRenderer):
    """Picked for newline-delimited JSON."""

    media_type = FORMATS["ndjson"].media_type
    format = "ndjson"


class ParquetRenderer(FastJSONRenderer):
    """Picked for Parquet."""

    media_type = FORMATS["parquet"].media_type
    format = "parquet"


class ExportNegotiation(Negotiation):
    """`?format=` decides alone: a link cannot set the Accept header."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        if asked := request.query_params.get("format"):
            renderer = self.filter_renderers(renderers, asked)[0]
            return renderer, renderer.media_type
        return super().select_renderer(request, renderers, format_suffix)


# How `@action` makes an export of a viewset's method.
EXPORT_ACTION: dict[str, Any] = {
    "query_parameters": EXPORT_NAMES,
    "renderer_classes": (CsvRenderer, NdjsonRenderer, ParquetRenderer),
    "content_negotiation_class": ExportNegotiation,
    "pagination_class": None,
    "filterset_class": None,
    "further_problems": (429,),
}


class ExportResponse(StreamingHttpResponse):
    """A file that is streamed, and the room that it takes on the server meanwhile."""

    _slot: Slot | None = None

    def hold(self, slot: Slot) -> None:
        """Keep the room until the response is closed, read to its end or not."""
        self._slot = slot

    def close(self) -> None:
        super().close()
        if self._slot:
            self._slot.release()


def export_response(
    request: Request, metrics: Sequence[Metric], name: str
) -> StreamingHttpResponse:
    """The history of `metrics`, which the asker may see, as a file named after `name`.

    What goes wrong before the first rows were read is an error like every other; what goes wrong
    later breaks the connection off, so that no half file looks whole.
    """
    written = _format(request)
    asked = read_query(request)
    if "resolution" not in request.query_params:
        asked = replace(asked, resolution="raw")
    coverage = request.query_params.get("coverage", "false")
    export = prepare(metrics, asked, timezone.now(), coverage=read_switch("coverage", coverage))
    response = ExportResponse(content_type=_content_type(written))
    _describe(response, export, written, name)
    if request.method == "GET":
        response.hold(take_slot(request.user))
        try:
            content = _begun(export.stream(written))
        except BaseException:
            response.close()
            raise
        response.streaming_content = _packed(content, request, response, written)
    return response


def _format(request: Request) -> Format:
    written = FORMATS[request.accepted_renderer.format]
    if written.name == "parquet" and not is_installed():
        raise NotAcceptable(
            "This server writes no Parquet: pyarrow is not installed (requirements-parquet.txt). "
            "Ask for csv or ndjson."
        )
    return written


def _content_type(written: Format) -> str:
    return f"{written.media_type}; charset=utf-8" if written.is_text else written.media_type


def _describe(response: StreamingHttpResponse, export: Export, written: Format, name: str) -> None:
    rows = export.rows()
    start, end = (from_micros(instant).strftime("%Y-%m-%dT%H%M") for instant in export.window)
    file_name = f"{name}_{start}Z_{end}Z_{export.resolution}.{written.name}"
    response["Content-Disposition"] = content_disposition_header(True, file_name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    response["X-Estimated-Rows"] = str(rows)
    if written.is_text:
        response["X-Estimated-Bytes"] = str(export.text_bytes(rows))


def _begun(pieces: Iterator[bytes]) -> Iterable[bytes]:
    """The same pieces, the first with rows made already: a store that is away says so in time."""
    return chain(list(islice(pieces, 2)), pieces)


def _packed(
    pieces: Iterable[bytes], request: Request, response: StreamingHttpResponse, written: Format
) -> Iterable[bytes]:
    if not written.is_text:
        return pieces
    patch_vary_headers(response, ["Accept-Encoding"])
    if not _takes_gzip(request.headers.get("Accept-Encoding", "")):
        return pieces
    response["Content-Encoding"] = "gzip"
    return _gzipped(pieces)


def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip, and not with a weight of 0."""
    for coding in accepted.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    # Rows are so alike that the fastest level packs them nine to one.
    packer = zlib.compressobj(_FASTEST, wbits=_GZIP)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()
