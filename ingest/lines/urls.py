"""The addresses of InfluxDB's write API, of three generations."""

from django.urls import path

from ingest.lines import views

urlpatterns = [
    path("api/v2/write", views.WriteView.as_view(), name="influx-write-2"),
    path("api/v3/write_lp", views.WriteLpView.as_view(), name="influx-write-3"),
    path("write", views.WriteView.as_view(), name="influx-write-1"),
    path("query", views.QueryView.as_view(), name="influx-query"),
    path("ping", views.PingView.as_view(), name="influx-ping"),
    path("health", views.HealthView.as_view(), name="influx-health"),
]
