"""Addresses of Subscription pages."""

from django.urls import path

from subscriptions import views

urlpatterns = [
    path("subscriptions/", views.SubscriptionListView.as_view(), name="subscription-list"),
    path("subscriptions/add/", views.SubscriptionAddView.as_view(), name="subscription-add"),
    path(
        "subscriptions/<int:pk>/",
        views.SubscriptionDetailView.as_view(),
        name="subscription-detail",
    ),
    path(
        "subscriptions/<int:pk>/edit/",
        views.SubscriptionEditView.as_view(),
        name="subscription-edit",
    ),
    path(
        "subscriptions/<int:pk>/delete/",
        views.SubscriptionDeleteView.as_view(),
        name="subscription-delete",
    ),
]
