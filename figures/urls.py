"""Address of the page about the figures."""

from django.urls import path

from figures import views

urlpatterns = [path("figures/", views.FigureGuideView.as_view(), name="figure-guide")]
