"""The project's addresses and a view that does nothing, behind the same middleware."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from energy.urls import urlpatterns as product


def floor(request: HttpRequest) -> HttpResponse:
    """The least that Django answers: no session, no database."""
    return JsonResponse({"status": "pass"})


urlpatterns = [path("floor", floor), *product]
