"""Addresses of Device pages."""

from django.urls import path

from devices import views

urlpatterns = [
    path("sites/<int:pk>/devices/add/", views.DeviceAddView.as_view(), name="device-add"),
    path("devices/", views.DeviceListView.as_view(), name="device-list"),
    path("devices/<int:pk>/", views.DeviceDetailView.as_view(), name="device-detail"),
    path("devices/<int:pk>/edit/", views.DeviceEditView.as_view(), name="device-edit"),
    path("devices/<int:pk>/delete/", views.DeviceDeleteView.as_view(), name="device-delete"),
]
