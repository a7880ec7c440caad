"""How exports are described in the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from export.formats import FORMATS
from export.parameters import ExportParameters


def _header(name: str, description: str, schema: Any = int) -> OpenApiParameter:
    return OpenApiParameter(
        name, schema, OpenApiParameter.HEADER, description=description, response=[200]
    )


_HEADERS = [
    _header(
        "X-Estimated-Rows",
        "How many rows the file will have, for a progress bar: the readings stored when it began, "
        "or the buckets of the window (with `fill=none` at most so many).",
    ),
    _header("X-Estimated-Bytes", "Roughly how large CSV or JSON will be, before gzip."),
    _header("Content-Disposition", "The file's name: of what, from when to when.", str),
]
_DESCRIPTION = """The whole window as a file, streamed and never cut; the last 24 h unless told
otherwise.

Raw readings are a row each: `site`, `device` (slugs), `key`, `unit`, `timestamp`, `value`, by
Metric, then time. `import_readings` takes such a CSV back.

Buckets are a row each, with a column for each Metric headed `site/device/key aggregate [unit]`,
and with `envelope` and `coverage` their columns beside it. What is not known is an empty cell in
CSV and null elsewhere. `fill=linear` takes at most 1,000,000 values.

Values are in the unit they are stored in. In CSV, text that a spreadsheet would run as a formula
has an apostrophe before it, which `import_readings` takes off again; with `bom=true` Excel knows
the file for UTF-8. `format` decides before the Accept header does; CSV and NDJSON are packed with
gzip for whoever accepts it. Parquet is 406 where the server has no library for it.

An export that fails midway breaks the connection off: no terminating chunk, no gzip trailer, no
Parquet footer. So does one that is read too slowly. Two run at once for a user, and as many in all
as half of the server's threads; one more is a 429. Of a window of more than 10,000 buckets the
empty ones before the first reading and behind the last are left out. HEAD answers the headers
alone, so the size can be asked for first."""
_TEXT: Any = {"type": "string"}
_BINARY: Any = {"type": "string", "format": "binary"}

EXPORT_SCHEMA = extend_schema(
    description=_DESCRIPTION,
    parameters=[ExportParameters, *_HEADERS],
    responses={
        (200, each.media_type): OpenApiResponse(_TEXT if each.is_text else _BINARY)
        for each in FORMATS.values()
    },
    filters=False,
)
