"""Addresses of the pages of readings."""

from django.urls import include, path

from ingest import views

urlpatterns = [
    path("", include("ingest.naming.urls")),
    path("", include("ingest.importing.urls")),
    path(
        "metrics/<int:pk>/readings/delete/",
        views.ReadingsDeleteView.as_view(),
        name="readings-delete",
    ),
]
