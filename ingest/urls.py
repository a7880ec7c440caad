"""Addresses of the pages of readings."""

from django.urls import path

from ingest import views

urlpatterns = [
    path(
        "metrics/<int:pk>/readings/delete/",
        views.ReadingsDeleteView.as_view(),
        name="readings-delete",
    ),
]
