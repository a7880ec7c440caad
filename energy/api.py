"""The one router of the API, version 1."""

from typing import Any

from django.urls import path
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.routers import DefaultRouter
from rest_framework.views import APIView

from accounts.viewsets import LoginView, LogoutAllView, LogoutView, MeView, TokenViewSet
from changes.viewsets import ChangeViewSet
from devices.viewsets import DeviceViewSet
from ingest.importing.viewsets import ImportViewSet
from ingest.naming.viewsets import AliasViewSet, DiscoveredViewSet
from ingest.viewsets import ReadingsView
from metrics.viewsets import MetricViewSet
from sites.viewsets import SiteViewSet
from subscriptions.viewsets import SubscriptionViewSet

app_name = "api"

router = DefaultRouter(use_regex_path=False)
router.include_format_suffixes = False
router.root_view_name = "root"
router.register("sites", SiteViewSet, "site")
router.register("devices", DeviceViewSet, "device")
router.register("metrics", MetricViewSet, "metric")
router.register("subscriptions", SubscriptionViewSet, "subscription")
router.register("tokens", TokenViewSet, "token")
router.register("changes", ChangeViewSet, "change")
router.register("discovered", DiscoveredViewSet, "discovered")
router.register("aliases", AliasViewSet, "alias")
router.register("imports", ImportViewSet, "import")

urlpatterns = [
    path("auth/login/", LoginView.as_view(), name="login"),
    path("auth/logout/", LogoutView.as_view(), name="logout"),
    path("auth/logoutall/", LogoutAllView.as_view(), name="logout-all"),
    path("me/", MeView.as_view(), name="me"),
    path("readings/", ReadingsView.as_view(), name="readings"),
    *router.urls,
]


class UnknownAddressView(APIView):
    """Answers every other address under /api/ with the API's own 404."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound("There is no such address; addresses end with a slash.")
