"""What every viewset has."""

import gc
import weakref

from rest_framework.test import APIRequestFactory, force_authenticate

from accounts.models import User
from metrics.viewsets import MetricViewSet


def test_an_answer_goes_with_the_last_who_holds_it(standard: User) -> None:
    """It may be large; the garbage collector may not come by for many of them."""
    request = APIRequestFactory().get("/")
    force_authenticate(request, user=standard)
    gc.disable()
    try:
        answer = MetricViewSet.as_view({"get": "list"})(request).render()
        watched = weakref.ref(answer)
        del answer

        assert watched() is None
    finally:
        gc.enable()
