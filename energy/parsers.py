"""Request bodies."""

from codecs import BOM_UTF8
from typing import Any

import msgspec
from django.http import UnreadablePostError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from energy.bodies import max_body, told
from energy.errors import TooLarge
from energy.renderers import FastJSONRenderer


class StrictJSONParser(JSONParser):
    """JSON as RFC 8259 has it: UTF-8, no NaN, no infinities, no lone surrogates; size-limited.

    A byte order mark before it is ignored, as that standard allows.
    """

    renderer_class = FastJSONRenderer  # of the row to edit, in the browsable API's form

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """The decoded body.

        Raises ParseError (400) for what is not JSON, TooLarge (413) past what the view takes.
        """
        body = read_limited(stream, max_body((parser_context or {}).get("view")))
        try:
            return msgspec.json.decode(body.removeprefix(BOM_UTF8))
        except RecursionError as error:
            raise ParseError("The body is not JSON that can be read: nested too deeply.") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ParseError(f"The body is not JSON: {error}") from error


def read_limited(stream: Any, limit: int) -> bytes:
    """All of `stream`; raises TooLarge past `limit` bytes, ParseError when the client went away."""
    try:
        body = stream.read(limit + 1)
    except UnreadablePostError as error:
        raise ParseError("The body ended early.") from error
    if len(body) > limit:
        raise TooLarge(told(limit), code="body_too_large")
    return bytes(body)
