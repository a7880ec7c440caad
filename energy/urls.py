"""Every address of the project."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from energy import docs, health
from energy.api import UnknownAddressView

urlpatterns = [
    path("api/v1/", include("energy.api")),
    path("api/schema/", docs.SchemaView.as_view(), name="schema"),
    path("api/docs/", docs.SwaggerView.as_view(), name="docs"),
    path("api/redoc/", docs.RedocView.as_view(), name="redoc"),
    path("", include("ingest.lines.urls")),
    re_path(r"^api/", UnknownAddressView.as_view(), name="unknown-api-address"),
    # Which browsers ask for wherever a page names no other.
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("favicon.svg")), name="icon"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="site-list"), name="home"),
    path("", include("accounts.urls")),
    path("", include("sites.urls")),
    path("", include("devices.urls")),
    path("", include("metrics.urls")),
    path("", include("ingest.urls")),
    path("", include("figures.urls")),
    path("", include("subscriptions.urls")),
    path("", include("changes.urls")),
]

handler400 = "energy.problems.bad_request"
handler403 = "energy.problems.forbidden"
handler404 = "energy.problems.not_found"
handler500 = "energy.problems.server_error"
