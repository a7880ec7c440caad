"""Request bodies."""

from codecs import BOM_UTF8
from typing import Any

import msgspec
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from energy.renderers import FastJSONRenderer


class StrictJSONParser(JSONParser):
    """JSON as RFC 8259 has it: UTF-8, no NaN, no infinities, no lone surrogates.

    A byte order mark before it is ignored, as that standard allows.
    """

    renderer_class = FastJSONRenderer  # of the row to edit, in the browsable API's form

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """The decoded body. Raises ParseError (400) for what is not JSON."""
        try:
            return msgspec.json.decode(stream.read().removeprefix(BOM_UTF8))
        except RecursionError as error:
            raise ParseError("The body is not JSON that can be read: nested too deeply.") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ParseError(f"The body is not JSON: {error}") from error
