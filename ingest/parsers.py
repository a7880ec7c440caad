"""Request bodies that hold readings."""

from typing import Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from energy.compression import decompress
from energy.parsers import read_limited
from ingest.json_body import parse_json


class JsonReadingsParser(BaseParser):
    """`application/json`, compressed with gzip or not, within the limits of the settings."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """The ParsedReadings of the body; raises DomainError (400), TooLarge (413) or a 415."""
        body = read_limited(stream, settings.INGEST_MAX_BYTES)
        encoding = parser_context["request"].headers.get("Content-Encoding", "")
        plain = decompress(body, encoding, settings.INGEST_MAX_UNPACKED_BYTES)
        return parse_json(plain, settings.INGEST_MAX_READINGS)
