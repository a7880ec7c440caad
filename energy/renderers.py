"""Answers as JSON."""

from typing import Any

import msgspec
from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.utils.encoding import force_str
from django.utils.functional import Promise
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

# For what libraries write with style attributes and elements; scripts stay the project's own.
INLINE_STYLES: Any = {"style-src": [SELF, UNSAFE_INLINE]}
_framework_types = JSONEncoder()


class FastJSONRenderer(JSONRenderer):
    """JSON by msgspec: ten times as fast as the standard library, and it takes structs as they are.

    NaN and infinities, which JSON does not have, become null.
    """

    def render(
        self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
    ) -> bytes:
        if data is None:
            return b""
        encoded = msgspec.json.encode(data, enc_hook=_plain)
        indent = self.get_indent(accepted_media_type or "", renderer_context or {})
        return msgspec.json.format(encoded, indent=indent) if indent else encoded


class BrowsableRenderer(BrowsableAPIRenderer):
    """The browsable API, whose templates have style attributes."""

    def render(
        self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
    ) -> str:
        _allow_inline_styles(renderer_context["response"])
        return str(super().render(data, accepted_media_type, renderer_context))


@csp_update(INLINE_STYLES)
def _allow_inline_styles(response: Any) -> Any:
    """Mark `response`, as django-csp's decorator does with whatever a view returns."""
    return response


def _plain(value: Any) -> Any:
    """Lazy translations and Django's and DRF's subclasses of str as plain values."""
    if isinstance(value, str):
        return str.__str__(value)
    return force_str(value) if isinstance(value, Promise) else _framework_types.default(value)
