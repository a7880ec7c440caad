"""Probes for whoever keeps the process running."""

from django.db import connections
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from energy.problems import Problem, plain_problem, problem_of


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers; no database is asked."""
    return JsonResponse({"status": "pass"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Every database answers; 503 otherwise."""
    try:
        for connection in connections.all():
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
    except Error as error:
        return plain_problem(problem_of(error) or Problem(503, "A database does not answer."))
    return JsonResponse({"status": "pass"})
