"""The address of the list of changes."""

from django.urls import path

from changes import views

urlpatterns = [path("changes/", views.ChangeListView.as_view(), name="change-list")]
