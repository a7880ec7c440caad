"""The API's description for programs and for people."""

from functools import cache
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)

# Both viewers write style elements of their own; scripts stay the project's alone.
_STYLED: Any = {"style-src": [SELF, UNSAFE_INLINE]}
_STYLED_WITH_WORKER: Any = {**_STYLED, "worker-src": [SELF, "blob:"]}


@cache
def _described() -> Any:
    """The description; it follows from the code alone, and takes a second to put together."""
    return SchemaGenerator().get_schema(request=None, public=True)


class OnceGenerator(SchemaGenerator):
    """Generates what `_described` keeps."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        return _described()


class SchemaView(SpectacularAPIView):
    """OpenAPI 3.1, as YAML or with `?format=json` as JSON."""

    generator_class = OnceGenerator


@method_decorator(csp_update(_STYLED), name="dispatch")
class SwaggerView(SpectacularSwaggerSplitView):
    """Swagger UI, with its script in a file of its own."""

    http_method_names = ["get", "head"]


@method_decorator(csp_update(_STYLED_WITH_WORKER), name="dispatch")
class RedocView(SpectacularRedocView):
    """Redoc, without the fonts it would fetch from elsewhere."""

    template_name = "energy/redoc.html"
    http_method_names = ["get", "head"]
