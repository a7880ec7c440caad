"""Request bodies that hold readings."""

from typing import Any, ClassVar

from django.conf import settings
from rest_framework.parsers import BaseParser

from energy.compression import decompress
from ingest.csv_body import parse_csv
from ingest.json_body import parse_json
from ingest.ndjson_body import parse_ndjson


class ReadingsParser(BaseParser):
    """A body of readings, compressed with gzip or not, within the limits of the settings."""

    # Of a body and the number of readings that it may have.
    read: ClassVar[Any]

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """The ParsedReadings of the body; raises DomainError (400), TooLarge (413) or a 415."""
        encoding = parser_context["request"].headers.get("Content-Encoding", "")
        plain = decompress(stream.read(), encoding, settings.INGEST_MAX_UNPACKED_BYTES)
        return self.read(plain, settings.INGEST_MAX_READINGS)


class JsonReadingsParser(ReadingsParser):
    """Rows or columns in one JSON object."""

    media_type = "application/json"
    read = staticmethod(parse_json)


class NdjsonReadingsParser(ReadingsParser):
    """A JSON object a line."""

    media_type = "application/x-ndjson"
    read = staticmethod(parse_ndjson)


class CsvReadingsParser(ReadingsParser):
    """A line that names the columns, then a reading a line."""

    media_type = "text/csv"
    read = staticmethod(parse_csv)
