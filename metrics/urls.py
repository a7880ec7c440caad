"""Addresses of Metric pages."""

from django.urls import path

from metrics import views

urlpatterns = [
    path("metrics/<int:pk>/", views.MetricDetailView.as_view(), name="metric-detail"),
    path("metrics/<int:pk>/edit/", views.MetricEditView.as_view(), name="metric-edit"),
]
