"""Addresses of the pages of names from outside."""

from django.urls import path

from ingest.naming import views

urlpatterns = [
    path("discovered/", views.DiscoveredListView.as_view(), name="discovered-list"),
    path("discovered/<int:pk>/accept/", views.AcceptView.as_view(), name="discovered-accept"),
    path("discovered/<int:pk>/ignore/", views.IgnoreView.as_view(), name="discovered-ignore"),
    path(
        "discovered/<int:pk>/take-back/", views.TakeBackView.as_view(), name="discovered-take-back"
    ),
    path("aliases/", views.AliasListView.as_view(), name="alias-list"),
    path("aliases/add/", views.AliasAddView.as_view(), name="alias-add"),
    path("aliases/<int:pk>/edit/", views.AliasEditView.as_view(), name="alias-edit"),
    path("aliases/<int:pk>/delete/", views.AliasDeleteView.as_view(), name="alias-delete"),
]
