"""How a request chooses the format of an export."""

from typing import Any

from rest_framework.request import Request

from energy.parameters import Negotiation
from energy.renderers import FastJSONRenderer
from export.formats import CSV, NDJSON, PARQUET


class CsvRenderer(FastJSONRenderer):
    """Stands for CSV in the negotiation; all that it renders is errors, as JSON."""

    media_type = CSV.media_type
    format = CSV.name


class NdjsonRenderer(FastJSONRenderer):
    """Stands for newline-delimited JSON."""

    media_type = NDJSON.media_type
    format = NDJSON.name


class ParquetRenderer(FastJSONRenderer):
    """Stands for Parquet."""

    media_type = PARQUET.media_type
    format = PARQUET.name


class ExportNegotiation(Negotiation):
    """`?format=` takes precedence over the Accept header, which a link cannot set."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        if name := request.query_params.get("format"):
            renderer = self.filter_renderers(renderers, name)[0]
            return renderer, renderer.media_type
        return super().select_renderer(request, renderers, format_suffix)
