"""Addresses of the pages of imports."""

from django.urls import path

from ingest.importing import views

urlpatterns = [
    path("imports/", views.ImportListView.as_view(), name="import-list"),
    path("imports/<int:pk>/", views.ImportView.as_view(), name="import-detail"),
]
