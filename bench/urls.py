"""The project's addresses and two views that do nothing, behind the same middleware."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.urls import urlpatterns as product


def floor(request: HttpRequest) -> HttpResponse:
    """The least that Django answers: no session, no database."""
    return JsonResponse({"status": "pass"})


class SignedInView(APIView):
    """The least that the API answers: nothing, to somebody who is signed in."""

    def get(self, request: Request) -> Response:
        """The same as `floor`."""
        return Response({"status": "pass"})


urlpatterns = [path("floor", floor), path("signed-in", SignedInView.as_view()), *product]
