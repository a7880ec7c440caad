"""The API's description for programs and for people."""

from functools import cache
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)

from energy.parameters import KnownParametersMixin
from energy.renderers import INLINE_STYLES


@cache
def _schema() -> Any:
    """The OpenAPI document, kept because it depends on the code alone and takes a second."""
    return SchemaGenerator().get_schema(request=None, public=True)


class CachedSchemaGenerator(SchemaGenerator):
    """Generates the OpenAPI document once in each process."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        return _schema()


class SchemaView(KnownParametersMixin, SpectacularAPIView):
    """OpenAPI 3.1, as YAML or with `?format=json` as JSON; in one version and one language."""

    generator_class = CachedSchemaGenerator


@method_decorator(csp_update(INLINE_STYLES), name="dispatch")
class SwaggerView(SpectacularSwaggerSplitView):
    """Swagger UI, with its script in a file of its own."""

    http_method_names = ["get", "head"]


@method_decorator(csp_update({**INLINE_STYLES, "worker-src": [SELF, "blob:"]}), name="dispatch")
class RedocView(SpectacularRedocView):
    """Redoc, without the fonts that its own template fetches from another host."""

    template_name = "energy/redoc.html"
    http_method_names = ["get", "head"]
