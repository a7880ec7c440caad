"""Addresses of Metric pages."""

from django.urls import path

from metrics import views

urlpatterns = [
    path("metrics/<int:pk>/", views.MetricDetailView.as_view(), name="metric-detail"),
    path(
        "metrics/<int:pk>/readings/delete/",
        views.ReadingsDeleteView.as_view(),
        name="readings-delete",
    ),
]
